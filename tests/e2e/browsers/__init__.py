"""The browsers the tests run in, behind one small interface: a file a browser."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

#: Every test of a browser runs in each of these.
NAMES = ("chromium", "firefox")

PATIENCE = 20.0  # seconds, for whatever is waited for

#: The pattern of every website.
EVERYWHERE = "<all_urls>"

#: In the settings page, once its host has answered.
READY = "html[data-state=ready]"


class Page(Protocol):
    """A page in a tab, or the button's open popup. Elements are named by CSS selectors."""

    def goto(self, url: str) -> None:
        """Open an address, as typed by the person, and wait until it is loaded."""

    def reload(self) -> None:
        """Load the page again, and wait until it is loaded."""

    def close(self) -> None:
        """Close the tab or the popup."""

    def front(self) -> None:
        """Look at this tab: it is the active one of its window now."""

    def click(self, css: str, *, frame: str | None = None) -> None:
        """Click with the mouse, as the person does: a trusted event of the browser's own.

        Args:
            css: what to click on.
            frame: the frame it is in, if not the page itself.
        """

    def press(self, key: str) -> None:
        """Press a key on the page, as the person does."""

    def run(self, script: str) -> Any:
        """Run the body of an async function as the page's own script; answers what it returns."""

    def wait_for(self, css: str) -> None:
        """Wait until there is such an element, whether it can be seen or not."""

    def wait_for_text(self, text: str) -> None:
        """Wait until the words are to be seen."""

    def wait_until_hidden(self, css: str) -> None:
        """Wait until no such element is to be seen."""

    def attribute(self, css: str, name: str) -> str | None:
        """An attribute of the first such element."""


class Browser(Protocol):
    """One person's browser with the button in it. It keeps its profile over restarts."""

    #: Of the extension's own pages.
    origin: str
    #: What navigator says of the signals where the button does not touch it.
    untouched: Mapping[str, object]
    #: The file by which it finds the host.
    manifest: Path

    def register(self, launcher: Path) -> None:
        """Tell the browser of the host, as the installer does."""

    def unregister(self) -> None:
        """Take that away again."""

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it, with the button in it."""

    def stop(self) -> None:
        """Close the browser, if it runs, and wait for its end."""

    def kill(self) -> None:
        """kill -9, with all that it started, and wait for its end."""

    def stop_background(self) -> None:
        """End the extension's background, as the browser does with one that is idle."""

    def uncaught(self) -> list[str]:
        """The errors that no script of a page caught, since it was started."""

    def welcome(self) -> Page:
        """The page that the button opens by itself the first time."""

    def new_page(self) -> Page:
        """A new tab, in front."""

    def background_page(self, url: str) -> Page:
        """A new tab with this address, behind the one in front."""

    def let_reach_websites(self, *patterns: str) -> None:
        """Let the extension reach what matches one of these and no other website.

        As the person does in the browser's own pages.
        """

    def let_into_private_windows(self) -> None:
        """Allow the extension in private windows, as the person does in the browser's own page."""

    def set_apart(self) -> Mapping[str, Callable[[str], Page]]:
        """What opens a page in a private window, and in a container if there are any.

        Named by the reason that the button gives for saying nothing there.
        """

    def options(self) -> Page:
        """The settings page, its host reached, in a new tab."""

    def popup(self, page: Page) -> Page:
        """Press the button on a page: its real popup."""
