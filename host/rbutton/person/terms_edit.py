"""Changing the text of `terms.toml`, a key at a time: comments, order and spacing stay.

Text in, text out. Whoever writes the result checks it first, as for any other edit.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from rbutton.person import terms_lines
from rbutton.person.errors import Mistake, PersonError
from rbutton.person.terms_lines import Key
from rbutton.person.toml_text import members_of

P = ParamSpec("P")


def key_of(text: str) -> Key:
    """The key of `signals.dnt`, `own.clauses.track.offsite`, `sites.news.example.dnt`.

    What a site or a clause is called needs no quotes here, though it has dots.

    Raises:
        PersonError: it names no one setting.
    """
    first, *more = text.split(".")
    if first == "sites" and len(more) > 1:
        more = [".".join(more[:-1]), more[-1]]
    elif first == "own" and len(more) > 1:
        more = [more[0], ".".join(more[1:])]
    if not more or len(more) > 2 or first == "exceptions":
        raise Mistake(
            f"“{text[:80]}” is not one setting.",
            "Name one, such as signals.dnt or sites.news.example.gpc.",
        )
    return (first, *(part.strip("\"'") for part in more))


def _as_its_lines_end(
    change: Callable[Concatenate[str, P], str],
) -> Callable[Concatenate[str, P], str]:
    """Of a file whose every line ends in CRLF, the new lines do, too."""

    @wraps(change)
    def changed(text: str, /, *arguments: P.args, **options: P.kwargs) -> str:
        ends = text.count("\n")
        if not ends or text.count("\r\n") != ends:
            return change(text, *arguments, **options)
        return change(text.replace("\r\n", "\n"), *arguments, **options).replace("\n", "\r\n")

    return changed


@_as_its_lines_end
def put(text: str, key: Key, value: Any) -> str:
    """Set one key; with None, take it out.

    Raises:
        PersonError: it stands where a program cannot change it.
    """
    expected = _with(members_of(text), key, value)
    lines: tuple[Callable[[], str], ...] = (lambda: terms_lines.without_key(text, key),)
    if value is not None:
        lines = (
            lambda: terms_lines.with_value(text, key, value),
            lambda: terms_lines.with_key(text, key, value),
            lambda: terms_lines.with_new_section(text, key, value),
        )
    return _checked(
        text,
        expected,
        *lines,
        lambda: _closed_up(text, _put(text, key, value)),
        lambda: _put(text, key, value),
        lambda: _put_dotted(text, key, value),
    )


@_as_its_lines_end
def grant(text: str, site: str, targets: Sequence[str] | None, until: str | None) -> str:
    """Add one of `exceptions`, in the place of one of the same site and targets.

    Args:
        text: the file's text.
        site: a host name, or "*." and one.
        targets: host names; None: everybody on that site.
        until: RFC 3339; None: until it is revoked.

    Raises:
        PersonError: as `put`.
    """
    from tomlkit import TOMLDocument
    from tomlkit import datetime as toml_datetime

    try:
        members = {
            "site": site,
            **({} if targets is None else {"targets": list(targets)}),
            **({} if until is None else {"until": toml_datetime(until)}),
        }
    except ValueError:
        raise Mistake(f"“{until}” is not a time.", _TIME) from None
    without = revoke(text, site, targets)
    plain = members_of(without)

    def add(document: TOMLDocument) -> None:
        document["exceptions"].append(_inline(members))

    expected = {**plain, "exceptions": [*plain.get("exceptions", []), members]}
    return _checked(
        without,
        expected,
        lambda: terms_lines.with_section(without, "[[exceptions]]", members, "exceptions"),
        lambda: _edited(without, add),
    )


_TIME = "Write it as 2027-01-01T00:00:00Z."
#: For `revoke`: whatever its targets.
ALL = object()


@_as_its_lines_end
def revoke(text: str, site: str, targets: object) -> str:
    """Take out what `exceptions` says of a site and these targets; with `ALL`, of any.

    Raises:
        PersonError: as `put`.
    """
    from tomlkit import TOMLDocument

    plain = members_of(text)
    wanted = set(targets) if isinstance(targets, list | tuple) else targets

    def is_it(one: Mapping[str, Any]) -> bool:
        found = set(one["targets"]) if "targets" in one else None
        return one["site"] == site and (wanted is ALL or found == wanted)

    gone = [at for at, one in enumerate(plain.get("exceptions", [])) if is_it(one)]
    if not gone:
        return text
    left = [one for at, one in enumerate(plain["exceptions"]) if at not in gone]

    def take_out(document: TOMLDocument) -> None:
        if not left:
            document.remove("exceptions")
            return
        for at in reversed(gone):
            del document["exceptions"][at]

    expected = {name: value for name, value in plain.items() if name != "exceptions"}
    if left:
        expected["exceptions"] = left
    return _checked(
        text,
        expected,
        lambda: terms_lines.without_tables(text, "exceptions", gone),
        lambda: _closed_up(text, _edited(text, take_out)),
        lambda: _edited(text, take_out),
    )


def _put(text: str, key: Key, value: Any) -> str:
    """With a section for what has none yet; one that is left with nothing goes."""
    import tomlkit
    from tomlkit.items import InlineTable

    *parents, name = key

    def change(document: tomlkit.TOMLDocument) -> None:
        tables: list[Any] = [document]
        for depth, parent in enumerate(parents):
            if parent not in tables[-1]:
                if value is None:
                    return
                inline = isinstance(tables[-1], InlineTable)
                nested = depth < len(parents) - 1
                tables[-1][parent] = tomlkit.inline_table() if inline else tomlkit.table(nested)
            tables.append(tables[-1][parent])
        if value is not None:
            tables[-1][name] = value
        elif name in tables[-1]:
            del tables[-1][name]
            for parent, above in zip(reversed(parents), reversed(tables[:-1]), strict=True):
                if len(above[parent]) or "#" in above[parent].as_string():
                    break
                del above[parent]

    return _edited(text, change)


def _closed_up(text: str, changed: str) -> str:
    """Without the blank line above what was taken out, where another follows or the end."""
    old, lines = text.split("\n"), changed.split("\n")
    at = next((at for at, (a, b) in enumerate(zip(old, lines, strict=False)) if a != b), 0)
    if at > 0 and len(lines) < len(old) and not lines[at - 1].strip() and not lines[at].strip():
        del lines[at - 1]
    return "\n".join(lines)


def _put_dotted(text: str, key: Key, value: Any) -> str:
    """As `sites."news.example".dnt = "off"`, where the file is written like that."""
    import tomlkit

    def change(document: tomlkit.TOMLDocument) -> None:
        table: Any = document[key[0]]
        table.append(tomlkit.key(list(key[1:])), value)

    return _edited(text, change)


def _edited(text: str, change: Callable[[Any], None]) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    change(document)
    return tomlkit.dumps(document)


def _inline(members: Mapping[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(members)
    return table


def _checked(text: str, expected: dict[str, Any], *ways: Callable[[], str]) -> str:
    """What the first of `ways` makes that says what is expected and nothing else.

    tomlkit comes to no good end with some files: sections torn apart, dotted keys.
    """
    from tomlkit.exceptions import TOMLKitError

    wanted = _bare(expected)
    if _bare(members_of(text)) == wanted:
        # What differs in nothing stays as it is, to the byte.
        return text
    for way in ways:
        try:
            changed = way()
            found = members_of(changed)
        except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError):
            continue
        if _bare(found) == wanted:
            return changed
    raise _only_by_hand()


def _only_by_hand() -> PersonError:
    return PersonError(
        "config", "terms.toml is written in a way that only you can change.", "Edit it by hand."
    )


def _bare(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without sections that say nothing."""
    found = {}
    for name, value in members.items():
        bare = _bare(value) if isinstance(value, Mapping) else value
        if bare != {}:
            found[name] = bare
    return found


def _with(members: dict[str, Any], key: Key, value: Any) -> dict[str, Any]:
    name, *more = key
    if not more:
        left = {other: old for other, old in members.items() if other != name}
        return left if value is None else {**left, name: value}
    inner = members.get(name, {})
    if not isinstance(inner, dict):
        raise _only_by_hand()
    return {**members, name: _with(inner, tuple(more), value)}
