"""Chromium, driven by Playwright."""

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Playwright, Worker, expect
from playwright.sync_api import Page as PlaywrightPage

from rbutton import shipped
from rbutton.browsers import manifests
from rbutton.browsers.table import manifests_in
from tests.e2e import authority
from tests.e2e.browsers import EVERYWHERE, PATIENCE, READY, Browser, Page

EXTENSION = shipped.folder("extension")
ORIGIN = f"chrome-extension://{manifests.extension_id()}"
#: No background traffic of the browser's own: there is no network to send it to.
_QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_LIMIT = PATIENCE * 1000  # milliseconds

_LET_REACH_WEBSITES = """
const [extensionId, hostAccess, ...sites] = %s;
const { addHostPermission, updateProfileConfiguration, updateExtensionConfiguration } =
  chrome.developerPrivate;
await updateProfileConfiguration({ inDeveloperMode: true });
await updateExtensionConfiguration({ extensionId, hostAccess });
for (const site of sites) await addHostPermission(extensionId, site);
"""

_LET_INTO_PRIVATE_WINDOWS = """
await chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true });
await chrome.developerPrivate.updateExtensionConfiguration(
  { extensionId: "%s", incognitoAccess: true });
"""


class ChromiumPage(Page):
    """A page of Playwright's; the popup is one too."""

    def __init__(self, page: PlaywrightPage) -> None:
        self.page = page

    def goto(self, url: str) -> None:
        self.page.goto(url)

    def reload(self) -> None:
        self.page.reload()

    def close(self) -> None:
        self.page.close()

    def front(self) -> None:
        self.page.bring_to_front()

    def click(self, css: str, *, frame: str | None = None) -> None:
        where = self.page.frame_locator(frame) if frame else self.page
        try:
            where.locator(css).first.click()
        except Error:
            # What was clicked may close the popup before the click is reported.
            if not self.page.is_closed():
                raise

    def press(self, key: str) -> None:
        self.page.bring_to_front()
        self.page.keyboard.press(key)

    def run(self, script: str) -> Any:
        return self.page.evaluate(f"async () => {{ {script} }}")

    def wait_for(self, css: str) -> None:
        self.page.locator(css).first.wait_for(state="attached")

    def wait_for_text(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=_LIMIT)

    def wait_until_hidden(self, css: str) -> None:
        expect(self.page.locator(css)).to_be_hidden(timeout=_LIMIT)

    def attribute(self, css: str, name: str) -> str | None:
        return self.page.locator(css).first.get_attribute(name)


