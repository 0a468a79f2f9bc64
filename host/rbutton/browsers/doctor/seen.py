"""What a profile's files say of the button."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST = 50_000_000
"""Bytes of a profile's file that are read; those of large profiles have some millions."""


@dataclass(frozen=True)
class Seen:
    """The button is in this profile.

    Attributes:
        why_off: continues the sentence that it is switched off; may be empty.
        access: to all websites; None where the files do not tell.
        version: the one that runs there; None where the files do not tell.
    """

    on: bool
    why_off: str
    access: bool | None
    version: str | None


@dataclass(frozen=True)
class Unreadable:
    """A file of the profile is there and cannot be read."""

    path: Path


def read(path: Path) -> Any:
    """The JSON in that file; None where there is no such file.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(str(error)) from None
    if len(data) > LARGEST:
        raise ValueError("it is too large")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def inside(found: Any, *names: str) -> Any:
    """A member of a member; None where there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found
