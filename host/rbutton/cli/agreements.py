"""`rbutton agreements`: every agreement ever offered, and where it stands."""

import json
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from rbutton.cli import homes
from rbutton.cli.commands import DONE, Commands
from rbutton.decisions import listing
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.words import local
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.shipped.roster import catalogue
from rbutton.terms.encoding import from_time_text


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "agreements",
        help="what was offered, and what was signed",
        description="Every agreement that was ever offered: with whom, where it stands and since "
        "when. “withdrawn” is what you ended or took back, “expired” what ran out.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print the list.

    Raises:
        PersonError: the ledger cannot be read, or was changed.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("No agreement yet.", as_json=options.json)
        return DONE
    found = listed(home)
    if options.json:
        for one in found:
            print(json.dumps(one))
    else:
        print(table(found))
    return DONE


def listed(home: Home) -> list[dict[str, Any]]:
    """One object an agreement, in the order they were offered.

    Returns:
        `origin`, `id`, `state`, `terms` (ids), `since` and `until` (RFC 3339; null: for good), and
        `jws`: what the person holds of it, a proffer or a sealed agreement.

    Raises:
        PersonError: the ledger cannot be read, or was changed.
    """
    now = datetime.now(UTC)
    found = []
    for records in listing.one_by_one(Ledger(home.data / "ledger.sqlite3").all()):
        one = listing.listed(records, catalogue(), now)
        found.append(
            {
                "origin": one.origin,
                "id": one.id,
                "state": one.state,
                "terms": [term.id for term in one.terms],
                "since": one.since,
                "until": one.until,
                "jws": json.loads(listing.held(records).body),
            }
        )
    return found


def table(found: list[dict[str, Any]]) -> str:
    """The list for a person to read."""
    if not found:
        return "No agreement yet. Visit a site that takes terms, and click in its page."
    rows = [("SITE", "STATE", "SINCE", "TERMS")]
    for one in found:
        titles = [title_of(term, catalogue()) for term in one["terms"]]
        since = f"{local(from_time_text(one['since'])):%Y-%m-%d %H:%M}"
        rows.append((one["origin"], one["state"], since, "; ".join(titles)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]
        )
        for row in rows
    )
