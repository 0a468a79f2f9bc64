"""What the demo asks of a browser, whichever it is. A file a browser stands behind it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

START = 60.0  # seconds the browser has to start
LIMIT = 20.0  # seconds for a step; the slowest takes one, on a slow machine
LOOK = 50.0  # milliseconds between two looks

WELCOME = "#welcome"
POPUP = "/popup/popup.html"
"""How the addresses of the button's own pages end."""


class BrowserFailed(Exception):
    """The browser failed, or was closed. The message is its own or its driver's."""


class Shown(Protocol):
    """A page of the button's own that is open, or was just now: then nothing is in it."""

    def has(self, css: str) -> bool:
        """Whether there is such an element, visible or not."""

    def text(self, css: str = "body") -> str:
        """What the first such element that can be seen says, in one line; "" if there is none."""

    def picture(self) -> bytes:
        """A PNG of all of it, its magnets at rest; empty if it is gone."""


class Window(Protocol):
    """One window of a real browser, with the button in it. Its first tab is the shop's.

    Raises:
        BrowserFailed: from each method, where the browser is gone or cannot do it.
    """

    @property
    def is_open(self) -> bool:
        """Until the person closes it."""

    def pause(self, milliseconds: float = LOOK) -> None:
        """Lets the browser run for a moment."""

    def visit(self, url: str) -> None:
        """Opens an address in the first tab, and brings that tab to the front."""

    def click_beside(self) -> None:
        """Clicks in that tab's page as a person does, where nothing is to be clicked."""

    def press_button(self) -> None:
        """Opens the popup, as a press on the button does."""

    def welcome(self) -> Shown | None:
        """The page that the button opens when it is new."""

    def popup(self) -> Shown | None:
        """The button's popup, while it is open."""


Opener = Callable[[Path, Path, Path, bool], AbstractContextManager[Window]]
"""Starts a browser: its executable, an empty folder for its profile, the extension, headless."""
