"""What the text of a TOML file says, read once for all who ask about the same text."""

import tomllib
from functools import lru_cache
from typing import Any


# An edit has four: before and after it, and the same of what the person last confirmed.
@lru_cache(maxsize=4)
def members_of(text: str) -> dict[str, Any]:
    """Shared: not to be changed.

    Raises:
        ValueError: it is not TOML.
        RecursionError: it is nested too deep.
    """
    return tomllib.loads(text)
