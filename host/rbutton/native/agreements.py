"""What was offered and signed: page by page, one agreement in full, and forgetting a site."""

import json
from datetime import datetime
from typing import Any

from rbutton.decisions import listing, reply
from rbutton.decisions.forgetting import still_holds
from rbutton.decisions.relationship import relationship
from rbutton.decisions.view.agreed import in_full
from rbutton.native.messages import Agreements, Forget, OneAgreement
from rbutton.native.requests import RequestError
from rbutton.person.forgetting import erase
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms.errors import InvalidDocument

#: The most rows of a page, and about how many bytes of them as JSON: far less than a browser takes.
ROWS = 100
BYTES = 131_072


def page(ledger: Ledger, request: Agreements, now: datetime) -> dict[str, Any]:
    """docs/native.md, "agreements"."""
    find = (request.find or "").strip().lower()
    # One more than is shown tells whether there is a next page.
    found = ledger.offered(before=request.after, find=find, limit=ROWS + 1)
    rows: list[dict[str, Any]] = []
    left, last = BYTES, None
    for records in found.agreements[:ROWS]:
        row = listing.listed(records, catalogue(), now).model_dump(mode="json")
        left -= len(json.dumps(row))
        if rows and left < 0:
            break
        rows.append(row)
        last = records[0].seq
    more = len(found.agreements) > len(rows)
    return {"rows": rows, "next": last if more else None, "total": found.total}


def one(ledger: Ledger, request: OneAgreement, now: datetime) -> dict[str, Any]:
    """docs/native.md, "agreement"."""
    of_site = listing.one_by_one(ledger.of_origin(request.origin))
    records = next((one for one in of_site if one[0].agreement == request.agreement), None)
    if records is None:
        raise RequestError("unknown-agreement", "There is no such agreement on record.")
    document = listing.held(records)
    try:
        signed = agreements.read(document.body)
    except InvalidDocument as error:
        raise listing.damaged(document, str(error)) from None
    answer = next((one for one in reversed(records) if one.kind == "declined"), None)
    return {
        "row": listing.listed(records, catalogue(), now).model_dump(mode="json"),
        "agreement": in_full(signed, document.at, catalogue()).model_dump(mode="json"),
        "words": reply.words_of(answer.body) if answer else None,
    }


def forget(home: Home, ledger: Ledger, request: Forget, now: datetime) -> dict[str, Any]:
    """docs/native.md, "forget"."""
    records = ledger.of_origin(request.origin)
    holds = list(still_holds(relationship(request.origin, records, now), now))
    goes = request.sure and (request.anyway or not holds)
    if goes:
        erase(home, ledger, {request.origin: records}, [request.origin])
    return {
        "records": len(records),
        "agreements": len({record.agreement for record in records}),
        "holds": holds,
        "erased": goes,
    }
