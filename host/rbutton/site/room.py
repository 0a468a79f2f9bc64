"""How many rows the store may still take, without counting them each time."""

from collections.abc import Callable
from datetime import datetime, timedelta

#: A full store is counted again after this.
_FULL_STANDS = timedelta(seconds=10)
#: Several workers fill the room at once: each counts anew when it has used its share.
_SHARE = 8


class Room:
    """The rows that are left of `most`. Up to eight workers do not exceed it together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = 0
        self._full_until: datetime | None = None

    def take(self, rows: int, now: datetime, count: Callable[[], int]) -> bool:
        """Whether there is room for so many more.

        Args:
            rows: how many.
            now: the time.
            count: counts the rows there are.
        """
        if self._full_until is not None and now < self._full_until:
            return False
        if self._share < rows:
            left = self._most - count()
            if left < rows:
                self._full_until = now + _FULL_STANDS
                return False
            self._full_until = None
            self._share = max(rows, left // _SHARE)
        self._share -= rows
        return True
