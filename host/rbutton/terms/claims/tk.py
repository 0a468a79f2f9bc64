"""The `Tk` response header of W3C's Tracking Preference Expression (section 6.3)."""

import re
from dataclasses import dataclass

from rbutton.terms.errors import InvalidDocument

#: Tracking status values. Case counts.
VALUES = frozenset("!?GNTCPDU")
#: What a value that nobody defined counts as: tracking only with consent.
UNKNOWN = "P"
#: Of a status-id; the specification has no limit.
MAX_ID = 128

# `id-char` has no full stop: an id cannot lead out of its folder.
_FIELD = re.compile(rf"([!?A-Za-z])(?:;([A-Za-z0-9_+=/-]{{1,{MAX_ID}}}))?")


@dataclass(frozen=True)
class Tk:
    """What a response says of tracking.

    Attributes:
        status: one of `VALUES`.
        id: names the status resource that has more, if there is one.
    """

    status: str
    id: str | None = None


def read(body: bytes) -> Tk:
    """Read the field's value.

    Raises:
        InvalidDocument: it is none; two header lines, joined by a comma, are none either.
    """
    if not (found := _FIELD.fullmatch(body.decode("latin-1").strip(" \t"))):
        raise InvalidDocument("the Tk header is not a tracking status value")
    return Tk(known(found[1]), found[2])


def known(value: str) -> str:
    """The value as it counts."""
    return value if value in VALUES else UNKNOWN
