"""`terms.schema.json`: what `terms.toml` may say, for editors that check and complete while typing.

Made from the vocabulary and the roster. What only a look at the whole can tell (that a time is
written without quotes, and in a zone) is left to `settings_parsing`.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rbutton.person import files
from rbutton.person.home import Home
from rbutton.person.settings import MAX_EXCEPTIONS, MAX_IN_SET, MAX_SETS, MAX_SITES, WORDS
from rbutton.person.settings_parsing import MAX_ITEMS, MAX_NAME, SITE, TARGET
from rbutton.shipped.limits import Allowed, limits
from rbutton.terms.click_only import CLICK_ONLY

NAME = "terms.schema.json"

#: What an editor shows of a key.
_ABOUT = {
    "signals": "Sent with every request to every site.",
    "signals.dnt": "Do Not Track.",
    "signals.gpc": "Global Privacy Control.",
    "proffer": "What is offered to sites that take terms, and when.",
    "proffer.negotiate": "auto: when you first touch the page; click: when you press the button.",
    "proffer.terms": "Sets of agreements, most wanted first. PDC- ones go by your click alone.",
    "proffer.also": "What a site may get if it asks for it instead, without asking you.",
    "proffer.lasts": "How long what is signed from now on holds.",
    "own": "Terms of your own; they may make you recognisable.",
    "own.clauses": "What you ask of a site, clause by clause.",
    "claims": "What sites say about themselves.",
    "claims.look": "When a site is asked: click: when you press Look; auto: on every visit.",
    "sites": "What differs on one site, or under *. and a name; the longest name counts.",
    "site.negotiate": "When your terms are offered here.",
    "site.dnt": "Do Not Track here; exception: DNT: 0, it may track me.",
    "site.gpc": "Global Privacy Control here.",
    "site.look": "When this site is asked for what it says about itself.",
    "site.recognise": "on: it may know you again by your agreement with it.",
    "site.button": "off: no signal, no offer, nothing asked.",
    "exceptions": "Who may track you where.",
    "exceptions.site": "One site, or *. and a name: all below it.",
    "exceptions.targets": "Who; left out: everybody on that site.",
    "exceptions.until": "Until when, without quotes: 2027-01-01T00:00:00Z; left out: for good.",
}


def schema(roster: Collection[str]) -> dict[str, Any]:
    """The schema, JSON Schema draft-07, which is what editors of TOML know best.

    Args:
        roster: ids of the agreements there are.
    """
    ids = sorted(roster)
    chosen = {
        "type": "array",
        "items": {"enum": ids},
        "minItems": 1,
        "maxItems": MAX_IN_SET,
        "uniqueItems": True,
    }
    also = {"items": {"enum": [one for one in ids if one not in CLICK_ONLY]}}
    site = _section("site", _words("site"))
    exceptions = {
        "site": _name("exceptions.site", SITE),
        "targets": _about(
            "exceptions.targets",
            type="array",
            items={"type": "string", "pattern": f"^({TARGET})$", "maxLength": MAX_NAME},
            minItems=1,
            uniqueItems=True,
        ),
        "until": _about("exceptions.until", type="string", format="date-time"),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "terms.toml of the r-button",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "signals": _section("signals", _words("signals")),
            "proffer": _section(
                "proffer",
                _words("proffer")
                | {
                    "terms": _about(
                        "proffer.terms", type="array", items=chosen, minItems=1, maxItems=MAX_SETS
                    ),
                    "also": _about("proffer.also", type="array", uniqueItems=True, **also),
                },
            ),
            "own": _section("own", {"clauses": _section("own.clauses", _clauses())}),
            "claims": _section("claims", _words("claims")),
            "sites": _about(
                "sites",
                type="object",
                propertyNames={"pattern": f"^({SITE})$", "maxLength": MAX_NAME},
                additionalProperties=site,
                maxProperties=MAX_SITES,
            ),
            "exceptions": _about(
                "exceptions",
                type="array",
                items=_section("exceptions", exceptions) | {"required": ["site"]},
                maxItems=MAX_EXCEPTIONS,
            ),
        },
    }


def write(home: Home, roster: Collection[str]) -> Path:
    """Put the schema beside `terms.toml`, where it is missing or another release's.

    Raises:
        PersonError: it cannot be written.
        FileNotFoundError: the installation is incomplete.
        InvalidDocument: a shipped file was changed.
    """
    path, text = home.config / NAME, json.dumps(schema(roster), indent=1) + "\n"
    try:
        if path.read_bytes() == text.encode("utf-8"):
            return path
    except OSError:
        pass
    files.write(path, text)
    return path


def _section(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return _about(name, type="object", properties=properties, additionalProperties=False)


def _words(section: str) -> dict[str, Any]:
    return {
        key: _about(f"{section}.{key}", enum=list(words)) for key, words in WORDS[section].items()
    }


def _name(name: str, pattern: str) -> dict[str, Any]:
    return _about(name, type="string", pattern=f"^({pattern})$", maxLength=MAX_NAME)


def _clauses() -> dict[str, Any]:
    return {name: _clause(allowed) for name, allowed in limits().items()}


def _clause(allowed: Allowed) -> dict[str, Any]:
    if isinstance(allowed, re.Pattern):
        return {"type": "string", "pattern": f"^({allowed.pattern})$"}
    if isinstance(allowed, tuple):
        return {"enum": list(allowed)}
    names = {"enum": sorted(allowed)}
    return {"type": "array", "items": names, "uniqueItems": True, "maxItems": MAX_ITEMS}


def _about(name: str, **rules: Any) -> dict[str, Any]:
    return ({"description": _ABOUT[name]} if name in _ABOUT else {}) | rules
