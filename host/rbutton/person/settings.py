"""What `terms.toml` says; errors name line, key and the words allowed there.

Checked by hand: the first reply to a browser waits for this, and pydantic alone takes longer to
import than all the rest that it waits for.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rbutton.person.errors import PersonError

Negotiate = Literal["auto", "click", "never"]
OnOff = Literal["on", "off"]

#: An error repeats no more of what stands in the file.
_LONGEST = 400
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\]")

FIRST_TEXT = """\
# Your terms, and how the r-button offers them. Edit this file by hand whenever you like:
# a saved change is in force in about a second.

[signals]
# Sent with every request to every site.
dnt = "on"          # Do Not Track: "on" or "off"
gpc = "on"          # Global Privacy Control: "on" or "off"

[proffer]
# When your terms are offered to a site that takes terms:
#   "auto"   when you first click or type in its page
#   "click"  only when you press the button
#   "never"
negotiate = "auto"

# What is offered, most wanted first: the first set that the site signs as it is,
# or else the first one. Each name is an agreement of the roster.
terms = [["SD-BASE-DP"]]

# What differs on one site, or on all sites under a name (the longest match counts):
# [sites."news.example"]
# negotiate = "never"
# [sites."*.example"]
# negotiate = "click"
"""


@dataclass(frozen=True)
class Signals:
    """Which signals go out with every request."""

    dnt: OnOff = "on"
    gpc: OnOff = "on"


@dataclass(frozen=True)
class Proffer:
    """What is offered, and when."""

    negotiate: Negotiate = "auto"
    terms: list[list[str]] = field(default_factory=lambda: [["SD-BASE-DP"]])


@dataclass(frozen=True)
class Site:
    """What differs on one site."""

    negotiate: Negotiate | None = None


@dataclass(frozen=True)
class Settings:
    """The whole of `terms.toml`."""

    signals: Signals = field(default_factory=Signals)
    proffer: Proffer = field(default_factory=Proffer)
    sites: dict[str, Site] = field(default_factory=dict)

    def negotiate_with(self, host: str) -> Negotiate:
        """When to offer to `host`: by its own name, the longest wildcard, or in general."""
        fitting = [
            name
            for name in self.sites
            if name == host or (name.startswith("*.") and host.endswith(name[1:]))
        ]
        # "x.com" and "*.com" are equally long.
        best = max(fitting, key=lambda name: (name == host, len(name)), default=None)
        here = self.sites[best].negotiate if best else None
        return here or self.proffer.negotiate


def parse(text: str, roster: Collection[str]) -> Settings:
    """Read the text of `terms.toml`.

    Args:
        text: the file's text.
        roster: ids that `proffer.terms` may name.

    Raises:
        PersonError: `message` names line and key, `fix` what is allowed there.
    """
    try:
        members = tomllib.loads(text)
    except RecursionError:
        raise _error("terms.toml is nested too deep.", "Take the brackets out.") from None
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        raise _error(f"terms.toml is not TOML: {error}.", "Mend that line and save.") from None
    _check_names(text, (), members, ("signals", "proffer", "sites"))
    signals = _section(text, ("signals",), members.get("signals", {}), _SIGNALS)
    proffer = _section(text, ("proffer",), members.get("proffer", {}), _PROFFER)
    if "terms" in proffer:
        _check_terms(text, proffer["terms"], roster)
    several = members.get("sites", {})
    if not isinstance(several, dict):
        raise _no_section(text, ("sites",))
    sites = {}
    for name, one in several.items():
        if not _HOST.fullmatch(name):
            raise _error(
                f"{_at(text, ('sites', name))}“{name}” is not the name of a site.",
                'Write a host name such as "news.example" or "*.example".',
            )
        sites[name] = Site(**_section(text, ("sites", name), one, _SITE))
    return Settings(Signals(**signals), Proffer(**proffer), sites)


#: What may stand in a section, and the words allowed there; None where it is not one word.
_SIGNALS = {"dnt": ("on", "off"), "gpc": ("on", "off")}
_PROFFER = {"negotiate": ("auto", "click", "never"), "terms": None}
_SITE = {"negotiate": ("auto", "click", "never")}


def _section(
    text: str,
    path: tuple[str, ...],
    members: Any,
    allowed: Mapping[str, tuple[str, ...] | None],
) -> dict[str, Any]:
    if not isinstance(members, dict):
        raise _no_section(text, path)
    _check_names(text, path, members, tuple(allowed))
    for name, value in members.items():
        words = allowed[name]
        if words and value not in words:
            where = (*path, name)
            raise _error(
                f"{_at(text, where)}{'.'.join(where)} is {value!r}.", _nearest(str(value), words)
            )
    return members


def _check_names(
    text: str, path: tuple[str, ...], members: dict[str, Any], allowed: tuple[str, ...]
) -> None:
    for name in members:
        if name not in allowed:
            where = (*path, name)
            raise _error(
                f"{_at(text, where)}“{'.'.join(where)}” is not a setting.", _nearest(name, allowed)
            )


def _no_section(text: str, path: tuple[str, ...]) -> PersonError:
    name = ".".join(path)
    return _error(
        f"{_at(text, path)}{name} is not a section.", f"Write [{name}] on a line of its own."
    )


def _check_terms(text: str, terms: Any, roster: Collection[str]) -> None:
    sets = terms if isinstance(terms, list) else []
    if not sets or not all(
        isinstance(wanted, list) and all(isinstance(name, str) for name in wanted)
        for wanted in sets
    ):
        raise _error(
            f"{_at(text, ('proffer', 'terms'))}each choice in proffer.terms is a list of its own.",
            _SETS,
        )
    for wanted in sets:
        _check_set(text, wanted, roster)


_SETS = (
    'Write [["SD-BASE-DP"]], with two brackets; '
    'two agreements together are one set: [["no-stalking", "mine-as-well"]].'
)


def _check_set(text: str, wanted: list[str], roster: Collection[str]) -> None:
    path = ("proffer", "terms")
    if not wanted or len(set(wanted)) < len(wanted):
        raise _error(
            f"{_at(text, path)}proffer.terms has a set that is empty or names one twice.",
            _SETS,
        )
    for name in wanted:
        if name not in roster:
            raise _error(
                f"{_at(text, path)}proffer.terms names “{name}”, which is not in the roster.",
                _nearest(name, sorted(roster)),
            )


def _nearest(word: str, allowed: Collection[str]) -> str:
    import difflib

    spelled = {one.lower(): one for one in allowed}
    near = difflib.get_close_matches(word.lower(), spelled, n=1)
    listed = ", ".join(f'"{one}"' for one in allowed)
    return (f'Did you mean "{spelled[near[0]]}"? ' if near else "") + f"Allowed: {listed}."


def _at(text: str, path: tuple[str, ...]) -> str:
    """`terms.toml, line 3: ` for a key's path; without the line where it is written unusually."""
    keys = [part for part in path if not part.isdigit()]
    table: list[str] = []
    best: tuple[int, int] = (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        # Possessive, and trimmed afterwards: a line of thousands of spaces must not take minutes.
        if header := re.match(r"\s*+\[\[?(.+?)\]\]?\s*+(#.*)?$", line):
            table = _dotted(header[1].strip())
            here = table
        elif setting := re.match(r"\s*+([^=#\[\]]+)=", line):
            here = table + _dotted(setting[1].strip())
        else:
            continue
        if here == keys[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return f"terms.toml, line {best[1]}: " if best[1] else "terms.toml: "


def _dotted(text: str) -> list[str]:
    return [part.strip("\"' ") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', text)]


def _error(message: str, fix: str) -> PersonError:
    shown = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return PersonError("config", shown, fix)
