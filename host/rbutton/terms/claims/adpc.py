"""Requests for consent, as Advanced Data Protection Control has them. They are never answered."""

import re
from dataclasses import dataclass
from typing import Any

from rbutton.terms import documents
from rbutton.terms.errors import InvalidDocument

_ID = re.compile(r"[!#-~]{1,64}")
_MOST = documents.MAX_ITEMS


@dataclass(frozen=True)
class ConsentRequest:
    """One thing a site wants consent to, in its own words."""

    id: str
    text: str


def read(body: bytes) -> tuple[ConsentRequest, ...]:
    """Read them, from a list of `id` and `text` or from an object id → text.

    Raises:
        InvalidDocument: malformed, more than 64, an id twice, or one that no header could name.
    """
    several = documents.parse(body, "consent requests").get("consentRequests")
    match several:
        case dict():
            pairs = list(several.items())
        case list():
            pairs = [_pair(one) for one in several]
        case _:
            raise InvalidDocument("the consent requests are neither a list nor an object")
    if len(pairs) > _MOST:
        raise InvalidDocument(f"the consent requests are more than {_MOST}")
    if len(dict(pairs)) < len(pairs):
        raise InvalidDocument("the consent requests have an id twice")
    for name, text in pairs:
        if not _ID.fullmatch(name):
            raise InvalidDocument("the consent requests have an id that no header could name")
        if not isinstance(text, str):
            raise InvalidDocument("the consent requests have a text that is no string")
    return tuple(ConsentRequest(name, text) for name, text in pairs)


def _pair(one: Any) -> tuple[str, Any]:
    if not isinstance(one, dict) or not isinstance(one.get("id"), str):
        raise InvalidDocument("the consent requests have one without an id")
    return one["id"], one.get("text")
