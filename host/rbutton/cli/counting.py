"""How far long work has come, on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rbutton.browsers.telling import Teller, Work
from rbutton.person.verification import Progress

#: Shorter work is told by its result alone.
SECONDS = 1.0


@contextmanager
def counted(title: str) -> Iterator[Progress]:
    """What to call with the number of records done, and of all."""
    began = time.monotonic()
    work: Work | None = None
    with ExitStack() as stack:

        def progress(done: int, total: int) -> None:
            nonlocal work
            if work is None and time.monotonic() - began >= SECONDS:
                work = stack.enter_context(Teller(sys.stderr).working(title))
            if work:
                work.note(f"{done:,} of {total:,} records")

        yield progress
