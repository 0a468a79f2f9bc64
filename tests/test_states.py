"""The state tables: document and code say the same, and the code does it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from rbutton.decisions import states as persons
from rbutton.person.ledger import Kind
from rbutton.site import states as sites
from rbutton.site.messages import Response
from rbutton.terms import agreement, jws, notice
from tests.shops import NOW, Proffer, Shop, policy, proffer
from tests.test_docs import PROTOCOL, spans, table
from tests.test_site import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def moves(*headings: str) -> list[tuple[str, str, str]]:
    """State, what comes and next state, of each row of a table."""
    rows = []
    for before, what, after in table(PROTOCOL, *headings):
        rows.append((spans(before)[0], spans(what)[0], spans(after)[0]))
    return rows


def in_code(of: object) -> set[tuple[str, str, str]]:
    """The same of a table in code."""
    assert isinstance(of, dict)
    return {(before, by, after) for before, row in of.items() for by, after in row.items()}


def test_the_persons_table_is_the_documents() -> None:
    """Row for row, none of them twice."""
    rows = moves("the agent has it as", "on record", "then it is")
    assert len(rows) == len(set(rows))
    assert set(rows) == in_code(persons.TABLE)


def test_the_sites_table_is_the_documents() -> None:
    rows = moves("the site has it as", "what comes", "then it is")
    assert len(rows) == len(set(rows))
    assert set(rows) == in_code(sites.TABLE)


@pytest.mark.parametrize("module", [persons, sites], ids=["person", "site"])
def test_a_table_has_every_state_and_no_other(module: object) -> None:
    known = set(get_args(module.State))  # type: ignore[attr-defined]
    of = module.TABLE  # type: ignore[attr-defined]
    assert set(of) == known
    assert {after for row in of.values() for after in row.values()} <= known


def test_the_persons_table_names_kinds_of_record() -> None:
    assert {by for row in persons.TABLE.values() for by in row} <= set(get_args(Kind))


def test_what_was_ended_never_comes_back() -> None:
    """By no way through the tables."""

    def reached(of: object, start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            state = waiting.pop()
            for before, _, after in in_code(of):
                if before == state and after not in found:
                    found.add(after)
                    waiting.append(after)
        return found

    assert reached(persons.TABLE, "withdrawn") == set()
    assert reached(persons.TABLE, "replaced") == {"withdrawn"}
    assert reached(sites.TABLE, "withdrawn") == {"withdrawn"}
    assert reached(sites.TABLE, "superseded") == {"withdrawn"}
    assert reached(sites.TABLE, "voided") == {"voided"}


# What the site's table says is what the endpoint does


class Case:
    """A shop that has something in some state."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder / "store.sqlite3", policy(accepts=["SD-BASE-DP"]))
        self.countering = policy(accepts=["SD-BASE"], counter=["SD-BASE"])

    def sealed(self) -> tuple[Proffer, bytes]:
        offered = proffer(self.shop.policy)
        assert self.shop.post(offered.body).status == 200
        return offered, offered.body

    def superseded(self) -> tuple[Proffer, bytes]:
        old, body = self.sealed()
        new = proffer(self.shop.policy)
        assert self.shop.post(new.resigned(supersedes=old.id)).status == 200
        return old, body

    def withdrawn(self) -> tuple[Proffer, bytes]:
        ended, body = self.sealed()
        assert self.withdraw(ended.id, ended).status == 200
        return ended, body

    def countered(self) -> tuple[Proffer, bytes]:
        self.shop.policy = self.countering
        offered = proffer(self.shop.policy, "SD-BASE-DP")
        assert self.shop.post(offered.body).status == 200
        return offered, offered.body

    def offered(self) -> tuple[Proffer, bytes]:
        """Its counter, signed by both."""
        offered, body = self.countered()
        return offered, offered.accepts(self.shop.post(body).body)

    def voided(self) -> tuple[Proffer, bytes]:
        offered, body = self.countered()
        assert self.withdraw(offered.id, offered).status == 200
        return offered, body

    def declined(self) -> tuple[Proffer, bytes]:
        offered = proffer(self.shop.policy, "no-stalking")
        assert self.shop.post(offered.body).status == 403
        return offered, offered.body

    def withdraw(self, ending: str, by: Proffer) -> Response:
        return self.shop.post(notice.withdraw(ending, by.key, NOW).body)

    def state(self, one: str) -> str:
        """The state in the store."""
        known = self.shop.store.known(one, self.shop.now)
        assert known
        return known.state


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


ANSWERS = {
    spans(state)[0]: answer
    for state, _, answer in table(
        PROTOCOL, "the site has it as", "what it is", "the same payload gets"
    )
}


