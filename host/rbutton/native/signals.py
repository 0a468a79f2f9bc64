"""What the browser is told of the signals (docs/native.md, "Settings")."""

from datetime import datetime
from typing import Any

from rbutton.person.settings import Settings


def told(settings: Settings, now: datetime) -> dict[str, Any]:
    """The member `signals` of Settings, at the time `now`."""
    return {
        "dnt": settings.signals.dnt == "on",
        "gpc": settings.signals.gpc == "on",
        "sites": [
            {"site": name, "dnt": here.dnt, "gpc": here.gpc}
            for name, here in settings.differing_signals()
        ],
        "buttons": {name: site.button for name, site in settings.sites.items() if site.button},
        "exceptions": [
            {
                "site": one.site,
                "targets": list(one.targets) if one.targets else None,
                "until": one.until.strftime("%Y-%m-%dT%H:%M:%SZ") if one.until else None,
            }
            for one in settings.exceptions
            if one.holds(now)
        ],
    }
