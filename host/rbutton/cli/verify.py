"""`rbutton verify`: checks the whole ledger, and names the first bad record."""

import json
from argparse import Namespace
from typing import Any

from rbutton.cli import homes
from rbutton.cli.commands import DONE, NO, Commands, count
from rbutton.cli.counting import counted
from rbutton.person.ledger import Ledger
from rbutton.person.verification import BadRecord, Verification, verified


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "verify",
        help="check every record and signature of your ledger",
        description="Checks that your ledger is as it was kept: the chain of its records, and "
        "every signature, id and hash in them.",
    )
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Check, and tell.

    Raises:
        PersonError: the ledger cannot be read at all.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("Nothing is in your ledger yet.", as_json=options.json)
        if options.json:
            print(json.dumps({"records": 0, "agreements": 0, "erased": 0, "bad": None}))
        return DONE
    ledger = Ledger(home.data / "ledger.sqlite3")
    tail, verification = ledger.tail(), Verification()
    bad: BadRecord | None = None
    try:
        with counted("Checking your ledger") as progress:
            for _ in verified(ledger, tail, progress, verification):
                pass
    except BadRecord as error:
        bad = error
    if options.json:
        members: dict[str, Any] = {
            "records": tail.records,
            "agreements": len(verification.agreements),
            "erased": verification.erased,
            "bad": bad and _members(bad),
        }
        print(json.dumps(members))
    elif bad:
        print(f"{bad.message}\n{bad.fix}")
    else:
        erased = f"; {verification.erased:,} of them erased" if verification.erased else ""
        about = count(len(verification.agreements), "agreement")
        print(
            f"Your ledger is whole: {count(tail.records, 'record')}{erased}. "
            f"Every signature of {about} was checked."
        )
    return NO if bad else DONE


def _members(bad: BadRecord) -> dict[str, Any]:
    return {
        "record": bad.number,
        "kind": bad.kind,
        "origin": bad.origin,
        "why": bad.why,
        "fix": bad.fix,
    }
