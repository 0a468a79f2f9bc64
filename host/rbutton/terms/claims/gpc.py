"""`gpc.json` of the Global Privacy Control specification (section 4)."""

import re
from dataclasses import dataclass
from datetime import date

from rbutton.terms import documents
from rbutton.terms.errors import InvalidDocument

PATH = "/.well-known/gpc.json"

# ASCII, and a time behind it is of no interest.
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)([Tt ][0-9:.Zz+-]{1,32})?", re.ASCII)


@dataclass(frozen=True)
class Gpc:
    """Whether the site says that it abides by the signal, and since when that stands there."""

    abides: bool
    last_update: date | None = None


def read(body: bytes) -> Gpc:
    """Read one; a date that is none counts as missing, and other members are ignored.

    Raises:
        InvalidDocument: malformed, or `gpc` is neither true nor false: it says nothing.
    """
    members = documents.parse(body, "gpc.json")
    abides = members.get("gpc")
    if type(abides) is not bool:
        raise InvalidDocument("the gpc.json's gpc is neither true nor false")
    return Gpc(abides, _day(members.get("lastUpdate")))


def _day(value: object) -> date | None:
    if isinstance(value, str) and (found := _DATE.fullmatch(value)):
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            pass
    return None
