"""`rbutton sites`: what is known of sites, and what they say of how they treat people."""

import base64
import json
import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from rbutton.cli import homes
from rbutton.cli.commands import DONE, NO, Commands, show_verbs
from rbutton.cli.meant import HELP, is_meant
from rbutton.decisions import listing
from rbutton.decisions.plain import escaped
from rbutton.decisions.relationship import relationship
from rbutton.decisions.says import Line, Says, says
from rbutton.decisions.words import local
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.person.seen import Seen, SeenOfSites
from rbutton.person.settings import Settings
from rbutton.person.settings_parsing import parse
from rbutton.shipped.roster import catalogue
from rbutton.terms.encoding import check_origin, from_time_text, host_of
from rbutton.terms.errors import InvalidDocument

_KINDS = {
    "agreement": "Agreement",
    "promise": "Promise",
    "claim": "Claim",
    "request": "Request",
    "unclear": "Unclear",
}


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "sites",
        help="what is known of sites, and what they say of themselves",
        description="What is known of sites: agreements with them, and what they say of "
        "themselves. Nothing is asked for: the button does that.",
    )
    show_verbs(parser)
    verbs = parser.add_subparsers(metavar="VERB")
    several = verbs.add_parser(
        "list",
        help="every site of which something is known",
        description="Each site with the state of the agreement in force with it, else of the last, "
        "the day it was last read, and how much it says; ! counts what contradicts.",
    )
    several.add_argument("--json", action="store_true", help="one JSON object a line")
    several.set_defaults(run=run_list)
    one = verbs.add_parser(
        "show",
        help="all that one site says",
        description="What a site signed, promised or claims, each with the date it was read, and "
        "what contradicts what. Nothing is asked for: the button does that.",
    )
    one.add_argument("site", metavar="SITE", help=HELP)
    one.add_argument("--json", action="store_true", help="one JSON object a site")
    one.add_argument("--raw", action="store_true", help="also the bytes as they were read")
    one.set_defaults(run=run_show)


def run_list(options: Namespace) -> int:
    """Print the list.

    Raises:
        PersonError: what is kept cannot be read.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("No site has said anything yet.", as_json=options.json)
        return DONE
    known = _Known(home)
    found = [known.summary(origin) for origin in known.origins()]
    if options.json:
        for one in found:
            print(json.dumps(one))
    else:
        print(table(found))
    return DONE


def run_show(options: Namespace) -> int:
    """Print what one site says.

    Raises:
        PersonError: what is kept cannot be read, or the site is named in no way there is.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("Nothing is known of that site.", as_json=True)
        return NO
    known = _Known(home)
    # One host may be known by several ports.
    meant = [origin for origin in known.origins() if is_meant(options.site, origin)]
    found = [_show(known, origin, options) for origin in meant or [_origin(options.site)]]
    if any(found):
        return DONE
    print(
        "Nothing is known of that site. All sites of which something is: rbutton sites list",
        file=sys.stderr,
    )
    return NO


def _show(known: "_Known", origin: str, options: Namespace) -> bool:
    """Whether it says anything."""
    shown = known.says(origin)
    rows = known.seen.of_origin(origin) if options.raw else []
    if options.json:
        members: dict[str, Any] = {"state": known.state(origin), **shown.model_dump(mode="json")}
        if options.raw:
            members["read"] = [_read(row) for row in rows]
        print(json.dumps(members))
    else:
        print("\n".join(_told(shown, known.state(origin), rows)))
    return bool(shown.lines)


def table(found: list[dict[str, Any]]) -> str:
    """The list for a person to read."""
    if not found:
        return "No site has said anything yet."
    rows = [("SITE", "AGREEMENT", "READ", "SAYS")]
    for one in found:
        says_what = ", ".join(f"{count} {kind}" for kind, count in one["says"].items() if count)
        against = f"; ! {one['contradictions']}" if one["contradictions"] else ""
        rows.append((one["origin"], one["state"] or "-", _day(one["read"]), says_what + against))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]
        ).rstrip()
        for row in rows
    )


class _Known:
    """All that is kept, and the person's terms as they are now."""

    def __init__(self, home: Home) -> None:
        self.seen = SeenOfSites(home.data / "seen.sqlite3")
        self._ledger = Ledger(home.data / "ledger.sqlite3")
        self._settings = _settings(home)
        self._now = datetime.now(UTC)

    def origins(self) -> list[str]:
        return sorted({*self.seen.origins(), *self._ledger.origins()})

    def state(self, origin: str) -> str | None:
        """Of the agreement in force, else of the last, as `rbutton agreements` has it."""
        offered = listing.one_by_one(self._ledger.of_origin(origin))
        states = [listing.listed(one, catalogue(), self._now).state for one in offered]
        return "active" if "active" in states else states[-1] if states else None

    def says(self, origin: str) -> Says:
        return says(
            origin,
            self.seen.of_origin(origin),
            relationship(origin, self._ledger.of_origin(origin), self._now),
            catalogue(),
            look=self._settings.look_with(host_of(origin)),
            now=self._now,
        )

    def summary(self, origin: str) -> dict[str, Any]:
        shown = self.says(origin)
        return {
            "origin": origin,
            "state": self.state(origin),
            "read": max((row.last for row in self.seen.of_origin(origin)), default=None),
            "says": {kind: sum(line.kind == kind for line in shown.lines) for kind in _KINDS},
            "contradictions": len(shown.contradictions),
        }


def _settings(home: Home) -> Settings:
    """Those in force, as far as a file can tell; nothing is written."""
    for path in (home.terms_file, home.last_good):
        try:
            return parse(path.read_text("utf-8"), list(catalogue().documents))
        except (OSError, UnicodeDecodeError, PersonError):
            continue
    return Settings()


def _told(shown: Says, state: str | None, rows: list[Seen]) -> list[str]:
    told = [shown.origin, f"Agreement: {state}" if state else "Agreement: none"]
    told += [f"! {one}" for one in shown.contradictions]
    for line in shown.lines:
        told += _of_line(line)
    told.append(shown.note)
    for row in rows:
        told += ["", f"{row.what}, {row.url}, {row.outcome}, {row.first} to {row.last}:"]
        told.append(escaped(row.body, len(row.body)))
    return told


def _of_line(line: Line) -> list[str]:
    told = [f"{_KINDS[line.kind]}: {line.text} ({_day(line.at)}, {line.source})"]
    return told + [f"  {one.label}: {one.value}" for one in line.details]


def _read(row: Seen) -> dict[str, str]:
    return {
        "what": row.what,
        "url": row.url,
        "first": row.first,
        "last": row.last,
        "outcome": row.outcome,
        "body": base64.b64encode(row.body).decode("ascii"),
    }


def _origin(site: str) -> str:
    named = site.strip().rstrip("/")
    try:
        return check_origin(named if "://" in named else f"https://{named.lower()}")
    except InvalidDocument as error:
        raise PersonError(
            "usage", f"The site {error}.", "Write https://shop.example, or shop.example."
        ) from None


def _day(text: str | None) -> str:
    return f"{local(from_time_text(text)):%Y-%m-%d}" if text else "-"
