"""`rbutton signals`: what goes out to sites, in general and to one, and changing it."""

import json
import sys
from argparse import Namespace
from collections.abc import Set
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rbutton.cli import homes, mistake, site_named
from rbutton.cli.commands import DONE, Commands
from rbutton.native import fitting
from rbutton.person.errors import PersonError
from rbutton.person.settings import Exemption, Settings, names_over
from rbutton.terms.encoding import time_text

_EVERYWHERE = "For what goes out everywhere, leave SITE out."
_SAID = {
    "on": "1: do not track me",
    "off": "not sent",
    "exception": "0: you let it track you",
}
_UNAPPLIED: dict[str, str] = {
    "too-long": f"the name has more than {fitting.MOST_LABELS} parts, too many for the browsers’ "
    "rules: signals go out there as without it. Write a wildcard over a shorter name.",
    "no-host": "no site can have that name, so nothing is different there.",
}


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "signals",
        help="show or change what goes out: DNT, GPC, per site, and exceptions",
        description="Shows which signals go out, in general and where it differs; with SITE, to "
        "that site. With options it changes them first. Exceptions are granted and taken back by "
        "rbutton terms grant and rbutton terms revoke.",
    )
    parser.add_argument(
        "site",
        nargs="?",
        metavar="SITE",
        help="news.example, an address there, or *.news.example for all below it; of at most "
        f"{fitting.MOST_LABELS} parts",
    )
    parser.add_argument("--dnt", choices=("on", "off", "exception"), help="Do Not Track")
    parser.add_argument("--gpc", choices=("on", "off"), help="Global Privacy Control")
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--off",
        dest="button",
        action="store_const",
        const="off",
        help="nothing on SITE: no signal, no offer, no question",
    )
    whole.add_argument(
        "--on",
        dest="button",
        action="store_const",
        const="on",
        help="--off taken back: SITE gets what the rest of your settings says",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Change what is to be changed, and print what holds.

    Raises:
        PersonError: nothing more was changed.
    """
    site = None
    if options.site is not None:
        site = site_named.one(options.site, everywhere=_EVERYWHERE)
    where = f"sites.{site}" if site else "signals"
    if options.button and not site:
        raise PersonError(
            "usage",
            "--off and --on are for one site.",
            "Name it, or use --dnt off --gpc off.",
        )
    for key in ("dnt", "gpc", "button"):
        if value := getattr(options, key):
            with mistake.asked_for(homes.existing_or_new()) as file:
                file.set(f"{where}.{key}", value)
    settings, wrong = homes.in_force()
    now = datetime.now(UTC)
    told = _of_site(settings, site, now) if site else _of_all(settings, now)
    if wrong:
        print(wrong, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(_site_lines(told) if site else _lines(told)))
    if homes.begun() is None:
        homes.tell_not_yet("Nothing goes out before the button is there.", as_json=options.json)
    return DONE


def _of_site(settings: Settings, site: str, now: datetime) -> dict[str, Any]:
    names = set(names_over(site))
    granted = [one for one in settings.exceptions if one.holds(now) and one.site in names]
    return {
        **_of_name(settings, site, now),
        "exceptions": [_exception(one) for one in granted],
        "unapplied": _unapplied(settings, now, {*names, *_targets(granted)}),
    }


def _of_all(settings: Settings, now: datetime) -> dict[str, Any]:
    return {
        "dnt": settings.signals.dnt,
        "gpc": settings.signals.gpc,
        "sites": [_of_name(settings, name, now) for name in settings.sites],
        "exceptions": [_exception(one) for one in settings.exceptions if one.holds(now)],
        "unapplied": _unapplied(settings, now),
    }


def _of_name(settings: Settings, name: str, now: datetime) -> dict[str, Any]:
    return {
        "site": name,
        "button": "on" if settings.button_on(name) else "off",
        **asdict(settings.signals_sent_to(name, now)),
    }


def _targets(granted: list[Exemption]) -> set[str]:
    return {target for one in granted for target in one.targets or ()}


def _unapplied(
    settings: Settings, now: datetime, names: Set[str] | None = None
) -> list[dict[str, str]]:
    """What is in vain, of these names or of all."""
    return [
        {"name": name, "reason": why}
        for name, why in fitting.misfits(settings, now)
        if names is None or name in names
    ]


def _exception(one: Exemption) -> dict[str, Any]:
    until = time_text(one.until) if one.until else None
    return {"site": one.site, "targets": list(one.targets) if one.targets else None, "until": until}


def _lines(told: dict[str, Any]) -> list[str]:
    lines = ["Everywhere:", *_values(told)]
    for site in told["sites"]:
        lines += _named_lines(site, told)
    return lines + _more_lines(told, {site["site"] for site in told["sites"]})


def _site_lines(told: dict[str, Any]) -> list[str]:
    return _named_lines(told, told) + _more_lines(told, set(names_over(told["site"])))


def _named_lines(site: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """A name and its values; where they, or those of a name over it, are in vain, why that is."""
    name = site["site"]
    in_vain = {one["name"]: _UNAPPLIED[one["reason"]] for one in told["unapplied"]}
    over = next((one for one in names_over(name) if one in in_vain), None)
    if over is None:
        return [f"{name}:", *_site_values(site)]
    return [f"{name}:", f"  {in_vain[over] if over == name else f'{over}: {in_vain[over]}'}"]


def _more_lines(told: dict[str, Any], said: Set[str]) -> list[str]:
    """Exceptions, and the names in vain that were not `said` yet."""
    unapplied = [
        f"{one['name']}: {_UNAPPLIED[one['reason']]}"
        for one in told["unapplied"]
        if one["name"] not in said
    ]
    return _exception_lines(told["exceptions"]) + unapplied


def _site_values(told: dict[str, Any]) -> list[str]:
    return _values(told) if told["button"] == "on" else ["  everything off"]


def _values(told: dict[str, Any]) -> list[str]:
    gpc = "1: do not sell or share my data" if told["gpc"] == "on" else "not sent"
    return [f"  DNT  {_SAID[told['dnt']]}", f"  GPC  {gpc}"]


def _exception_lines(exceptions: list[dict[str, Any]]) -> list[str]:
    return [
        f"On {one['site']}, {', '.join(one['targets']) if one['targets'] else 'everybody'} "
        f"may track you, until {one['until'] or 'you take it back'}."
        for one in exceptions
    ]
