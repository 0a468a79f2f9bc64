"""Every agreement the site holds, for its own records: CSV for spreadsheets, JSON for programs."""

import csv
import json
import unicodedata
from collections.abc import Iterator
from typing import Any, TextIO

from rbutton.site.errors import StoreError
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Kept, Store
from rbutton.terms import agreement, jws, notice
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.errors import InvalidDocument

#: The columns of the CSV file.
COLUMNS = ("id", "state", "since", "until", "ended", "terms", "own", "supersedes", "key", "reason")
_PAGE = 500
# What a spreadsheet takes for the start of a formula, in full width, too.
_FORMULA = tuple("=+-@|%＝＋－＠")


def write_csv(store: Store, policy: SitePolicy, file: TextIO) -> int:
    """One row an agreement, oldest first, after the names of the columns: how many.

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    number = 0
    for members in _members(store, policy):
        rows.writerow([_cell(members[column]) for column in COLUMNS])
        number += 1
    return number


def write_json(store: Store, policy: SitePolicy, file: TextIO) -> int:
    """One JSON object an agreement, a line each, oldest first: how many.

    It has what was signed, too: `jws`, and `notice` with the person's withdrawal, or null.
    """
    number = 0
    for members in _members(store, policy):
        print(json.dumps(members, ensure_ascii=False), file=file)
        number += 1
    return number


def _members(store: Store, policy: SitePolicy) -> Iterator[dict[str, Any]]:
    last: Kept | None = None
    while page := store.agreements(after=last, limit=_PAGE):
        for kept in page:
            yield _of(kept, store, policy)
        last = page[-1]


def _of(kept: Kept, store: Store, policy: SitePolicy) -> dict[str, Any]:
    try:
        signed = agreement.read(kept.body).agreement
    except InvalidDocument as error:
        raise StoreError(
            f"The agreement {kept.id} in the store is damaged: {error}. Put the store back from a "
            "backup."
        ) from None
    roster = [term.id for term in signed.terms if isinstance(term, RosterTerm)]
    own = [term.clauses for term in signed.terms if not isinstance(term, RosterTerm)]
    told = store.notice(kept.id) if kept.state == "withdrawn" else None
    return {
        "id": kept.id,
        "state": kept.state,
        "since": kept.at,
        "until": kept.until,
        "ended": kept.ended,
        "terms": roster,
        "own": own[0] if own else None,
        "supersedes": signed.supersedes,
        "key": _whose(signed, policy),
        "reason": told and _reason(told.body),
        "jws": json.loads(kept.body),
        "notice": told and json.loads(told.body),
    }


def _whose(signed: agreement.Agreement, policy: SitePolicy) -> str:
    """Which of the site's keys signed: "foreign" where it is none of those that are known."""
    if signed.site.jwk == policy.jwk:
        return "current"
    return "former" if policy.is_ours(signed.site.jwk) else "foreign"


def _reason(body: bytes) -> str | None:
    told = notice.read(jws.parse(body, "notice")).notice
    return told.body.reason if isinstance(told, notice.Withdraw) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        text = " ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    # What is drawn as nothing would hide the sign that begins a formula.
    text = "".join(one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text[:1].isspace() else text
