"""Promises: made, read, and not believed where anything about them is wrong."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.site.policy import PromiseOf
from rbutton.terms import documents, policy, promise
from rbutton.terms.agreement import OwnTerm, RosterTerm, Term
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.errors import BadSignature, InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey
from tests import shops, strategies
from tests.shops import NOW, ORIGIN, SITE_KEY, a_hash, other_key
from tests.sites import compact, raw_jws, raw_signature

UNTIL = NOW + timedelta(days=200)
KEYS = [PublicKey.of(SITE_KEY)]
DNT = RosterTerm.of(catalogue().documents["do-not-track"])


def make(*terms: Term) -> dict[str, Any]:
    return promise.make(origin=ORIGIN, terms=terms or [DNT], until=UNTIL, key=SITE_KEY)


def verify(member: dict[str, Any], **changes: Any) -> promise.Promise:
    given: dict[str, Any] = {"origin": ORIGIN, "keys": KEYS, "catalogue": catalogue(), "now": NOW}
    given |= changes
    return promise.verify(member, **given)


def payload(member: dict[str, Any]) -> dict[str, Any]:
    return documents.parse(from_b64u(member["payload"]), "payload")


def resigned(**changes: Any) -> dict[str, Any]:
    members = documents.canonical(payload(make()) | changes)
    made: dict[str, Any] = json.loads(raw_jws(members, raw_signature(SITE_KEY, members)))
    return made


def test_what_was_made_is_read() -> None:
    own = OwnTerm(id="own", clauses={"sell": "never"})
    made = verify(make(own, DNT))
    assert made.terms == [DNT, own]
    assert (made.origin, made.until) == (ORIGIN, "2027-06-10T10:00:00Z")


def test_the_same_promise_has_the_same_bytes() -> None:
    assert make() == make()


def test_a_policy_carries_it() -> None:
    """As an agent reads it."""
    served = shops.policy(promises=PromiseOf(("do-not-track",), UNTIL)).body
    read = policy.read(served, ORIGIN, catalogue().vocabulary, NOW)
    assert verify(read.document.promise, keys=read.keys).terms == [DNT]


NOT_KEPT: dict[str, tuple[Callable[[], dict[str, Any]], type[Exception]]] = {
    "another origin": (lambda: resigned(origin="https://other.example"), InvalidDocument),
    "another type": (lambda: resigned(type="agreement"), InvalidDocument),
    "no term": (lambda: resigned(terms=[]), InvalidDocument),
    "a term twice": (lambda: resigned(terms=[DNT.model_dump()] * 2), InvalidDocument),
    "no end": (lambda: resigned(until=None), InvalidDocument),
    "another hash": (
        lambda: resigned(terms=[DNT.model_dump() | {"sha256": a_hash()}]),
        UnknownTerms,
    ),
    "an unknown clause": (
        lambda: resigned(terms=[{"id": "own", "clauses": {"zebra": "never"}}]),
        UnknownTerms,
    ),
    "two signatures": (
        lambda: make() | {"signatures": make()["signatures"] * 2},
        BadSignature,
    ),
    "empty": (dict, InvalidDocument),
}


@pytest.mark.parametrize(("member", "error"), NOT_KEPT.values(), ids=NOT_KEPT)
def test_what_is_wrong_with_it_is_told(
    member: Callable[[], dict[str, Any]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        verify(member())


def test_a_key_the_policy_does_not_name_counts_for_nothing() -> None:
    with pytest.raises(BadSignature):
        verify(make(), keys=[PublicKey.model_validate(other_key())])
    with pytest.raises(BadSignature):
        verify(make(), keys=[])


def test_it_ends() -> None:
    verify(make(), now=UNTIL - timedelta(seconds=1))
    with pytest.raises(InvalidDocument, match="ended"):
        verify(make(), now=UNTIL)


def test_nothing_changed_under_its_signature_counts() -> None:
    whole = make()
    for what, members in strategies.mutants(payload(whole)):
        with pytest.raises(InvalidDocument):
            pytest.fail(f"{what}: {verify(whole | {'payload': b64u(compact(members))})}")


@pytest.mark.parametrize(
    "changes",
    [{"terms": ("zebra",)}, {"own": {"sell": "x"}}, {"until": UNTIL.replace(tzinfo=None)}],
)
def test_a_site_cannot_promise_what_nobody_could_read(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"terms": ("do-not-track",), "until": UNTIL} | changes
    with pytest.raises(ValueError, match="promise"):
        shops.policy(promises=PromiseOf(**given))
