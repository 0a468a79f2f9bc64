"""What `terms.toml` says; errors name line, key and the words allowed there."""

import difflib
import re
import tomllib
from collections.abc import Collection
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rbutton.person.errors import PersonError

Negotiate = Literal["auto", "click", "never"]
OnOff = Literal["on", "off"]

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


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Signals(_Section):
    """Which signals go out with every request."""

    dnt: OnOff = "on"
    gpc: OnOff = "on"


class Proffer(_Section):
    """What is offered, and when."""

    negotiate: Negotiate = "auto"
    terms: list[list[str]] = Field(default=[["SD-BASE-DP"]], min_length=1)


class Site(_Section):
    """What differs on one site."""

    negotiate: Negotiate | None = None


class Settings(_Section):
    """The whole of `terms.toml`."""

    signals: Signals = Signals()
    proffer: Proffer = Proffer()
    sites: dict[str, Site] = Field(default_factory=dict)

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
    try:
        settings = Settings.model_validate(members)
    except ValidationError as error:
        raise _fault(text, error) from None
    for name in settings.sites:
        if not _HOST.fullmatch(name):
            raise _error(
                f"{_at(text, ('sites', name))}“{name}” is not the name of a site.",
                'Write a host name such as "news.example" or "*.example".',
            )
    for wanted in settings.proffer.terms:
        _check_set(text, wanted, roster)
    return settings


def _check_set(text: str, wanted: list[str], roster: Collection[str]) -> None:
    place = _at(text, ("proffer", "terms"))
    if not wanted or len(set(wanted)) < len(wanted):
        raise _error(
            f"{place}proffer.terms has a set that is empty or names one twice.",
            'Write sets such as [["no-stalking", "mine-as-well"]].',
        )
    for name in wanted:
        if name not in roster:
            raise _error(
                f"{place}proffer.terms names “{name}”, which is not in the roster.",
                _nearest(name, sorted(roster)),
            )


def _fault(text: str, error: ValidationError) -> PersonError:
    fault = error.errors(include_url=False)[0]
    path = tuple(str(part) for part in fault["loc"])
    place, key = _at(text, path), ".".join(path)
    if fault["type"] == "extra_forbidden":
        return _error(f"{place}“{key}” is not a setting.", _nearest(path[-1], _siblings(path)))
    if fault["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
        return _error(
            f"{place}{key} is {fault['input']!r}.", _nearest(str(fault["input"]), allowed)
        )
    return _error(f"{place}{key}: {fault['msg'].lower()}.", "Mend that line and save.")


def _siblings(path: tuple[str, ...]) -> list[str]:
    model: Any = Settings
    for part in path[:-1]:
        if model is Settings:
            model = {"signals": Signals, "proffer": Proffer}.get(part, Site)
    return list(model.model_fields)


def _nearest(word: str, allowed: list[str]) -> str:
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
        if header := re.match(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$", line):
            table = _dotted(header[1])
            here = table
        elif setting := re.match(r"\s*([^=#\[\]]+?)\s*=", line):
            here = table + _dotted(setting[1])
        else:
            continue
        if here == keys[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return f"terms.toml, line {best[1]}: " if best[1] else "terms.toml: "


def _dotted(text: str) -> list[str]:
    return [part.strip("\"' ") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', text)]


def _error(message: str, fix: str) -> PersonError:
    return PersonError("config", message, fix)
