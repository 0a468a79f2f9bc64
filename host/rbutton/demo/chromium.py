"""Chromium, driven by Playwright."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, sync_playwright

from rbutton.demo.window import LIMIT, LOOK, POPUP, START, WELCOME, BrowserFailed, Shown, Window


@contextmanager
def _told() -> Iterator[None]:
    """Raises what Playwright raises as `BrowserFailed`."""
    try:
        yield
    except Error as error:
        raise BrowserFailed(_why(error)) from error


def _why(error: Error) -> str:
    """What the browser itself said, or the first of Playwright's many lines."""
    said = re.findall(r"^\[pid=\d+\]\[err\] (.+)$", error.message, re.MULTILINE)
    return "; ".join(said[-5:]) or error.message.partition("\n")[0]


class ChromiumShown(Shown):
    """A page of Playwright's; the popup is one too."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def has(self, css: str) -> bool:
        with suppress(Error):
            return self._page.locator(css).count() > 0
        return False

    def text(self, css: str = "body") -> str:
        seen = self._page.locator(css).locator("visible=true")
        with suppress(Error):
            return " ".join(seen.first.inner_text().split()) if seen.count() else ""
        return ""

    def picture(self) -> bytes:
        with suppress(Error):
            return self._page.locator("html").screenshot(animations="disabled")
        return b""


class ChromiumWindow(Window):
    """One window of Chromium."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._page = context.pages[0]
        context.set_default_timeout(LIMIT * 1000)

    @property
    def is_open(self) -> bool:
        return bool(self._context.pages)

    @_told()
    def pause(self, milliseconds: float = LOOK) -> None:
        if not self.is_open:
            raise BrowserFailed("its window is closed")
        try:
            self._context.pages[0].wait_for_timeout(milliseconds)
        except Error:
            if not self.is_open:
                raise
            # That tab was closed just now; there are others.

    @_told()
    def visit(self, url: str) -> None:
        self._page.goto(url)
        self._page.bring_to_front()

    @_told()
    def click_beside(self) -> None:
        self._page.locator("body").click(position={"x": 4, "y": 4})

    @_told()
    def press_button(self) -> None:
        for background in self._context.service_workers:
            background.evaluate("chrome.action.openPopup()")

    def welcome(self) -> Shown | None:
        return self._own_page(WELCOME)

    def popup(self) -> Shown | None:
        return self._own_page(POPUP)

    def _own_page(self, ending: str) -> Shown | None:
        pages = (page for page in self._context.pages if page.url.endswith(ending))
        return next((ChromiumShown(page) for page in pages), None)


@contextmanager
def open_window(
    executable: Path, profile: Path, extension: Path, headless: bool
) -> Iterator[Window]:
    """Starts Chromium with the extension, on a profile of its own.

    Raises:
        BrowserFailed: it does not start.
    """
    # When it is born, a popup is not yet a "page" to the DevTools protocol, and without this
    # Playwright lets go of it (seen with Playwright 1.65 and Chromium 156).
    os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"
    with _told(), ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Exception as error:  # nothing narrower: this is what it raises without its driver
            raise BrowserFailed(f"Playwright's driver does not run: {error}") from error
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable,
            headless=headless,
            no_viewport=True,
            # As root Chromium refuses to start with its sandbox.
            chromium_sandbox=os.geteuid() != 0,
            timeout=START * 1000,
            ignore_default_args=["--disable-extensions"],
            args=[
                f"--disable-extensions-except={extension}",
                f"--load-extension={extension}",
                "--password-store=basic",
                # Twice the pixels: the picture is to be looked at.
                *(["--force-device-scale-factor=2"] if headless else []),
            ],
        )
        stack.callback(context.close)
        yield ChromiumWindow(context)
