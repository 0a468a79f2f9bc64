"""`rbutton agreements`: every agreement ever offered, and where it stands."""

import json
from typing import TYPE_CHECKING, Any

from rbutton.decisions.relationship import tried_out
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Kind, Ledger, Record
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms.encoding import from_time_text
from rbutton.terms.errors import InvalidDocument

if TYPE_CHECKING:
    from datetime import datetime

_STATES: dict[Kind, str] = {
    "proffer": "proffered",
    "sealed": "active",
    "declined": "declined",
    "refused": "refused",
}


def listed(home: Home) -> list[dict[str, Any]]:
    """One object an agreement, oldest first.

    Returns:
        `origin`, `id`, `state`, `terms` (ids), `since` (RFC 3339), and `jws`: what the person
        holds of it, a proffer or a sealed agreement.

    Raises:
        PersonError: the ledger cannot be read, or was changed.
    """
    by_id: dict[str, dict[str, Any]] = {}
    sent: dict[str, list[datetime]] = {}
    records = Ledger(home.data / "ledger.sqlite3").all()
    for record in records:
        if record.kind in ("proffer", "sealed"):
            by_id[record.agreement] = _from_signed(record)
            sent[record.agreement] = []
        elif record.kind == "sent":
            sent[record.agreement].append(from_time_text(record.at))
            one = by_id[record.agreement]
            if one["state"] == "proffered" and tried_out(sent[record.agreement]):
                by_id[record.agreement] |= {"state": "unanswered", "since": record.at}
        elif record.kind in ("declined", "refused"):
            by_id[record.agreement] |= {"state": _STATES[record.kind], "since": record.at}
    return list(by_id.values())


def table(found: list[dict[str, Any]]) -> str:
    """The list for a person to read."""
    if not found:
        return "No agreement yet. Visit a site that takes terms, and click in its page."
    documents = catalogue().documents
    rows = [("SITE", "STATE", "SINCE", "TERMS")]
    for one in found:
        titles = [documents[term].title if term in documents else term for term in one["terms"]]
        since = f"{from_time_text(one['since']).astimezone():%Y-%m-%d %H:%M}"
        rows.append((one["origin"], one["state"], since, "; ".join(titles)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]
        )
        for row in rows
    )


def _from_signed(record: Record) -> dict[str, Any]:
    try:
        signed = agreements.read(record.body)
    except InvalidDocument as error:
        raise PersonError(
            "ledger",
            f"Record {record.seq} of the ledger is not what was signed: {error}.",
            "Put ledger.sqlite3 back from a backup.",
        ) from None
    return {
        "origin": record.origin,
        "id": record.agreement,
        "state": _STATES[record.kind],
        "terms": [term.id for term in signed.agreement.terms],
        "since": record.at,
        "jws": json.loads(record.body),
    }
