"""Waiting for a keyring, which may wait for ever itself: for its owner, at a prompt nobody sees."""

import threading
from collections.abc import Callable
from queue import Empty, Queue
from typing import TypeVar

Result = TypeVar("Result")


class Refused(Exception):
    """The work raised something; a keyring's backend may raise anything. It is the `__cause__`."""


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What `work` returns.

    Raises:
        TimeoutError: it did not in time; its thread is left behind.
        Refused: it raised something.
    """
    outcome: Queue[Result | Refused] = Queue()

    def run() -> None:
        try:
            outcome.put(work())
        except Exception as error:  # noqa: BLE001 - see Refused
            refused = Refused()
            refused.__cause__ = error
            outcome.put(refused)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = outcome.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(result, Refused):
        raise result
    return result
