"""One person at one machine: a home, the installed host, and a real browser with the button."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rbutton.browsers import manifests
from rbutton.browsers.places import places
from tests.e2e.browsers import READY, Browser, Page

#: In the settings page: offers go out by a press alone.
BY_CLICK = '#negotiate input[value="click"]:checked'


class Person:
    """A home of its own, the host registered as the installer does it, and a browser.

    Args:
        folder: everything of this person is under it.
        browser: theirs; nobody else's.
        in_keyring: False keeps the seed in a file, as `RBUTTON_HOME` does.
    """

    def __init__(self, folder: Path, browser: Browser, *, in_keyring: bool = True) -> None:
        self.browser = browser
        self._new = True
        self.home = folder / "home"
        self.environ = {
            **{name: os.environ[name] for name in os.environ if not name.startswith("XDG_CONFIG")},
            "HOME": str(self.home),
        }
        if not in_keyring:
            self.environ["RBUTTON_HOME"] = str(folder / "portable")
        self.places = places(self.environ)
        for own in (self.home, self.places.data, self.places.config, self.places.launcher.parent):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
        manifests.write_launcher(self.places, Path(sys.executable))
        self.browser.register(self.places.launcher)

    def uninstall(self) -> None:
        """Take the host's registration away again."""
        self.browser.unregister()

    @property
    def terms_file(self) -> Path:
        return self.places.config / "terms.toml"

    def start(self) -> None:
        """Start the browser; the first time, wait until the button has heard from its host."""
        self.browser.start(self.environ)
        if self._new:
            self._new = False
            welcome = self.browser.welcome()
            welcome.wait_for(READY)
            welcome.close()

    def stop(self) -> None:
        """Close the browser; its host ends with it."""
        self.browser.stop()

    def kill_hosts(self) -> None:
        """kill -9 every host of this person, and wait until they are gone."""
        mine = " ".join(["rbutton.native", *self.places.host_arguments()])
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = command.read_bytes().decode().split("\0")
                process = (
                    os.pidfd_open(int(command.parent.name)) if mine in " ".join(words) else None
                )
            except (FileNotFoundError, ProcessLookupError):  # it has ended by itself
                continue
            if process is not None:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                select.select([process], [], [])
                os.close(process)

    def new_page(self) -> Page:
        """A new tab, in front."""
        return self.browser.new_page()

    def own_page(self, path: str) -> Page:
        """A page of the extension's, in a new tab."""
        page = self.new_page()
        page.goto(f"{self.browser.origin}/{path}")
        return page

    def options(self) -> Page:
        """The settings page, its host reached."""
        return self.browser.options()

    def popup(self, page: Page) -> Page:
        """Press the button on `page`: the real popup."""
        return self.browser.popup(page)

    def agreements(self) -> list[dict[str, Any]]:
        """What `rbutton agreements --json` prints."""
        command = [sys.executable, "-m", "rbutton.cli", "agreements", "--json"]
        told = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=True
        ).stdout
        return [json.loads(line) for line in told.splitlines()]

    def edit_terms(self, change: Callable[[str], str], shown: str | None = None) -> None:
        """Edit terms.toml by hand.

        Args:
            change: of its text.
            shown: by which element the settings page shows that the browser has it; it is waited
                for. None: nobody waits.
        """
        options = None if shown is None else self.options()
        self.terms_file.write_text(change(self.terms_file.read_text("utf-8")), "utf-8")
        if options and shown:
            options.wait_for(shown)
            options.close()
