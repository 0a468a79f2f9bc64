"""The demo is told step by step; a step that does not come in its time says what was seen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rbutton.browsers.problems import Exit
from rbutton.browsers.telling import Teller

Found = TypeVar("Found")


class StepFailed(Exception):
    """A step of the demo did not happen. The message says which, and what was seen instead."""

    def __init__(self, message: str, code: Exit = Exit.NO) -> None:
        super().__init__(message)
        self.code = code


class Steps:
    """Tells the steps to `teller`, and waits for what must happen in them."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._stopped = False

    def stop(self) -> None:
        """The person pressed Ctrl-C: the next step raises `KeyboardInterrupt`.

        Raised at once, it would strike the browser's driver in the middle of a word.
        """
        self._stopped = True

    def check(self) -> None:
        """Raises `KeyboardInterrupt` if the person has pressed Ctrl-C."""
        if self._stopped:
            raise KeyboardInterrupt

    def say(self, text: str) -> None:
        """Tells what happened."""
        self.check()
        self._teller.say(text)

    @contextmanager
    def working(self, title: str) -> Iterator[None]:
        """Tells that something takes a while."""
        self.check()
        with self._teller.working(title):
            yield
        self.check()

    def wait(
        self,
        look: Callable[[], Found | None],
        pause: Callable[[], None],
        seconds: float,
        missing: Callable[[], str],
    ) -> Found:
        """Looks again and again, with `pause` between, until `look` finds something.

        Raises:
            StepFailed: it did not in that time; `missing` says what was seen instead.
        """
        until = time.monotonic() + seconds
        while (found := look()) is None:
            self.check()
            if time.monotonic() > until:
                raise StepFailed(missing())
            pause()
        return found
