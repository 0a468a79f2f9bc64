"""The whole exchange on the site's side, on both databases: own terms, counters, what ends what."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given

from rbutton.shipped.roster import catalogue
from rbutton.site.messages import Response
from rbutton.site.policy import SitePolicy
from rbutton.terms import agreement, jws, notice
from rbutton.terms.agreement import COUNTER_STANDS
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import time_text
from rbutton.terms.keys import PublicKey
from tests import strategies
from tests.shops import NOW, SITE_KEY, Proffer, Shop, a_hash, policy, proffer
from tests.sites import payload_of, raw_jws, raw_signature
from tests.test_site import refusal

MakeShop = Callable[[SitePolicy], Shop]

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LIMITS = {"track.offsite": "never", "share": "anonymised", "retain": "P1M", "purpose": []}
#: Signs SD-BASE and do-not-track; to whoever brings anything else it offers SD-BASE.
COUNTERING = policy(accepts=["SD-BASE", "do-not-track"], counter=["SD-BASE"], limits=LIMITS)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeShop]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql").url()
    made: list[Shop] = []

    def make(under: SitePolicy) -> Shop:
        made.append(Shop(tmp_path / "store.sqlite3", under, url=url))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    return make_shop(COUNTERING)


def own(offered: Proffer, **clauses: Any) -> bytes:
    named = {name.replace("__", "."): value for name, value in clauses.items()}
    return offered.resigned(terms=[{"id": "own", "clauses": named}])


class TestOwnTerms:
    @pytest.mark.parametrize(
        "clauses",
        [
            {"track__offsite": "never"},
            {"track__offsite": "consent", "share": "identified"},
            {"retain": "P31D", "purpose": ["ServiceProvision"], "share": "anonymised"},
        ],
    )
    def test_within_the_limits_they_are_signed(self, shop: Shop, clauses: dict[str, Any]) -> None:
        offered = proffer(shop.policy)
        response = shop.post(own(offered, **clauses))
        assert response.status == 200
        sealed = agreement.read(response.body)
        assert sealed.sealed
        assert sealed.agreement.terms[0].id == "own"

    @pytest.mark.parametrize(
        "clauses",
        [
            {"share": "none"},
            {"retain": "P30D"},
            {"sell": "never"},
            {"track__offsite": "never", "sell": "never"},
        ],
        ids=["stricter", "shorter", "not stated", "one of two"],
    )
    def test_beyond_them_they_are_not(self, make_shop: MakeShop, clauses: dict[str, Any]) -> None:
        """`gap` and `unknown` alike."""
        shop = make_shop(policy(limits=LIMITS))
        assert refusal(shop.post(own(proffer(shop.policy), **clauses))) == (403, "declined")
        assert not shop.kept

    def test_beside_terms_of_the_roster_all_of_it_counts(self, make_shop: MakeShop) -> None:
        shop = make_shop(policy(limits=LIMITS))
        for roster, share, status in [
            ("do-not-track", "identified", 200),
            ("do-not-track", "none", 403),
            ("mine-as-well", "identified", 403),
        ]:
            offered = proffer(shop.policy, roster)
            terms = payload_of(offered.signed)["terms"]
            both = [*terms, {"id": "own", "clauses": {"share": share}}]
            body = offered.resigned(terms=sorted(both, key=lambda term: term["id"]))
            assert shop.post(body).status == status

    @given(strategies.clauses(), strategies.clauses())
    def test_what_is_signed_is_met_clause_by_clause(self, limits: Any, wanted: Any) -> None:
        """Reckoned again, by the table of the protocol and not by the kit's own comparison."""
        # A document of the exchange has no longer lists.
        assume(wanted and not any(len(value) > 64 for value in limits.values()))
        site = policy(limits=limits)
        term = agreement.OwnTerm(id="own", clauses=wanted)
        expected = all(
            name in limits and _meets(name, limits[name], wanted[name]) for name in wanted
        )
        assert site.signs([term]) == expected


def _meets(name: str, practice: Any, limit: Any) -> bool:
    if isinstance(practice, list):
        return set(practice) <= set(limit)
    if name == "retain":
        return _days(practice) <= _days(limit)
    chain = catalogue().vocabulary.by_name[name].values  # type: ignore[union-attr]
    return chain.index(practice) <= chain.index(limit)


