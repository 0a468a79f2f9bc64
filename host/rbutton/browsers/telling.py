"""Telling the person what happens, as it happens."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TextIO

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TICK = 0.1  # seconds between two frames on a terminal
STILL = 5.0  # seconds without a word, in a log, before "still working"
NOTE_EVERY = 1.0  # seconds between two notes in a log: apt alone has hundreds


class Teller:
    """Writes plain sentences to `stream`; on a terminal, a line that moves during long work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lively = stream.isatty()

    def say(self, text: str = "") -> None:
        """One line or more."""
        self._write(f"{text}\n")

    @contextmanager
    def working(self, title: str) -> Iterator["Work"]:
        """Tells `title` now, what `Work.note` is given meanwhile, and how long it took."""
        with Work(self._write, title, lively=self._lively) as work:
            yield work

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            pass  # nobody listens any more (`| head`): the work goes on


class Work:
    """One piece of work that may take more than a second. Made by `Teller.working`."""

    def __init__(self, write: Callable[[str], None], title: str, *, lively: bool) -> None:
        self._write = write
        self._title = title
        self._lively = lively
        self._note = ""
        self._began = self._told = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def note(self, text: str) -> None:
        """What is being done just now: a few words."""
        self._note = text
        now = time.monotonic()
        if not self._lively and now - self._told >= NOTE_EVERY:
            self._told = now
            self._write(f"  {text}\n")

    def __enter__(self) -> Self:
        if not self._lively:
            self._write(f"{self._title} …\n")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()
        self._thread.join()
        took = time.monotonic() - self._began
        if self._lively:
            mark = "✓" if kind is None else "✗"
            self._write(f"\r\x1b[K{mark} {self._title} ({took:.0f} s)\n")
        elif kind is None and took >= 1:
            self._write(f"  done in {took:.0f} s\n")

    def _run(self) -> None:
        frame = 0
        while not self._over.wait(TICK):
            now = time.monotonic()
            if self._lively:
                frame += 1
                line = f"{FRAMES[frame % len(FRAMES)]} {self._title} {now - self._began:.0f} s"
                # One line only, or the terminal wraps it and \r no longer reaches its start.
                self._write(f"\r\x1b[K{line}  {self._note}"[:79])
            elif now - self._told >= STILL:
                self._told = now
                self._write(f"  still working ({now - self._began:.0f} s) {self._note}\n")
