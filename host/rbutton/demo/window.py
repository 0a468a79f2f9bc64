"""The real browser of the demo, with the button in it."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Worker, sync_playwright

START = 60.0  # seconds the browser has to start
LOOK = 50  # milliseconds between two looks
POPUP = "/popup/popup.html"


class Window:
    """One window of Chromium. Its first tab is the shop's."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.page: Page = context.pages[0]

    @property
    def is_open(self) -> bool:
        """Until the person closes the last tab."""
        return bool(self._context.pages)

    def pause(self, milliseconds: float = LOOK) -> None:
        """Lets the browser run for a moment."""
        try:
            self._context.pages[0].wait_for_timeout(milliseconds)
        except (Error, IndexError):
            if self.is_open:
                return  # that tab was closed just now; there are others
            raise

    def worker(self) -> Worker | None:
        """The button's background, once it runs."""
        return next(iter(self._context.service_workers), None)

    def welcome(self) -> Page | None:
        """The tab the button opens when it is new."""
        return self._own_page("#welcome")

    def popup(self) -> Page | None:
        """The button's popup, while it is open."""
        return self._own_page(POPUP)

    def press_button(self) -> None:
        """Opens the popup, as a press on the button does."""
        if (worker := self.worker()) is not None:
            worker.evaluate("chrome.action.openPopup()")

    def _own_page(self, ending: str) -> Page | None:
        return next((page for page in self._context.pages if page.url.endswith(ending)), None)


def why(error: Error) -> str:
    """What the browser itself said, or the first of Playwright's many lines."""
    said = re.findall(r"^\[pid=\d+\]\[err\] (.+)$", error.message, re.MULTILINE)
    return "; ".join(said[-5:]) or error.message.partition("\n")[0]


@contextmanager
def open_window(
    executable: Path, profile: Path, extension: Path, *, headless: bool
) -> Iterator[Window]:
    """Starts Chromium with the extension, on a profile of its own.

    Raises:
        playwright.sync_api.Error: it does not start.
    """
    # When it is born, a popup is not yet a "page" to the DevTools protocol, and without this
    # Playwright lets go of it (seen with Playwright 1.65 and Chromium 156).
    os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"
    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Exception as error:  # nothing narrower: this is what it raises without its driver
            raise Error(f"Playwright's driver does not run: {error}") from error
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
        yield Window(context)
