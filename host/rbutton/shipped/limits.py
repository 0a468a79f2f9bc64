"""What each clause of the vocabulary may say, without what it takes to compare it."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from rbutton.shipped import folder
from rbutton.terms.errors import InvalidDocument

#: The values of a chain, strict to lax; the names of a list; or the pattern of a span of time.
Allowed = tuple[str, ...] | frozenset[str] | re.Pattern[str]

#: Of `retain`. `terms/clauses.py` allows any number; no person means a million years.
SPAN = re.compile(r"P(0D|[1-9][0-9]{0,5}[DMY])")


@cache
def limits() -> Mapping[str, Allowed]:
    """Clause → what it may say, in the order of the vocabulary.

    Raises:
        FileNotFoundError: the installation is incomplete.
        InvalidDocument: the vocabulary was changed and is no longer what ships.
    """
    try:
        clauses = tomllib.loads((folder("terms") / "clauses.toml").read_text("utf-8"))["clause"]
        return {clause["name"]: _allowed(clause) for clause in clauses}
    except (ValueError, KeyError, TypeError):
        raise InvalidDocument("clauses.toml is not what this release ships") from None


def _allowed(clause: dict[str, list[str]]) -> Allowed:
    if "values" in clause:
        return tuple(clause["values"])
    return frozenset(clause["items"]) if "items" in clause else SPAN