def _days(span: str) -> int:
    return int(span[1:-1]) * {"D": 1, "M": 31, "Y": 366}[span[-1]]


def counter_of(response: Response) -> agreement.SignedAgreement:
    """The counter in a response, which must be one."""
    assert response.status == 200
    made = agreement.read(response.body)
    assert (made.by_person, made.by_site) == (False, True)
    return made


class TestCounter:
    def test_it_differs_from_the_proffer_in_four_members(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        shop.now = NOW + 4 * SECOND
        made = counter_of(shop.post(offered.body))
        old, new = payload_of(offered.signed), payload_of(made)
        changed = {"terms", "proffered", "answer_by", "answers"}
        assert {name for name in new if new[name] != old[name]} == changed
        assert new["answers"] == offered.id
        assert new["proffered"] == time_text(shop.now)
        assert new["answer_by"] == time_text(shop.now + COUNTER_STANDS)
        (term,) = made.agreement.terms
        assert isinstance(term, agreement.RosterTerm)
        assert catalogue().holds("SD-BASE", term.sha256, term.clauses)
        assert not shop.kept

    def test_the_same_proffer_gets_the_same_counter(self, shop: Shop) -> None:
        """Whatever was changed meanwhile, and for longer than it can be accepted."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        first = shop.post(offered.body)
        shop.policy = policy(accepts=["SD-BASE-DP"])
        for later in (SECOND, DAY, 7 * DAY, 30 * DAY):
            shop.now = NOW + later
            assert shop.post(offered.body) == first

    def test_own_terms_beyond_the_limits_are_countered_too(self, shop: Shop) -> None:
        counter_of(shop.post(own(proffer(shop.policy), share="none")))

    def test_terms_that_are_not_known_are_refused_and_not_countered(self, shop: Shop) -> None:
        offered = proffer(shop.policy)
        body = offered.resigned(terms=[{"id": "own", "clauses": {"zebra": "never"}}])
        assert refusal(shop.post(body)) == (422, "unknown-terms")

    def test_once_countered_it_is_never_signed(self, shop: Shop) -> None:
        """Also when the site would accept its terms by now."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        shop.post(offered.body)
        shop.policy = policy(accepts=catalogue().documents, name=shop.policy.name)
        both = agreement.countersign(offered.signed, SITE_KEY)
        for body in (offered.body, both.body):
            counter_of(shop.post(body))
        assert not shop.kept

    def test_accepted_it_is_kept_and_answered_the_same(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        first = shop.post(offered.body)
        accepted = offered.accepts(first.body)
        shop.now = NOW + 3 * DAY
        answers = [shop.post(accepted) for _ in range(3)]
        assert {answer.status for answer in answers} == {200}
        assert {answer.body for answer in answers} == {accepted}
        (kept,) = shop.store.agreements()
        assert (kept.state, kept.body, kept.at) == ("sealed", accepted, time_text(shop.now))
        assert shop.post(offered.body) == first

    @pytest.mark.parametrize(
        ("late", "status"), [(7 * DAY + SECOND, 200), (36 * DAY, 200), (38 * DAY, 410)]
    )
    def test_who_signed_in_time_may_deliver_late(
        self, shop: Shop, late: timedelta, status: int
    ) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        accepted = offered.accepts(shop.post(offered.body).body)
        shop.now = NOW + late
        # What may be forgotten is, as soon as anybody is answered.
        shop.post(proffer(shop.policy, "do-not-track", now=shop.now).body)
        response = shop.post(accepted)
        assert response.status == status
        assert status == 200 or refusal(response) == (410, "expired")

    def test_blanks_are_not_kept(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        accepted = offered.accepts(shop.post(offered.body).body)
        assert shop.post(accepted.ljust(60_000)).body == accepted

    def test_after_a_new_key_and_policy_it_can_still_be_accepted(self, shop: Shop) -> None:
        """What the site signed it stands by."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        accepted = offered.accepts(shop.post(offered.body).body)
        shop.policy = policy(key=Ed25519PrivateKey.generate(), accepts=[], name="Another")
        assert shop.post(accepted).status == 200

    def test_what_it_never_made_is_no_counter(self, shop: Shop) -> None:
        """Other terms, or another proffer, signed by the person alone or twice."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        made = counter_of(shop.post(offered.body))
        members = payload_of(made) | {"answers": a_hash()}
        assert refusal(shop.post(offered.resigned_as(members))) == (400, "malformed")
        alone = raw_jws(made.payload, raw_signature(offered.key, made.payload))
        for body in (alone, made.body):
            assert refusal(shop.post(body)) == (400, "malformed")
        assert not shop.kept

    def test_what_a_stranger_signed_twice_for_the_end_of_time_is_no_counter(
        self, shop: Shop
    ) -> None:
        """A refusal like any other, and no mistake of the site's."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        theirs = Ed25519PrivateKey.generate()
        members = payload_of(offered.signed) | {
            "answers": a_hash(),
            "proffered": "9999-12-31T23:55:00Z",
            "answer_by": "9999-12-31T23:59:59Z",
        }
        members["site"] = {**members["site"], "jwk": PublicKey.of(theirs).model_dump()}
        payload = canonical(members)
        both = [raw_signature(key, payload) for key in (offered.key, theirs)]
        assert refusal(shop.post(raw_jws(payload, *both))) == (400, "malformed")

    def test_many_at_once_get_one_counter(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        workers = [shop.another() for _ in range(8)]
        for number, worker in enumerate(workers):
            worker.now = NOW + number * SECOND
        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(lambda one: one.post(offered.body), workers))
        assert len({response.body for response in responses}) == 1
        accepted = offered.accepts(responses[0].body)
        with ThreadPoolExecutor(8) as pool:
            sealed = list(pool.map(lambda one: one.post(accepted), workers))
        assert {response.body for response in sealed} == {accepted}
        assert len(shop.kept) == 1

    def test_terms_that_ended_meanwhile_are_not_sealed(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        first = shop.post(offered.resigned(until=time_text(NOW + DAY)))
        shop.now = NOW + DAY
        assert refusal(shop.post(offered.accepts(first.body))) == (410, "expired")


class TestTakenBack:
    """A `withdraw` of what was countered (protocol, section 6)."""

    def told(self, shop: Shop, offered: Proffer, under: str) -> notice.SignedNotice:
        told = notice.withdraw(under, offered.key, shop.now)
        response = shop.post(told.body)
        answer = notice.read(jws.parse(response.body, "notice")).check_by([shop.policy.jwk])
        assert notice.acknowledges(answer, told)
        assert shop.post(told.body) == response
        return told

    @pytest.mark.parametrize("named", ["the proffer", "the counter"])
    def test_its_counter_cannot_be_accepted_any_more(self, shop: Shop, named: str) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        first = shop.post(offered.body)
        accepted = offered.accepts(first.body)
        self.told(
            shop, offered, offered.id if named == "the proffer" else agreement.read(accepted).id
        )
        assert refusal(shop.post(accepted)) == (410, "expired")
        again = shop.post(offered.body)
        assert again == first or refusal(again) == (410, "expired")
        assert not shop.kept

    def test_an_accepted_counter_ends_as_any_agreement(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "SD-BASE-DP")
        accepted = offered.accepts(shop.post(offered.body).body)
        shop.post(accepted)
        self.told(shop, offered, agreement.read(accepted).id)
        assert refusal(shop.post(accepted)) == (410, "expired")
        assert [kept.state for kept in shop.store.agreements()] == ["withdrawn"]

    def test_the_proffer_taken_back_late_leaves_the_agreement(self, shop: Shop) -> None:
        """The counter is another document, and both signed it."""
        offered = proffer(shop.policy, "SD-BASE-DP")
        accepted = offered.accepts(shop.post(offered.body).body)
        shop.post(accepted)
        self.told(shop, offered, offered.id)
        assert shop.post(accepted).status == 200
        assert [kept.state for kept in shop.store.agreements()] == ["sealed"]

    def test_accepted_and_taken_back_at_once_it_is_one_of_them(self, shop: Shop) -> None:
        for _ in range(6):
            offered = proffer(shop.policy, "SD-BASE-DP")
            accepted = offered.accepts(shop.post(offered.body).body)
            told = notice.withdraw(offered.id, offered.key, NOW)
            workers = [(shop.another(), body) for body in (accepted, told.body) * 3]
            with ThreadPoolExecutor(6) as pool:
                list(pool.map(lambda one: one[0].post(one[1]), workers))
            last = shop.post(accepted)
            states = {kept.id: kept.state for kept in shop.store.agreements()}
            sealed = states.get(agreement.read(accepted).id)
            assert (last.status, sealed) in [(200, "sealed"), (410, None)]


class TestSupersedes:
    def sealed(self, shop: Shop) -> str:
        old = proffer(shop.policy, "do-not-track")
        assert shop.post(old.body).status == 200
        return old.id

    def states(self, shop: Shop) -> list[str]:
        return sorted(kept.state for kept in shop.store.agreements())

    def test_a_counter_replaces_only_when_it_is_accepted(self, shop: Shop) -> None:
        old = self.sealed(shop)
        offered = proffer(shop.policy, "SD-BASE-DP")
        first = shop.post(offered.resigned(supersedes=old))
        assert self.states(shop) == ["sealed"]
        assert shop.post(offered.accepts(first.body)).status == 200
        assert self.states(shop) == ["sealed", "superseded"]

    def test_of_two_the_first_to_seal_wins(self, shop: Shop) -> None:
        """One of them by a counter: it keeps its answer, and cannot be accepted."""
        old = self.sealed(shop)
        countered, direct = proffer(shop.policy, "SD-BASE-DP"), proffer(shop.policy, "SD-BASE")
        first = shop.post(countered.resigned(supersedes=old))
        assert shop.post(direct.resigned(supersedes=old)).status == 200
        assert refusal(shop.post(countered.accepts(first.body))) == (409, "conflict")
        assert self.states(shop) == ["sealed", "superseded"]

    def test_nothing_is_countered_in_place_of_what_is_not_in_force(self, shop: Shop) -> None:
        body = proffer(shop.policy, "SD-BASE-DP").resigned(supersedes=a_hash())
        assert refusal(shop.post(body)) == (409, "conflict")

    def test_twelve_at_once_one_wins(self, shop: Shop) -> None:
        old = self.sealed(shop)
        rivals = [proffer(shop.policy, "SD-BASE").resigned(supersedes=old) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(lambda body: shop.another().post(body), rivals))
        assert sorted(response.status for response in responses) == [200] + [409] * 11
        assert self.states(shop) == ["sealed", "superseded"]


def test_a_new_key_leaves_what_the_old_one_signed(shop: Shop) -> None:
    """Its answers, its end, and who it belongs to; offers under the old one are answered 409."""
    offered, open_one = proffer(shop.policy, "SD-BASE"), proffer(shop.policy, "SD-BASE")
    first = shop.post(offered.body)
    old = PublicKey.of(SITE_KEY)
    shop.policy = policy(key=Ed25519PrivateKey.generate(), former_keys=[old])
    assert shop.policy.is_ours(old)
    assert shop.post(offered.body) == first
    assert refusal(shop.post(open_one.body)) == (409, "conflict")
    told = notice.withdraw(offered.id, offered.key, NOW)
    answer = notice.read(jws.parse(shop.post(told.body).body, "notice"))
    answer.check_by([shop.policy.jwk])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"counter": ["SD-BASE"]}, "accepts"),
        ({"counter": ["zebra"]}, "accepts"),
        (dict.fromkeys(("accepts", "counter"), catalogue().documents), "no agreement holds them"),
        ({"limits": {"zebra": "never"}}, "limits"),
        ({"limits": {"sell": "seldom"}}, "limits.sell cannot be"),
        ({"jurisdiction": "a\u202eb"}, "jurisdiction"),
    ],
)
def test_a_policy_it_could_not_stand_by_is_refused(changes: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        policy(**changes)


def test_a_policy_says_its_limits_but_not_what_it_would_offer() -> None:
    members = json.loads(COUNTERING.body)
    assert members["limits"] == LIMITS
    assert "counter" not in members
