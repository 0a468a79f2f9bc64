"""Where in the text of `terms.toml` a key stands, for what is said of it."""

import re
import tomllib
from collections.abc import Iterator

#: Keys, and the number of an item where the key is a list: ("exceptions", 0, "until").
Path = tuple[str | int, ...]

# Possessive, and trimmed afterwards: a line of thousands of spaces must not take minutes.
_HEADER = re.compile(r"\s*+(\[\[?)(.+?)\]\]?\s*+(#.*)?$")
_SETTING = re.compile(r"\s*+([^=#\[\]]+)=")
_BEGINS = re.compile(r"\s*+[^\s=#\[\],][^=#\[\],]*=")
#: A file of thousands of sections takes a while to read.
_TRIES = 20
_PART = re.compile(r'"[^"]*"|\'[^\']*\'|[^.]+')


def line_of(text: str, path: Path) -> int | None:
    """Of a key's path, counted from 1; None where it is written unusually."""
    best = (0, 0)
    for number, here in _places(text):
        if here == path[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1] or None


def path_at(text: str, number: int) -> Path:
    """The path of the key or section that a line names; empty where it names none."""
    return next((here for at, here in _places(text) if at == number), ())


def first_line_of(text: str, path: Path, before: int) -> int | None:
    """Of a key or section, or of what is in it, above the line `before`; None: it is not there."""
    names = path[:-1] if isinstance(path[-1], int) else path
    above = (at for at, here in _places(text) if at < before and here[: len(names)] == names)
    return next(above, None)


def statement_at(text: str, number: int) -> int:
    """The line where the statement begins that a line is part of, an array's say."""
    lines = text.split("\n")
    begins = [at for at in range(number, 0, -1) if _BEGINS.match(lines[at - 1])]
    return next((at for at in begins[:_TRIES] if _is_toml(lines[: at - 1])), number)


def _is_toml(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except ValueError:
        return False
    return True


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Line and path of each header and each key."""
    table: Path = ()
    items: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _dotted(header[2].strip())
            if header[1] == "[[":
                items[table] = items.get(table, -1) + 1
                table = (*table, items[table])
            yield number, table
        elif setting := _SETTING.match(line):
            yield number, table + _dotted(setting[1].strip())


def _dotted(text: str) -> Path:
    return tuple(part.strip("\"' ") for part in _PART.findall(text))
