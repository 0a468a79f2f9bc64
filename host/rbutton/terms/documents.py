"""Bounded, strict JSON: how every document from a stranger is read (protocol, before section 1)."""

import json
import re
from typing import Any, NoReturn

import rfc8785

from rbutton.terms.errors import InvalidDocument

MAX_BYTES = 65_536
MAX_LEVELS = 16
MAX_ITEMS = 64
MAX_CHARACTERS = 4_096
# Beyond it other implementations lose digits, and JCS refuses (RFC 8785 section 3.2.2.3).
MAX_INTEGER = 2**53 - 1

# An unclosed string reaches to the end: tried again from each of its quotes, 64 kB take seconds.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(
    data: bytes, what: str, *, max_bytes: int = MAX_BYTES, max_characters: int = MAX_CHARACTERS
) -> dict[str, Any]:
    """Read one JSON object within the protocol's bounds.

    Args:
        data: UTF-8 bytes.
        what: names the document in errors ("policy", "agreement").
        max_bytes: of the whole; the default is the protocol's.
        max_characters: of one string; the default is the protocol's.

    Raises:
        InvalidDocument: too large, too deep, not UTF-8, not JSON, not an object, a duplicate
            member, a lone surrogate, or a number that is no integer.
    """
    if len(data) > max_bytes:
        raise InvalidDocument(f"the {what} is larger than {max_bytes:,} bytes")
    if _levels(data) > MAX_LEVELS:
        raise InvalidDocument(f"the {what} is nested deeper than {MAX_LEVELS} levels")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_members,
            parse_float=_no_float,
            parse_constant=_no_float,
            parse_int=_integer,
        )
    except InvalidDocument as error:
        raise InvalidDocument(f"the {what} {error}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidDocument(f"the {what} is not JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise InvalidDocument(f"the {what} is not a JSON object")
    try:
        _within_bounds(value, max_characters)
    except InvalidDocument as error:
        raise InvalidDocument(f"the {what} {error}") from None
    return value


def canonical(value: Any) -> bytes:
    """The JCS form (RFC 8785) of a JSON value already read by `parse` or made here."""
    return rfc8785.dumps(value)


def _levels(data: bytes) -> int:
    """Deepest nesting, counted before parsing: the parser itself recurses."""
    deepest = level = 0
    for byte in _STRING.sub(b"", data):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise InvalidDocument("has a member twice")
    return members


def _no_float(_: str) -> NoReturn:
    raise InvalidDocument("has a number that is no integer")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(number := int(digits)) > MAX_INTEGER:
        raise InvalidDocument("has a number out of range")
    return number


def _within_bounds(value: Any, max_characters: int) -> None:
    match value:
        case str():
            if len(value) > max_characters:
                raise InvalidDocument(f"has a string longer than {max_characters:,} characters")
            if _SURROGATE.search(value):
                raise InvalidDocument("has a lone surrogate")
        case list():
            if len(value) > MAX_ITEMS:
                raise InvalidDocument(f"has a list of more than {MAX_ITEMS} items")
            for item in value:
                _within_bounds(item, max_characters)
        case dict():
            for name, member in value.items():
                _within_bounds(name, max_characters)
                _within_bounds(member, max_characters)


def _reason(error: UnicodeDecodeError | json.JSONDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return f"line {error.lineno}, column {error.colno}"
