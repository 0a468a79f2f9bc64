"""Changing the text of `terms.toml` a line at a time, where it is written as this program does.

Comments that follow belong to what comes next: tomlkit takes them for the section's above. Its
parser would also take ten times as long. Nothing is sure of what these make but by reading it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from rbutton.person.toml_text import members_of

#: ("signals", "dnt"), ("own", "clauses", "copy"), ("sites", "news.example", "dnt").
Key = tuple[str, ...]
_WORD = r"""("[^"\\]*"|'[^']*'|true|false)(?=\s*(#.*)?$)"""


def with_key(text: str, key: Key, value: Any) -> str:
    """A new key in a section that is there: below its sample, or else the last key.

    Raises:
        KeyError: it is no new key of such a section.
    """
    *parents, name = key
    if _at(members_of(text), key) is not None:
        raise KeyError(name)
    lines = text.split("\n")
    place = _place(lines, parents, name)
    indent = re.match(r"[ \t]*", lines[place])[0]  # type: ignore[index]
    return "\n".join([*lines[: place + 1], indent + _line(name, value), *lines[place + 1 :]])


def with_value(text: str, key: Key, value: Any) -> str:
    """Another value for a word that stands in a line of its own.

    Raises:
        KeyError: there is no such line.
    """
    lines = text.split("\n")
    *_, at = _found(lines, key)
    before, equals, after = lines[at].partition("=")
    if not re.match(rf"\s*{_WORD}", after):
        raise KeyError(key[-1])
    lines[at] = before + equals + re.sub(_WORD, lambda _: _written(value), after, count=1)
    return "\n".join(lines)


def without_key(text: str, key: Key) -> str:
    """Without the line of a key. A section that is left with nothing, no word of the person's
    either, goes too.

    Raises:
        KeyError: there is no such line.
    """
    lines = text.split("\n")
    start, end, at = _found(lines, key)
    tomllib.loads(lines[at])  # else it goes on below
    its_end = next((one for one in range(at, end) if not lines[one].strip()), end)
    others = [line for one, line in enumerate(lines[start + 1 : end], start + 1) if one != at]
    commented = any("#" in line for line in lines[start:at] + lines[at + 1 : its_end])
    _cut(lines, at if commented or any(map(_says, others)) else start, at + 1)
    return "\n".join(lines)


def with_new_section(text: str, key: Key, value: Any) -> str:
    """A section of its own for a key whose section is not there.

    Raises:
        KeyError: it is.
    """
    import tomlkit

    *parents, name = key
    if _at(members_of(text), parents) is not None:
        raise KeyError(name)
    header = f"[{tomlkit.key(parents).as_string()}]"
    return with_section(text, header, {name: value}, parents[0])


def with_section(text: str, header: str, members: Mapping[str, Any], kin: str) -> str:
    """With a section below the last whose name begins with `kin`, else at the end."""
    lines = text.split("\n")
    section = [header, *(_line(name, value) for name, value in members.items())]
    end = _end_of_kin(lines, kin)
    if end is None:
        end = max((at for at, line in enumerate(lines, 1) if line.strip()), default=0)
    comments = next((at for at in range(end, len(lines)) if not lines[at].startswith("#")), end)
    if comments < len(lines) and not lines[comments].strip():
        end = comments
    above = [""] if end else []
    below = [] if lines[end : end + 1] == [""] else [""]
    return "\n".join([*lines[:end], *above, *section, *below, *lines[end:]])


def without_tables(text: str, name: str, gone: Sequence[int]) -> str:
    """Without these of `[[name]]`, header to last key."""
    lines = text.split("\n")
    headers = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    own = [at for at in headers if re.match(rf"\s*\[\[\s*{name}\s*\]\]", lines[at])]
    for number in reversed(gone):
        start = own[number]
        end = next((at for at in headers if at > start), len(lines))
        _cut(lines, start, max(at for at in range(start, end) if _says(lines[at])) + 1)
    return "\n".join(lines)


def _found(lines: Sequence[str], key: Key) -> tuple[int, int, int]:
    """Where the section of a key begins and ends, and the line of the key."""
    *parents, name = key
    start, end = _section(lines, parents)
    its_line = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*=""")
    at = next((at for at in range(start + 1, end) if its_line.match(lines[at])), None)
    if at is None:
        raise KeyError(name)
    return start, end, at


def _section(lines: Sequence[str], parents: Sequence[str]) -> tuple[int, int]:
    """The line of its header, and the one where the next section begins."""
    for start, line in enumerate(lines):
        # A look at the name first: there may be thousands.
        if parents[-1] in line and _at(_header(line), parents) == {}:
            below = range(start + 1, len(lines))
            return start, next((at for at in below if _header(lines[at]) is not None), len(lines))
    raise KeyError(parents[-1])


def _place(lines: Sequence[str], parents: Sequence[str], name: str) -> int:
    """The line below which a new key of that section stands best."""
    start, end = _section(lines, parents)
    sample = re.compile(rf"\s*#\s*{re.escape(name)}\s*=")
    place, its_samples = start, True
    for at in range(start + 1, end):
        if re.match(r"\s*#\s*\[", lines[at]):
            its_samples = False
        elif its_samples and sample.match(lines[at]):
            return at
        elif _says(lines[at]):
            place = at
    return place


def _end_of_kin(lines: Sequence[str], kin: str) -> int | None:
    """The line below the last of the sections whose name begins with `kin`."""
    next_one = len(lines)
    for at in reversed(range(len(lines))):
        header = _header(lines[at])
        if header is not None and kin in header:
            return max(one for one in range(at, next_one) if _says(lines[one])) + 1
        if header is not None:
            next_one = at
    return None


def _cut(lines: list[str], start: int, end: int) -> None:
    """Of two blank lines, above and below, one is enough."""
    above = start == 0 or not lines[start - 1].strip()
    blank = above and end < len(lines) and not lines[end].strip()
    del lines[start : end + blank]


def _header(line: str) -> Any:
    """What the header of a section says by itself, however it is written; None: it is none."""
    if not line.startswith("["):
        return None
    try:
        return tomllib.loads(line)
    except ValueError:
        return None


def _at(members: Any, path: Sequence[str]) -> Any:
    for name in path:
        members = members.get(name) if isinstance(members, dict) else None
    return members


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _line(name: str, value: Any) -> str:
    import tomlkit

    return f"{tomlkit.key([name]).as_string()} = {_written(value)}"


def _written(value: Any) -> str:
    import tomlkit

    return str(tomlkit.item(value).as_string())
