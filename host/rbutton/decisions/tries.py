"""How often something without an answer is sent again (protocol, section 5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

#: At most so often, in so long.
TRIES = 5
TRIES_IN = timedelta(hours=24)


def tried_out(sent: Sequence[datetime]) -> bool:
    """Whether `TRIES` of these, oldest first, lie within `TRIES_IN`."""
    return any(
        last - first < TRIES_IN for first, last in zip(sent, sent[TRIES - 1 :], strict=False)
    )
