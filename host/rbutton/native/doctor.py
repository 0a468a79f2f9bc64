"""What the host can tell the extension of what is wrong: docs/native.md, "doctor"."""

import os
import threading
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from rbutton.browsers import doctor as installation
from rbutton.browsers.places import Places, places
from rbutton.finding import Finding, guarded, warning, worst_first
from rbutton.person import doctor as things
from rbutton.person.home import Home

#: The extension waits a minute for any answer.
SECONDS = 40.0


def findings(home: Home, roster: Collection[str]) -> list[dict[str, Any]]:
    """What is found in `SECONDS`, the worst first.

    Of browsers nothing: the one that asks knows itself that it finds the host.
    """
    found: list[Finding] = []

    def look() -> None:
        found.extend(guarded(installation.look_at_host(_places_of(home))))
        found.extend(guarded(things.look(home, roster)))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(SECONDS)
    told = list(found)
    if looking.is_alive():
        told.append(
            warning(
                "unfinished",
                f"It was not all looked at: that takes more than {SECONDS:.0f} seconds here.",
                "Type: rbutton doctor",
            )
        )
    return [one.members() for one in worst_first(told)]


def _places_of(home: Home) -> Places:
    """As the installer has them; the folders are those that the host was told."""
    environ = dict(os.environ)
    environ.pop("RBUTTON_HOME", None)
    if home.portable:
        environ["RBUTTON_HOME"] = str(home.data)
    return replace(places(environ), data=home.data, config=home.config)
