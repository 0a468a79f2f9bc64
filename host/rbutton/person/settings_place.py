"""Where in the text of `terms.toml` a key stands, for what is said of it."""

import re

#: Keys, and the number of an item where the key is a list: ("exceptions", 0, "until").
Path = tuple[str | int, ...]

# Possessive, and trimmed afterwards: a line of thousands of spaces must not take minutes.
_HEADER = re.compile(r"\s*+(\[\[?)(.+?)\]\]?\s*+(#.*)?$")
_SETTING = re.compile(r"\s*+([^=#\[\]]+)=")
_PART = re.compile(r'"[^"]*"|\'[^\']*\'|[^.]+')


def line_of(text: str, path: Path) -> int | None:
    """Of a key's path, counted from 1; None where it is written unusually."""
    table: Path = ()
    items: dict[Path, int] = {}
    best = (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _dotted(header[2].strip())
            if header[1] == "[[":
                items[table] = items.get(table, -1) + 1
                table = (*table, items[table])
            here = table
        elif setting := _SETTING.match(line):
            here = table + _dotted(setting[1].strip())
        else:
            continue
        if here == path[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1] or None


def _dotted(text: str) -> Path:
    return tuple(part.strip("\"' ") for part in _PART.findall(text))
