"""Reading `terms.toml`: errors name line, key, the words allowed there and the nearest one.

Checked by hand: the first reply to a browser waits for this, and pydantic alone takes longer to
import than all the rest that it waits for.
"""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, NoReturn

from rbutton.person.errors import Mistake, PersonError
from rbutton.person.settings import (
    MAX_EXCEPTIONS,
    MAX_IN_SET,
    MAX_OWN,
    MAX_SETS,
    MAX_SITES,
    WORDS,
    Claims,
    Exemption,
    Own,
    Proffer,
    Settings,
    Signals,
    Site,
)
from rbutton.person.settings_place import Path, first_line_of, line_of, path_at, statement_at
from rbutton.person.toml_text import members_of
from rbutton.terms.click_only import CLICK_ONLY

if TYPE_CHECKING:
    from rbutton.shipped.limits import Allowed

#: The name of one site, or "*." and a name: all names below it.
SITE = r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\]"
#: The name of one site.
TARGET = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\]"
#: Of a host name (RFC 1035, section 2.3.4).
MAX_NAME = 253
#: A document of the exchange holds no longer list (protocol, "Parsing").
MAX_ITEMS = 64
#: An error repeats no more of what stands in the file.
_LONGEST = 400

_SECTIONS = ("signals", "proffer", "own", "claims", "sites", "exceptions")
_EXCEPTION = ("site", "targets", "until")
_SETS = (
    'Write [["SD-BASE-DP"]], with two brackets; '
    'two agreements together are one set: [["no-stalking", "mine-as-well"]].'
)
_UNTIL = "Write a time without quotes: 2027-01-01T00:00:00Z; or leave it out."


def parse(text: str, roster: Collection[str]) -> Settings:
    """Read the text of `terms.toml`.

    Args:
        text: the file's text.
        roster: ids that `proffer.terms` and `proffer.also` may name.

    Raises:
        PersonError: `message` names line and key, `fix` what is allowed there.
    """
    try:
        members = members_of(text)
    except RecursionError:
        raise Mistake("it is nested too deep.", "Take the brackets out.") from None
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        raise _no_toml(text, str(error)) from None
    return _Reader(text, roster).settings(members)


def site_named(written: str) -> str | None:
    """The name under `sites` of a host name, "*." and one, or any address with a host in it.

    None where it names no site.
    """
    name = _host(written)
    return name if _names_site(name, SITE) else None


#: Where tomllib says that it stopped.
_STOPPED = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
#: A key and a word that may be meant as its value.
_UNQUOTED = re.compile(r"([^\s=#]+)\s*=\s*([A-Za-z][\w-]*)\s*(?:#.*)?$")


_DATE = re.compile(r"=\s*(\d{4}-[^#]*)")
_CURLY = re.compile("[“”„‟‘’‚]")
#: How tomllib says that a key or section is there already.
_AGAIN = re.compile("overwrite|twice|redefine|immutable")


def _no_toml(text: str, why: str) -> Mistake:
    """Of tomllib's error: the line as it stands, and what was probably meant."""
    if text.startswith("\ufeff"):
        fix = "Save it as UTF-8 without one."
        return _mistake("the file begins with a byte order mark, which no TOML has.", fix, 1)
    stopped = _STOPPED.search(why)
    if not stopped:
        return _mistake(f"it is not TOML: {why}.", "Mend that and save.")
    # As tomllib counts: by line feeds alone. What ends too early is noticed at the end.
    number = int(stopped[1] or text.rstrip().count("\n") + 1)
    why = why[: stopped.start()]
    if _AGAIN.search(why):
        return _again(text, number)
    unclosed = why.startswith("Unclosed array")
    if unclosed:
        number = statement_at(text, number)
    line = text.split("\n")[number - 1].strip()
    if date := _DATE.search(line):
        return _mistake(f"“{_printable(date[1].strip())}” is not a time there is.", _UNTIL, number)
    fix = _CLOSE if unclosed else _meant(line, ends=not stopped[1])
    return _mistake(f"“{_printable(line)}” is not TOML: {why}.", fix, number)


_CLOSE = "A bracket is open in that line: close it with ], and put a comma between two values."


