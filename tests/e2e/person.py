"""One person at one machine: a home, the installed host, and a real Chromium with the button."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, Worker

from rbutton import shipped
from rbutton.browsers import manifests
from rbutton.browsers.places import places
from rbutton.browsers.table import manifests_in

EXTENSION = shipped.folder("extension")
ORIGIN = f"chrome-extension://{manifests.extension_id()}"
_READY = "html[data-state=ready]"
#: No background traffic of the browser's own: there is no network to send it to.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Person:
    """A home of its own, the host registered as the installer does it, and a browser.

    Args:
        folder: everything of this person is under it.
        playwright: to drive the browser.
        in_keyring: False keeps the seed in a file, as `RBUTTON_HOME` does.
    """

    def __init__(self, folder: Path, playwright: Playwright, *, in_keyring: bool = True) -> None:
        self._playwright = playwright
        self.home = folder / "home"
        self.profile = folder / "profile"
        self.environ = {
            **{name: os.environ[name] for name in os.environ if not name.startswith("XDG_CONFIG")},
            "HOME": str(self.home),
        }
        if not in_keyring:
            self.environ["RBUTTON_HOME"] = str(folder / "portable")
        self.places = places(self.environ)
        for own in (self.home, self.places.data, self.places.config, self.places.launcher.parent):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.install()
        self._context: BrowserContext | None = None
        self._new = True

    def install(self) -> None:
        """Register the host with this person's browser."""
        manifests.write_launcher(self.places, Path(sys.executable))
        folder = manifests_in(self.profile)
        folder.mkdir(parents=True, exist_ok=True)
        text = manifests.text(self.places.launcher, manifests.extension_id())
        manifests.path_in(folder).write_text(text, "utf-8")

    def uninstall(self) -> None:
        """Take the registration away again."""
        shutil.rmtree(manifests_in(self.profile))

    @property
    def terms_file(self) -> Path:
        return self.places.config / "terms.toml"

    @property
    def context(self) -> BrowserContext:
        assert self._context, "the browser is not running"
        return self._context

    @property
    def worker(self) -> Worker:
        """The extension's service worker, awake."""
        workers = self.context.service_workers
        return workers[0] if workers else self.context.wait_for_event("serviceworker")

    def start(self) -> None:
        """Start the browser, and wait until the button has heard from its host."""
        self._context = self._playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path="/usr/bin/chromium",
            headless=True,
            env=dict[str, str | float | bool](self.environ),
            args=[
                *QUIET,
                f"--disable-extensions-except={EXTENSION}",
                f"--load-extension={EXTENSION}",
                *(["--no-sandbox"] if os.getuid() == 0 else []),
            ],
            ignore_default_args=["--disable-extensions"],
            viewport={"width": 900, "height": 700},
        )
        self.context.set_default_timeout(20_000)
        if self._new:
            # The first-run page opens by itself.
            self._new = False
            opened = [page for page in self.context.pages if page.url.startswith(ORIGIN)]
            welcome = opened[0] if opened else self.context.wait_for_event("page")
            welcome.locator(_READY).wait_for(state="attached")
            welcome.close()

    def stop(self) -> None:
        """Close the browser; its host ends with it."""
        if self._context:
            self._context.close()
            self._context = None

    def options(self) -> Page:
        """The settings page, its host reached."""
        page = self.context.new_page()
        page.goto(f"{ORIGIN}/options/options.html")
        page.locator(_READY).wait_for(state="attached")
        return page

    def popup(self, page: Page) -> Page:
        """Press the button on `page`: the real popup, as a page of its own."""
        page.bring_to_front()
        with self.context.expect_page(lambda opened: "/popup/" in opened.url) as opened:
            self.worker.evaluate("() => chrome.action.openPopup()")
        return opened.value

    def agreements(self) -> list[dict[str, Any]]:
        """What `rbutton agreements --json` prints."""
        command = [sys.executable, "-m", "rbutton.cli", "agreements", "--json"]
        told = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=True
        ).stdout
        return [json.loads(line) for line in told.splitlines()]

    def edit_terms(self, change: Callable[[str], str]) -> None:
        """Edit terms.toml by hand."""
        self.terms_file.write_text(change(self.terms_file.read_text("utf-8")), "utf-8")
