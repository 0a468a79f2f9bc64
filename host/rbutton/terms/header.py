"""The `EmanciTerms` request header (protocol, section 1): an RFC 9651 Dictionary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import http_sf

from rbutton.terms.documents import MAX_CHARACTERS, MAX_ITEMS
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.roster import check_id

NAME = "EmanciTerms"


def emanciterms(proffer: Iterable[str], agreement: str | None = None) -> str:
    """`v=1, proffer=("…" "…")`: the roster ids the person proffers there, in byte order.

    Args:
        agreement: the id of the one in force, only where the person wants to be recognised:
            `agreement=:…:` works like a cookie.
    """
    ids = sorted(proffer, key=lambda roster_id: roster_id.encode("ascii"))
    inner_list: Any = ([(roster_id, {}) for roster_id in ids], {})
    members: dict[str, Any] = {"v": (1, {}), "proffer": inner_list}
    if agreement is not None:
        members["agreement"] = (from_b64u(agreement), {})
    return http_sf.ser(members)


@dataclass(frozen=True)
class Said:
    """What the header says.

    Attributes:
        proffer: roster ids, as they came.
        agreement: the id of an agreement, where the person lets the site recognise them.
    """

    proffer: tuple[str, ...]
    agreement: str | None


def read(lines: Sequence[str]) -> Said:
    """Read the header's lines, which a stranger wrote; none of them: nothing is said.

    Raises:
        InvalidDocument: it is not such a Dictionary, not of version 1, or larger than any document
            may have a string.
    """
    text = ", ".join(lines)
    if not text:
        return Said((), None)
    if len(text) > MAX_CHARACTERS:
        raise InvalidDocument("the header is too long")
    try:
        members: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary")
    except (ValueError, ArithmeticError, OSError):
        # http-sf's own are ValueErrors; a Date it cannot reckon with may raise the others.
        raise InvalidDocument("the header is not a structured field (RFC 9651)") from None
    version = members.get("v", (None, {}))[0]
    if type(version) is not int or version != 1:
        raise InvalidDocument("the header is not of version 1")
    return Said(_proffer(members), _agreement(members))


def _proffer(members: Any) -> tuple[str, ...]:
    items = members.get("proffer", ([], {}))[0]
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise InvalidDocument("the header's proffer is not a list of ids")
    # A Token is another type, and so are Display Strings.
    if any(type(item) is not str for item, _ in items):
        raise InvalidDocument("the header's proffer has an item that is no String")
    return tuple(check_id(item) for item, _ in items)


def _agreement(members: Any) -> str | None:
    if "agreement" not in members:
        return None
    value = members["agreement"][0]
    if not isinstance(value, bytes) or len(value) != 32:
        raise InvalidDocument("the header's agreement is not 32 bytes")
    return b64u(value)