def _meant(line: str, *, ends: bool) -> str:
    """What to do about a line. `ends`: what is wrong is that the file ends there."""
    if _CURLY.search(line.partition("#")[0]):
        return 'Write straight quotes, " and ", in place of those.'
    if meant := _UNQUOTED.match(line):
        return f'Values go in quotes: {meant[1]} = "{meant[2].lower()}".'
    if line.partition("#")[0].count('"') % 2:
        return 'A quote is open in that line: close it with ".'
    if ends:
        return "The file ends too early: close the bracket or quote that is open."
    return "Mend that line and save."


def _again(text: str, number: int) -> Mistake:
    """Of a key or section that is there already."""
    line = text.split("\n")[number - 1].strip()
    path = path_at(text, number)
    earlier = first_line_of(text, path, number) if path else None
    where = f"in line {earlier}" if earlier else "in the file"
    fix = f"That is {where} already: take one of the two out."
    if line.startswith("[") and path[:1] == ("exceptions",):
        fix = f"That is {where} already: write [[exceptions]], with two brackets, above each."
    return _mistake(f"“{_printable(line)}” is there a second time.", fix, number)


class _Reader:
    """Checks what the TOML says, and knows the text for saying where it is wrong."""

    def __init__(self, text: str, roster: Collection[str]) -> None:
        self._text = text
        self._roster = roster

    def settings(self, members: dict[str, Any]) -> Settings:
        self._check_names((), members, _SECTIONS)
        signals, claims = self._section(members, "signals"), self._section(members, "claims")
        proffer = self._section(members, "proffer", "terms", "also")
        if "terms" in proffer:
            self._check_sets(proffer["terms"])
        if "also" in proffer:
            self._check_also(proffer["also"])
        own = self._section(members, "own", "clauses")
        return Settings(
            Signals(**signals),
            Proffer(**proffer),
            Own(self._clauses(own["clauses"]) if "clauses" in own else {}),
            Claims(**claims),
            self._sites(members.get("sites", {})),
            self._exceptions(members.get("exceptions", [])),
        )

    def _section(self, members: dict[str, Any], name: str, *others: str) -> dict[str, Any]:
        section = members.get(name, {})
        self._check_section((name,), section, WORDS.get(name, {}), others)
        return dict(section)

    def _check_section(
        self,
        path: Path,
        section: Any,
        words: dict[str, tuple[str, ...]],
        others: tuple[str, ...] = (),
    ) -> None:
        if not isinstance(section, dict):
            fix = f"Write {_header(path)} on a line of its own."
            self._wrong(path, f"{_dotted(path)} is not a section.", fix)
        self._check_names(path, section, (*words, *others))
        for name, value in section.items():
            if name in words:
                self._check_word((*path, name), value, words[name])

    def _check_names(self, path: Path, members: dict[str, Any], allowed: tuple[str, ...]) -> None:
        for name in members:
            if name not in allowed:
                where = (*path, name)
                self._wrong(where, f"“{_dotted(where)}” is not a setting.", nearest(name, allowed))

    def _check_word(self, path: Path, value: Any, words: Collection[str]) -> None:
        if not isinstance(value, str) or value not in words:
            self._wrong(path, f"{_dotted(path)} is {_shown(value)}.", nearest(value, words))

    def _check_sets(self, sets: Any) -> None:
        path: Path = ("proffer", "terms")
        if sets == []:
            self._wrong(
                path,
                "proffer.terms is empty.",
                'Name what is offered, such as [["SD-BASE-DP"]]. To offer nothing, write '
                'negotiate = "never".',
            )
        if not isinstance(sets, list) or not sets or not all(_are_names(one) for one in sets):
            self._wrong(path, "each choice in proffer.terms is a list of its own.", _SETS)
        self._check_count(path, sets, MAX_SETS)
        for one in sets:
            if not one or len(set(one)) < len(one):
                self._wrong(
                    path, "proffer.terms has a set that is empty or names one twice.", _SETS
                )
            if len(one) > MAX_IN_SET:
                self._wrong(
                    path,
                    f"proffer.terms has a set of {len(one)} agreements.",
                    f"At most {MAX_IN_SET} fit into one offer: take some out.",
                )
            self._check_roster(path, one)

    def _check_also(self, names: Any) -> None:
        path: Path = ("proffer", "also")
        if not _are_names(names) or len(set(names)) < len(names):
            self._wrong(
                path,
                "proffer.also is not a list of different agreements.",
                'Write ["SD-BASE"], with one pair of brackets.',
            )
        self._check_roster(path, names)
        for name in names:
            if name in CLICK_ONLY:
                self._wrong(
                    path,
                    f"proffer.also names “{name}”, which gives something away.",
                    "Take it out: it is only ever given by your click.",
                )

    def _check_roster(self, path: Path, names: list[str]) -> None:
        for name in names:
            if name not in self._roster:
                self._wrong(
                    path,
                    f"{_dotted(path)} names “{name}”, which is not in the roster.",
                    nearest(name, sorted(self._roster)),
                )

    def _clauses(self, clauses: Any) -> dict[str, str | list[str]]:
        path: Path = ("own", "clauses")
        if not isinstance(clauses, dict):
            self._wrong(
                path,
                "own.clauses is not a table.",
                'Write clauses = { "track.offsite" = "never", copy = "on-request" }.',
            )
        own = {name: self._clause((*path, name), value) for name, value in clauses.items()}
        if len(json.dumps(own)) > MAX_OWN:
            self._wrong(
                path, "own.clauses says more than fits into one offer.", "Shorten its lists."
            )
        return own

    def _clause(self, path: Path, value: Any) -> str | list[str]:
        name, known = str(path[-1]), _limits()
        if name not in known:
            if isinstance(value, dict) and (inner := _inner(name, value)) in known:
                where = (*path, inner.removeprefix(f"{name}."))
                self._wrong(where, f"{inner} is a section.", f'Write "{inner}" in quotes.')
            self._wrong(path, f"“{_dotted(path)}” is not a clause.", nearest(name, known))
        allowed = known[name]
        if isinstance(allowed, re.Pattern):
            if not isinstance(value, str) or not allowed.fullmatch(value):
                self._wrong(
                    path,
                    f"{_dotted(path)} is {_shown(value)}.",
                    'Write a span of time: "P0D" (none), or such as "P30D", "P6M", "P2Y".',
                )
            return value
        if isinstance(allowed, tuple):
            self._check_word(path, value, allowed)
            return str(value)
        if not _are_names(value) or len(set(value)) < len(value) or len(value) > MAX_ITEMS:
            self._wrong(
                path,
                f"{_dotted(path)} is not a list of at most {MAX_ITEMS} different names.",
                f'Write such as ["{min(allowed)}"], or [] for nothing.',
            )
        for one in value:
            self._check_word(path, one, sorted(allowed))
        return sorted(value)

    def _sites(self, sites: Any) -> dict[str, Site]:
        if not isinstance(sites, dict):
            self._check_section(("sites",), sites, {})
        self._check_count(("sites",), sites, MAX_SITES)
        for name, one in sites.items():
            self._check_quoted(("sites", name), one)
            self._check_site(("sites", name), name, SITE)
            self._check_section(("sites", name), one, WORDS["site"])
        return {name: Site(**one) for name, one in sites.items()}

    def _check_quoted(self, path: Path, one: Any) -> None:
        """Not [sites.a.example], which TOML takes for a section within one."""
        while isinstance(one, dict) and (inner := _first_table(one)):
            path, one = (*path, inner), one[inner]
        name = ".".join(map(str, path[1:]))
        if len(path) > 2 and _names_site(name, SITE):
            self._wrong(
                path,
                f"[{_dotted(path)}] is a site's name without quotes.",
                f"Write {_header(('sites', name))}, with the name in quotes.",
            )

    def _exceptions(self, exceptions: Any) -> tuple[Exemption, ...]:
        path: Path = ("exceptions",)
        if not isinstance(exceptions, list) or not all(isinstance(one, dict) for one in exceptions):
            self._wrong(
                path,
                "exceptions is not a list of sections.",
                "Write [[exceptions]], with two brackets, above each.",
            )
        self._check_count(path, exceptions, MAX_EXCEPTIONS)
        return tuple(self._exception((*path, at), one) for at, one in enumerate(exceptions))

    def _exception(self, path: Path, one: dict[str, Any]) -> Exemption:
        self._check_names(path, one, _EXCEPTION)
        if "site" not in one:
            self._wrong(
                path, "an exception names no site.", 'Write site = "news.example" below it.'
            )
        self._check_site((*path, "site"), one["site"], SITE)
        targets = one.get("targets")
        if "targets" in one:
            where = (*path, "targets")
            if not _are_names(targets) or not targets or len(set(targets)) < len(targets):
                self._wrong(
                    where,
                    "exceptions.targets is not a list of different names.",
                    'Write ["ads.example"]; leave it out for everybody on that site.',
                )
            for target in targets:
                self._check_site(where, target, TARGET)
        until = self._until((*path, "until"), one["until"]) if "until" in one else None
        return Exemption(one["site"], tuple(targets) if targets else None, until)

    def _until(self, path: Path, value: Any) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            self._wrong(path, f"{_dotted(path)} is {_shown(value)}.", _UNTIL)
        try:
            return value.astimezone(UTC).replace(microsecond=0)
        except OverflowError:  # the first and the last day there are, in another zone
            self._wrong(path, f"{_dotted(path)} is {_shown(value)}.", _UNTIL)

    def _check_site(self, path: Path, name: Any, pattern: str) -> None:
        if isinstance(name, str) and _names_site(name, pattern):
            return
        meant = _host(name) if isinstance(name, str) else ""
        near = f'Did you mean "{meant}"? ' if _names_site(meant, pattern) else ""
        such = ' or "*.example"' if pattern == SITE else ""
        self._wrong(
            path,
            f"{_shown(name)} is not the name of a site.",
            f'{near}Write a host name such as "news.example"{such}.',
        )

    def _check_count(self, path: Path, several: Collection[Any], most: int) -> None:
        if len(several) > most:
            self._wrong(path, f"{_dotted(path)} has more than {most:,}.", "Take some out.")

    def _wrong(self, path: Path, message: str, fix: str) -> NoReturn:
        raise _mistake(message, fix, line_of(self._text, path))


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _inner(name: str, table: dict[str, Any]) -> str:
    """The name that was meant by a dotted one without its quotes."""
    return f"{name}.{next(iter(table), '')}"