class Chromium(Browser):
    """Debian's Chromium, the extension loaded from its folder, if it has one."""

    origin = ORIGIN
    untouched: Mapping[str, object] = {"dnt": None, "gpc": None}

    def __init__(
        self, folder: Path, playwright: Playwright, extension: Path | None = EXTENSION
    ) -> None:
        self._playwright = playwright
        self._extension = extension
        self._profile = folder / "chromium"
        self.manifest = manifests.path_in(manifests_in(self._profile))
        self._context: BrowserContext | None = None
        self._uncaught: list[str] = []
        self._pin()

    @property
    def context(self) -> BrowserContext:
        assert self._context, "the browser is not running"
        return self._context

    @property
    def worker(self) -> Worker:
        """The extension's service worker, awake."""
        workers = self.context.service_workers
        return workers[0] if workers else self.context.wait_for_event("serviceworker")

    def register(self, launcher: Path) -> None:
        self.manifest.parent.mkdir(parents=True, exist_ok=True)
        text = manifests.text(launcher, manifests.extension_id())
        self.manifest.write_text(text, "utf-8")

    def unregister(self) -> None:
        self.manifest.unlink()

    def start(self, environ: Mapping[str, str]) -> None:
        loads = ("--disable-extensions-except", "--load-extension") if self._extension else ()
        self._context = self._playwright.chromium.launch_persistent_context(
            self._profile,
            executable_path="/usr/bin/chromium",
            headless=True,
            env=dict[str, str | float | bool](environ),
            args=[
                *_QUIET,
                "--host-resolver-rules=MAP *.test 127.0.0.1",
                f"--ignore-certificate-errors-spki-list={authority.spki_sha256()}",
                *(f"{flag}={self._extension}" for flag in loads),
                *(["--no-sandbox"] if os.getuid() == 0 else []),
            ],
            ignore_default_args=["--disable-extensions"],
            viewport={"width": 900, "height": 700},
        )
        self.context.set_default_timeout(_LIMIT)
        self._uncaught = []
        self.context.on("weberror", lambda error: self._uncaught.append(str(error.error)))

    def stop(self) -> None:
        if self._context:
            self._context.close()
            self._context = None

    def kill(self) -> None:
        context, self._context = self.context, None
        # It names its process in the lock of its profile: "host-1234".
        lock = (self._profile / "SingletonLock").readlink()
        group = os.getpgid(int(lock.name.rpartition("-")[2]))
        with context.expect_event("close"):
            os.killpg(group, signal.SIGKILL)

    def stop_background(self) -> None:
        session = self.context.new_cdp_session(self.context.pages[0])
        told: list[str] = []
        session.on(
            "ServiceWorker.workerVersionUpdated",
            lambda event: told.extend(one["runningStatus"] for one in event["versions"]),
        )
        session.send("ServiceWorker.enable")
        session.send("ServiceWorker.stopAllWorkers")
        until = time.monotonic() + PATIENCE
        while "stopped" not in told:
            assert time.monotonic() < until, "the worker was not stopped"
            session.send("Target.getTargets")  # events come with answers
        session.detach()

    def uncaught(self) -> list[str]:
        self.context.pages[0].evaluate("0")  # events come with answers
        return self._uncaught

    def welcome(self) -> Page:
        opened = [page for page in self.context.pages if page.url.startswith(ORIGIN)]
        return ChromiumPage(opened[0] if opened else self.context.wait_for_event("page"))

    def new_page(self) -> Page:
        return ChromiumPage(self.context.new_page())

    def options(self) -> Page:
        page = self.new_page()
        page.goto(f"{ORIGIN}/options/options.html")
        page.wait_for(READY)
        return page

    def background_page(self, url: str) -> Page:
        with self.context.expect_page() as opened:
            self.worker.evaluate("(url) => void chrome.tabs.create({ url, active: false })", url)
        return ChromiumPage(opened.value)

    def let_reach_websites(self, *patterns: str) -> None:
        access = ["ON_ALL_SITES"] if EVERYWHERE in patterns else ["ON_CLICK"]
        if access == ["ON_CLICK"] and patterns:
            access = ["ON_SPECIFIC_SITES", *patterns]
        told = json.dumps([manifests.extension_id(), *access])
        self.on_extensions_page(_LET_REACH_WEBSITES % told)

    def let_into_private_windows(self) -> None:
        self.on_extensions_page(_LET_INTO_PRIVATE_WINDOWS % manifests.extension_id())
        # The extension was loaded anew.
        self.options().close()

    def set_apart(self) -> Mapping[str, Callable[[str], Page]]:
        return {"private-window": self._private_page}

    def popup(self, page: Page) -> Page:
        assert isinstance(page, ChromiumPage)
        page.page.bring_to_front()
        with self.context.expect_page() as opened:
            self.worker.evaluate("() => chrome.action.openPopup()")
        # It may be told of before it has its address.
        opened.value.wait_for_url("**/popup/**", wait_until="commit")
        return ChromiumPage(opened.value)

    def on_extensions_page(self, script: str) -> None:
        """Run the body of an async function where the browser's own page of extensions does."""
        page = self.new_page()
        page.goto("chrome://extensions")
        page.run(script)
        page.close()

    def _pin(self) -> None:
        """Else each press waits 0.2 s for the button to slide into the toolbar."""
        preferences = self._profile / "Default/Preferences"
        preferences.parent.mkdir(parents=True)
        pinned = {"extensions": {"pinned_extensions": [manifests.extension_id()]}}
        preferences.write_text(json.dumps(pinned), "utf-8")

    def _private_page(self, url: str) -> Page:
        with self.context.expect_page() as opened:
            self.worker.evaluate(
                "(url) => void chrome.windows.create({ url, incognito: true })", url
            )
        opened.value.wait_for_load_state()
        return ChromiumPage(opened.value)
