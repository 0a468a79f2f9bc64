"""Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Playwright, Worker, expect
from playwright.sync_api import Page as PlaywrightPage

from rbutton import shipped
from rbutton.browsers import manifests
from rbutton.browsers.table import manifests_in
from tests.e2e.browsers import PATIENCE, Browser, Page

EXTENSION = shipped.folder("extension")
ORIGIN = f"chrome-extension://{manifests.extension_id()}"
_READY = "html[data-state=ready]"
#: No background traffic of the browser's own: there is no network to send it to.
_QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_LIMIT = PATIENCE * 1000  # milliseconds


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
    """Debian's Chromium, the extension loaded from its folder."""

    untouched: Mapping[str, object] = {"dnt": None, "gpc": None}

    def __init__(self, folder: Path, playwright: Playwright) -> None:
        self._playwright = playwright
        self._profile = folder / "chromium"
        self._context: BrowserContext | None = None
        self._new = True

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
        folder = manifests_in(self._profile)
        folder.mkdir(parents=True, exist_ok=True)
        text = manifests.text(launcher, manifests.extension_id())
        manifests.path_in(folder).write_text(text, "utf-8")

    def unregister(self) -> None:
        shutil.rmtree(manifests_in(self._profile))

    def start(self, environ: Mapping[str, str]) -> None:
        self._context = self._playwright.chromium.launch_persistent_context(
            self._profile,
            executable_path="/usr/bin/chromium",
            headless=True,
            env=dict[str, str | float | bool](environ),
            args=[
                *_QUIET,
                f"--disable-extensions-except={EXTENSION}",
                f"--load-extension={EXTENSION}",
                *(["--no-sandbox"] if os.getuid() == 0 else []),
            ],
            ignore_default_args=["--disable-extensions"],
            viewport={"width": 900, "height": 700},
        )
        self.context.set_default_timeout(_LIMIT)
        if self._new:
            # The first-run page opens by itself.
            self._new = False
            opened = [page for page in self.context.pages if page.url.startswith(ORIGIN)]
            welcome = opened[0] if opened else self.context.wait_for_event("page")
            welcome.locator(_READY).wait_for(state="attached")
            welcome.close()

    def stop(self) -> None:
        if self._context:
            self._context.close()
            self._context = None

    def new_page(self) -> Page:
        return ChromiumPage(self.context.new_page())

    def options(self) -> Page:
        page = self.new_page()
        page.goto(f"{ORIGIN}/options/options.html")
        page.wait_for(_READY)
        return page

    def popup(self, page: Page) -> Page:
        assert isinstance(page, ChromiumPage)
        page.page.bring_to_front()
        with self.context.expect_page(lambda opened: "/popup/" in opened.url) as opened:
            self.worker.evaluate("() => chrome.action.openPopup()")
        return ChromiumPage(opened.value)
