"""The list of agreements as the host answers it: every fate, page by page, and one in full."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rbutton.cli import agreements as command
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.terms import agreement as agreements
from rbutton.terms.agreement import SignedAgreement
from tests import ledgers
from tests.host_process import Host
from tests.sites import Site
from tests.visiting import greeted

#: What the popup calls what the list calls by its state.
REASONS = {
    "active": "signed",
    "proffered": "waiting",
    "unanswered": "unanswered",
    "declined": "declined",
    "refused": "refused",
    "withdrawn": "withdrawn",
}
SEALED = {"https://signed.example", "https://withdrawn.example"}
TITLE = "Only what the service needs, and my data is mine too"


@pytest.fixture
def made(home: Path) -> dict[str, SignedAgreement]:
    """A home whose ledger has an agreement of each fate."""
    return ledgers.one_of_each(home / "ledger.sqlite3", datetime.now(UTC))


def page(running: Host, after: int | None = None, find: str | None = None) -> Any:
    """One page of the list."""
    return running.result("agreements", after=after, find=find)


def ids(answer: Any) -> list[str]:
    """Of its rows, from the top."""
    return [row["id"] for row in answer["rows"]]


def test_the_list_has_what_the_command_tells_newest_first(
    home: Path, made: dict[str, SignedAgreement], running: Host
) -> None:
    answer = page(running)
    assert ids(answer) == [one.id for one in reversed(made.values())]
    assert (answer["next"], answer["total"]) == (None, len(made))
    told = command.listed(Home.in_one_folder(home))
    for row, one in zip(answer["rows"], reversed(told), strict=True):
        assert {
            name: row[name] for name in ("origin", "id", "state", "since")
        }.items() <= one.items()
        assert [term["id"] for term in row["terms"]] == one["terms"]
        assert "jws" not in row


def test_a_row_says_who_what_and_whether_both_signed(
    made: dict[str, SignedAgreement], running: Host
) -> None:
    del made
    for row in page(running)["rows"]:
        assert row["terms"] == [{"id": "SD-BASE-DP", "title": TITLE}]
        assert row["calls_itself"] == "Example Shop Ltd"
        assert row["sealed"] is (row["origin"] in SEALED)


def test_the_list_and_the_popup_agree(made: dict[str, SignedAgreement], running: Host) -> None:
    """They fold the same records by the same rules."""
    rows = page(running)["rows"]
    assert {row["state"] for row in rows} == REASONS.keys()
    for row in rows:
        view = running.result("visit", origin=row["origin"], announced=False, policy=None)["view"]
        assert view["reason"] == REASONS[row["state"]]
    del made


def test_a_site_that_was_offered_twice_has_two_rows(home: Path, running: Host) -> None:
    """The decline stays a decline, whatever was signed later."""
    now = datetime.now(UTC)
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        first = ledgers.fated(ledger, Site(), now - ledgers.HOUR, "declined")
        second = ledgers.fated(ledger, Site(), now, "signed")
    answer = page(running)
    assert ids(answer) == [second.id, first.id]
    assert [row["state"] for row in answer["rows"]] == ["active", "declined"]


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("signed.example", ["signed"]),
        ("SIGNED", ["signed"]),
        ("  https://stale  ", ["stale"]),
        ("ed.example", ["refused", "declined", "signed"]),
        ("", list(ledgers.FATES)[::-1]),
        ("%", []),
        ("nowhere", []),
        ("é" * 900, []),
    ],
)
def test_sites_are_found_by_a_part_of_their_address(
    made: dict[str, SignedAgreement], running: Host, find: str, found: list[str]
) -> None:
    answer = page(running, find=find)
    assert ids(answer) == [made[fate].id for fate in found]
    assert answer["total"] == len(found)


def test_what_is_offered_while_somebody_pages_moves_nothing(home: Path, running: Host) -> None:
    """The next page goes on where the first ended; the new one is on top of a list asked anew."""
    path = home / "ledger.sqlite3"
    made = [one.id for one in ledgers.many(path, 230)][::-1]
    first = page(running)
    with Ledger(path).writing() as ledger:
        new = ledgers.fated(ledger, Site(), datetime.now(UTC), "signed")
    second = page(running, first["next"])
    third = page(running, second["next"])
    assert ids(first) + ids(second) + ids(third) == made
    assert [len(ids(one)) for one in (first, second, third)] == [100, 100, 30]
    assert third["next"] is None
    assert ids(page(running))[0] == new.id
    # Also when it is a part of them that is looked for.
    some = page(running, find="site-2")
    assert some["total"] == len([number for number in range(230) if f"{number}".startswith("2")])


def test_a_list_that_ends_with_a_page_has_no_next(home: Path, running: Host) -> None:
    ledgers.many(home / "ledger.sqlite3", 100)
    answer = page(running)
    assert (len(answer["rows"]), answer["next"]) == (100, None)


def test_nothing_yet_is_an_empty_list(running: Host) -> None:
    assert page(running) == {"rows": [], "next": None, "total": 0}
    assert page(running, after=7) == {"rows": [], "next": None, "total": 0}


def whole(running: Host, one: SignedAgreement) -> Any:
    """One agreement in full."""
    return running.result("agreement", origin=one.agreement.site.origin, agreement=one.id)


def test_one_agreement_in_full(made: dict[str, SignedAgreement], running: Host) -> None:
    """As the popup has it, of whatever fate; anybody can verify what is in it."""
    rows = {row["id"]: row for row in page(running)["rows"]}
    for fate, one in made.items():
        told = whole(running, one)
        assert told["row"] == rows[one.id]
        assert told["words"] == ("We count visits." if fate == "declined" else None)
        assert told["agreement"].keys() == {"id", "since", "until", "terms", "jws"}
        (term,) = told["agreement"]["terms"]
        assert (term["id"], term["title"]) == ("SD-BASE-DP", TITLE)
        assert "No tracking." in term["text"]
        signed = agreements.read(told["agreement"]["jws"].encode())
        assert signed.id == told["agreement"]["id"] == one.id
        assert signed.sealed is told["row"]["sealed"]
    view = running.result("visit", origin="https://signed.example", announced=False, policy=None)
    assert whole(running, made["signed"])["agreement"] == view["view"]["agreement"]


def test_an_agreement_that_is_not_there_is_refused(
    made: dict[str, SignedAgreement], running: Host
) -> None:
    """Under another origin, too: they belong together."""
    for origin, agreement in (
        ("https://signed.example", "A" * 43),
        ("https://stale.example", made["signed"].id),
        ("https://nobody.example", made["signed"].id),
    ):
        error = running.error("agreement", origin=origin, agreement=agreement)
        assert error["code"] == "unknown-agreement"


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"after": None},
        {"find": None},
        {"after": 0, "find": None},
        {"after": -1, "find": None},
        {"after": True, "find": None},
        {"after": "7", "find": None},
        {"after": None, "find": 7},
        {"after": None, "find": "x" * 1_001},
        {"after": None, "find": None, "rows": 1_000},
    ],
    ids=json.dumps,
)
def test_a_list_asked_for_in_a_wrong_way_is_refused(running: Host, members: Any) -> None:
    assert running.error("agreements", **members)["code"] == "malformed"


@pytest.mark.parametrize(
    "change",
    [
        "body = x'7b7d' WHERE kind = 'sealed'",
        "body = x'ff' WHERE kind = 'proffer'",
        "body = x'5b5d' WHERE kind = 'response'",
        "agreement = 'x' WHERE kind = 'proffer'",
        "kind = 'proffer' WHERE kind = 'declined'",
    ],
)
def test_a_damaged_record_is_told_with_its_number(home: Path, change: str) -> None:
    """A sentence, and what to do; no other request minds."""
    path = home / "ledger.sqlite3"
    with Ledger(path).writing() as ledger:
        ledgers.fated(ledger, Site(), datetime.now(UTC), "signed")
        one = ledgers.fated(ledger, Site(origin="https://a.example"), datetime.now(UTC), "waiting")
        ledger.append("response", "2026-11-22T10:00:00Z", "https://a.example", one.id, b"{}")
        ledgers.fated(ledger, Site(origin="https://no.example"), datetime.now(UTC), "declined")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE record SET {change}")
        connection.commit()
    with greeted(home) as running:
        error = running.error("agreements", after=None, find=None)
        assert error["code"] == "ledger"
        assert error["message"].startswith("Record ")
        assert "backup" in error["fix"]
        assert running.hello()
        assert "Traceback" not in running.log()