def test_every_state_has_its_answer() -> None:
    assert set(ANSWERS) == set(get_args(sites.State)) == set(sites.ANSWER)


@pytest.mark.parametrize("state", get_args(sites.State))
def test_each_state_answers_as_the_document_says(case: Case, state: str) -> None:
    """The same once and again."""
    make: Callable[[], tuple[Proffer, bytes]] = getattr(case, state)
    _, body = make()
    before = agreement.read(body).id
    assert case.state(before) == state
    told = re.search(r"(\d+) (?:`([\w-]+)`|and the (agreement|counter))", ANSWERS[state])
    assert told
    status, code, what = told.groups()
    for _ in range(2):
        response = case.shop.post(body)
        if code:
            assert refusal(response) == (int(status), code)
            continue
        assert response.status == int(status) == 200
        answered = agreement.read(response.body)
        assert answered.sealed == (what == "agreement")
        assert (answered.id == before) == (what == "agreement")


@pytest.mark.parametrize("why", ["conflict", "expired", "unknown-terms"])
def test_a_refusal_is_as_final_as_a_decline(case: Case, why: str) -> None:
    """Also when the policy is the earlier one again, or the clock was set; not for ever."""
    before, offered = case.shop.policy, proffer(case.shop.policy)
    body = offered.body
    match why:
        case "conflict":
            case.shop.policy = case.countering
        case "expired":
            case.shop.now = NOW - 7 * MINUTE
        case "unknown-terms":
            body = offered.resigned(terms=[{"id": "own", "clauses": {"zebra": "never"}}])
    refused = refusal(case.shop.post(body))
    assert refused[1] == why
    assert f"{refused[0]} `{why}`" in ANSWERS["declined"]
    case.shop.policy, case.shop.now = before, NOW
    assert refusal(case.shop.post(body)) == refused
    # A second day's rows make room for others.
    case.shop.now = NOW + DAY
    assert refusal(case.shop.post(body)) == (410, "expired")
    assert case.shop.store.known(agreement.read(body).id, case.shop.now) is None


def test_a_proffer_of_next_year_is_not_remembered_till_then(case: Case) -> None:
    """Or anybody could fill the store for a year."""
    offered = proffer(case.shop.policy, now=NOW + 365 * DAY)
    assert refusal(case.shop.post(offered.body)) == (410, "expired")
    assert case.state(offered.id) == "declined"
    case.shop.now = NOW + 2 * DAY
    assert case.shop.store.known(offered.id, case.shop.now) is None


def test_a_proffer_of_last_year_is_not_remembered_at_all(case: Case) -> None:
    """No clock that is only somewhat off would sign it."""
    offered = proffer(case.shop.policy, now=NOW - 365 * DAY)
    assert refusal(case.shop.post(offered.body)) == (410, "expired")
    assert case.shop.store.known(offered.id, NOW - 365 * DAY) is None


def test_a_counter_that_comes_back_without_the_persons_signature_is_malformed(case: Case) -> None:
    """And is open still."""
    offered, _ = case.countered()
    counter = case.shop.post(offered.body).body
    assert refusal(case.shop.post(counter)) == (400, "malformed")
    assert "400 `malformed`" in ANSWERS["offered"]
    assert case.state(agreement.read(counter).id) == "offered"


@pytest.mark.parametrize("state", get_args(sites.State))
def test_a_withdraw_moves_each_state_as_the_document_says(case: Case, state: str) -> None:
    """404 where there is no row for it; else acknowledged, again and again."""
    make: Callable[[], tuple[Proffer, bytes]] = getattr(case, state)
    offered, body = make()
    ending = agreement.read(body).id
    after = sites.TABLE[state].get("withdraw")  # type: ignore[index]
    for _ in range(2):
        response = case.withdraw(ending, offered)
        if after is None:
            assert refusal(response) == (404, "unknown-agreement")
            assert case.state(ending) == state
            continue
        told = notice.read(jws.parse(response.body, "notice")).notice
        assert (told.kind, told.under) == ("acknowledge", ending)
        assert case.state(ending) == after


def test_a_counter_that_is_accepted_moves_on(case: Case) -> None:
    _, body = case.offered()
    one = agreement.read(body).id
    case.shop.post(body)
    assert case.state(one) == sites.TABLE["offered"]["accepted"]


def test_a_counter_that_is_sealed_outlives_its_proffer(case: Case) -> None:
    """What voids the proffer does not end what both signed."""
    offered, body = case.offered()
    case.shop.post(body)
    assert case.withdraw(offered.id, offered).status == 200
    assert case.state(offered.id) == "voided"
    assert case.state(agreement.read(body).id) == "sealed"