def _limits() -> "Mapping[str, Allowed]":
    # Only for terms of one's own.
    from rbutton.shipped.limits import limits
    from rbutton.terms.errors import InvalidDocument

    try:
        return limits()
    except (FileNotFoundError, InvalidDocument) as error:
        raise PersonError(
            "installation",
            f"The installation is incomplete: {error}.",
            "Run install_host.py again.",
        ) from None


def _names_site(name: str, pattern: str) -> bool:
    return len(name) <= MAX_NAME and re.fullmatch(pattern, name) is not None


def _host(written: str) -> str:
    """What a host name was meant by an address, in capitals, or in other letters than a to z."""
    name = re.sub(r"^[a-z]+://|[/?#].*$|:\d+(?=$|[/?#])", "", written.strip().lower())
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def nearest(word: Any, allowed: Collection[str]) -> str:
    """What was meant, if that can be told, and all that is allowed: two sentences."""
    import difflib

    spelled = {one.lower(): one for one in allowed}
    near = difflib.get_close_matches(_shown(word).strip("“”").lower(), spelled, n=1)
    listed = ", ".join(f'"{one}"' for one in allowed)
    return (f'Did you mean "{spelled[near[0]]}"? ' if near else "") + f"Allowed: {listed}."


def _printable(text: str) -> str:
    """For a terminal, and no longer than a line of it."""
    return "".join(one if one.isprintable() else " " for one in text[:80])


def _shown(value: Any) -> str:
    """A value as it stands in the file."""
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _first_table(members: dict[str, Any]) -> str | None:
    return next((name for name, value in members.items() if isinstance(value, dict)), None)


def _header(path: Path) -> str:
    """As it is to be written."""
    parts = (str(part) for part in path)
    bare = re.compile(r"[A-Za-z0-9_-]+")
    return f"[{'.'.join(one if bare.fullmatch(one) else json.dumps(one) for one in parts)}]"


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path if isinstance(part, str))


def _mistake(said: str, fix: str, line: int | None = None) -> Mistake:
    return Mistake(said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…", fix, line)
