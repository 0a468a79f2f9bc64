"""The ⊃ kit's core: what a site answers to what it is posted."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.shipped.roster import catalogue
from rbutton.site.messages import STATUS, Response
from rbutton.site.store import Kept, Store
from rbutton.terms import agreement, documents, jws, notice
from rbutton.terms.encoding import b64u, from_b64u, time_text
from rbutton.terms.keys import PublicKey
from tests import strategies
from tests.processes import PATIENCE
from tests.shops import (
    JOSE,
    NOW,
    PROBLEM,
    SITE_KEY,
    Proffer,
    Shop,
    a_hash,
    other_key,
    policy,
    proffer,
)
from tests.sites import compact, payload_of, raw_jws, raw_signature

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
# One database for all examples of a property: each adds to it, none depends on another.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "store.sqlite3")


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop") / "store.sqlite3")


def refusal(response: Response) -> tuple[int, str]:
    """Status and code of a refusal, which must have the form of RFC 9457."""
    headers = dict(response.headers)
    assert (headers["Content-Type"], headers["Cache-Control"]) == (PROBLEM, "no-store")
    members = json.loads(response.body)
    assert members["type"] == "about:blank"
    assert members["title"]
    assert members["status"] == response.status
    assert 0 < len(members["detail"]) <= 300
    assert response.status == STATUS[members["code"]]
    return response.status, members["code"]


def with_site(one: Proffer, **changes: Any) -> bytes:
    site = payload_of(one.signed)["site"] | changes
    return one.resigned(site=site)


def test_an_accepted_proffer_comes_back_with_both_signatures(shop: Shop) -> None:
    offered = proffer(shop.policy)
    response = shop.post(offered.body)
    assert response.status == 200
    assert dict(response.headers)["Content-Type"] == JOSE
    assert dict(response.headers)["Cache-Control"] == "no-store"
    sealed = agreement.read(response.body)
    assert sealed.sealed
    assert sealed.payload == offered.signed.payload
    (kept,) = shop.store.agreements()
    assert (kept.id, kept.state, kept.body) == (offered.id, "sealed", response.body)


def test_another_jose_library_verifies_each_signature(shop: Shop) -> None:
    """jwcrypto, which knows the algorithm by its name of RFC 9864 too."""
    whole = json.loads(shop.post(proffer(shop.policy).body).body)
    payload = json.loads(from_b64u(whole["payload"]))
    assert len(whole["signatures"]) == 2
    for side, signature in zip(("person", "site"), whole["signatures"], strict=True):
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps({"payload": whole["payload"], **signature}))
        token.verify(JWK(**payload[side]["jwk"]))
        assert token.is_valid
        assert token.jose_header["kid"] == JWK(**payload[side]["jwk"]).thumbprint()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (JOSE, 200),
        ("Application/JOSE+json; charset=UTF-8", 200),
        (" application/jose+json ;x=y", 200),
        ("", 415),
        ("application/json", 415),
        ("application/jose", 415),
        ("application/jose+json2", 415),
        ("text/plain; application/jose+json", 415),
    ],
)
def test_content_type(shop: Shop, content_type: str, status: int) -> None:
    response = shop.post(proffer(shop.policy).body, content_type)
    assert response.status == status
    assert status == 200 or refusal(response) == (415, "unsupported-type")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(shop: Shop, method: str) -> None:
    response = shop.post(proffer(shop.policy).body, method=method)
    assert response.status == 405
    assert dict(response.headers)["Allow"] == "POST"
    assert "code" not in json.loads(response.body)
    assert not shop.kept


def test_the_limit_is_65536_bytes(shop: Shop) -> None:
    """Blanks around JSON are no fault, one byte too many is."""
    body = proffer(shop.policy).body
    assert refusal(shop.post(body.ljust(65_537))) == (413, "too-large")
    assert shop.post(body.ljust(65_536)).status == 200


NOT_OURS: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://shop.example.org"},
    "another port": {"origin": "https://shop.example:8443"},
    "another name": {"name": "Example Shop"},
    "another key": {"jwk": other_key()},
    "another policy": {"policy": a_hash()},
}


@pytest.mark.parametrize("changes", NOT_OURS.values(), ids=NOT_OURS)
def test_what_names_another_site_or_policy_is_a_conflict(
    shop: Shop, changes: dict[str, Any]
) -> None:
    body = with_site(proffer(shop.policy), **changes)
    assert refusal(shop.post(body)) == (409, "conflict")
    assert not shop.kept


def test_nothing_is_signed_under_a_policy_that_has_expired(tmp_path: Path) -> None:
    """An agent would not take it either; what was signed before still gets its answer."""
    shop = Shop(tmp_path / "store.sqlite3", policy(expires=NOW + timedelta(hours=1)))
    before = proffer(shop.policy)
    assert shop.post(before.body).status == 200
    shop.now = NOW + timedelta(hours=1)
    late = proffer(shop.policy, "do-not-track", now=shop.now)
    assert refusal(shop.post(late.body)) == (409, "conflict")
    assert shop.post(before.body).status == 200


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (10 * MINUTE, 200),
        (10 * MINUTE + SECOND, 410),
        (timedelta(days=400), 410),
        (-5 * MINUTE, 200),
        (-5 * MINUTE - SECOND, 410),
    ],
)
def test_proffers_stand_for_their_time_and_five_minutes_of_skew(
    shop: Shop, late: timedelta, status: int
) -> None:
    """Ours ask for an answer within 5 minutes."""
    offered = proffer(shop.policy)
    shop.now = NOW + late
    response = shop.post(offered.body)
    assert response.status == status
    assert status == 200 or refusal(response) == (410, "expired")


def test_terms_that_have_ended_are_not_signed(shop: Shop) -> None:
    offered = proffer(shop.policy)
    ended = offered.resigned(until=time_text(NOW))
    assert refusal(shop.post(ended)) == (410, "expired")
    assert shop.post(offered.resigned(until=time_text(NOW + SECOND))).status == 200


def _terms(*terms: dict[str, Any]) -> Callable[[Proffer], bytes]:
    return lambda offered: offered.resigned(terms=list(terms))


DNT = agreement.RosterTerm.of(catalogue().documents["do-not-track"]).model_dump()
UNKNOWN: dict[str, Callable[[Proffer], bytes]] = {
    "another id": _terms(DNT | {"id": "do-not-trick"}),
    "another hash": _terms(DNT | {"sha256": a_hash()}),
    "another clause": _terms(DNT | {"clauses": DNT["clauses"] | {"share": "none"}}),
    "one clause less": _terms(DNT | {"clauses": {"track.offsite": "never"}}),
    "a laxer value": _terms(DNT | {"clauses": DNT["clauses"] | {"track.offsite": "always"}}),
    "own, an unknown clause": _terms({"id": "own", "clauses": {"track.of": "never"}}),
    "own, an unknown value": _terms({"id": "own", "clauses": {"track.offsite": "seldom"}}),
    "one known, one not": _terms(DNT, DNT | {"id": "zzz"}),
    "unknown before declined": _terms(
        agreement.RosterTerm.of(catalogue().documents["mine-as-well"]).model_dump(),
        {"id": "own", "clauses": {"sell": "no"}},
    ),
}


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_terms_are_signed_only_word_for_word(shop: Shop, make: Callable[[Proffer], bytes]) -> None:
    response = shop.post(make(proffer(shop.policy)))
    assert refusal(response) == (422, "unknown-terms")
    assert not shop.kept


def test_terms_the_policy_does_not_accept_are_declined_whole(shop: Shop) -> None:
    offered = proffer(shop.policy, "do-not-track", "mine-as-well")
    assert refusal(shop.post(offered.body)) == (403, "declined")
    assert not shop.kept


MALFORMED: dict[str, Callable[[Proffer], bytes]] = {
    "empty": lambda _: b"",
    "not JSON": lambda _: b"{",
    "deep": lambda _: b"[" * 60_000,
    "an answer to something": lambda one: one.resigned(answers=a_hash()),
    "the site's signature alone": lambda one: raw_jws(
        one.signed.payload, raw_signature(SITE_KEY, one.signed.payload)
    ),
    "both signatures, never answered": lambda one: agreement.countersign(one.signed, SITE_KEY).body,
    "another type": lambda one: one.resigned(type="promise"),
    "a notice nobody signed": lambda _: compact(
        {"payload": b64u(b'{"type":"notice"}'), "signatures": []}
    ),
    "eleven minutes": lambda one: one.resigned(answer_by=time_text(NOW + 11 * MINUTE)),
}


@pytest.mark.parametrize("make", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_proffer_is_malformed(shop: Shop, make: Callable[[Proffer], bytes]) -> None:
    response = shop.post(make(proffer(shop.policy)))
    assert refusal(response) == (400, "malformed")
    assert not shop.kept


def test_a_foreign_signature_is_told_apart_from_a_malformed_document(shop: Shop) -> None:
    mine, other = proffer(shop.policy), proffer(shop.policy)
    forged = raw_jws(mine.signed.payload, raw_signature(other.key, mine.signed.payload))
    assert refusal(shop.post(forged)) == (401, "bad-signature")
    swapped = json.loads(mine.body) | {"signatures": json.loads(other.body)["signatures"]}
    assert refusal(shop.post(compact(swapped))) == (401, "bad-signature")


class TestWithdrawing:
    """A notice ends an agreement for good (protocol, section 6)."""

    def test_it_is_confirmed_and_kept(self, shop: Shop) -> None:
        """Again the same answer to the same notice, whatever key signs today."""
        offered = proffer(shop.policy)
        shop.post(offered.body)
        told = notice.withdraw(offered.id, offered.key, NOW)
        shop.now = NOW + timedelta(days=400)
        first = shop.post(told.body)
        answer = notice.read(jws.parse(first.body, "notice")).check_by([shop.policy.jwk])
        assert (first.status, notice.acknowledges(answer, told)) == (200, True)
        assert [kept.state for kept in shop.store.agreements()] == ["withdrawn"]
        shop.policy = policy(key=Ed25519PrivateKey.from_private_bytes(b"\x31" * 32))
        assert shop.post(told.body) == first

    def test_what_was_withdrawn_is_never_signed_again(self, shop: Shop) -> None:
        offered = proffer(shop.policy)
        sealed = shop.post(offered.body)
        shop.post(notice.withdraw(offered.id, offered.key, NOW).body)
        for replayed in (offered.body, sealed.body):
            assert refusal(shop.post(replayed)) == (410, "expired")

    def test_a_second_notice_is_confirmed_and_not_kept(self, shop: Shop) -> None:
        """Nobody can fill the store with them."""
        offered = proffer(shop.policy)
        shop.post(offered.body)
        first = notice.withdraw(offered.id, offered.key, NOW)
        shop.post(first.body)
        size = shop.path.stat().st_size
        for _ in range(20):
            other = notice.withdraw(offered.id, offered.key, NOW, "again" * 500)
            answer = notice.read(jws.parse(shop.post(other.body).body, "notice"))
            assert notice.acknowledges(answer, other)
        assert shop.path.stat().st_size == size

    def test_only_the_person_of_that_agreement_ends_it(self, shop: Shop) -> None:
        mine, other = proffer(shop.policy), proffer(shop.policy)
        shop.post(mine.body)
        for key in (other.key, SITE_KEY):
            told = notice.withdraw(mine.id, key, NOW)
            assert refusal(shop.post(told.body)) == (401, "bad-signature")
        assert [kept.state for kept in shop.store.agreements()] == ["sealed"]

    def test_of_nothing_that_was_signed_here(self, shop: Shop) -> None:
        """Neither an unknown id nor a decline is an agreement."""
        declined = proffer(shop.policy, "SD-BASE")
        assert refusal(shop.post(declined.body)) == (403, "declined")
        for unknown in (declined, proffer(shop.policy)):
            told = notice.withdraw(unknown.id, unknown.key, NOW)
            assert refusal(shop.post(told.body)) == (404, "unknown-agreement")

    def test_other_kinds_are_not_known(self, shop: Shop) -> None:
        offered = proffer(shop.policy)
        shop.post(offered.body)
        told = notice.withdraw(offered.id, offered.key, NOW)
        members = documents.parse(told.document.payload, "notice")
        for kind, body in (("intent", {}), ("acknowledge", {"re": members["id"]})):
            posted = offered.resigned_as(members | {"kind": kind, "body": body})
            assert refusal(shop.post(posted)) == (422, "unknown-terms")

    def test_two_at_once_end_it_once(self, shop: Shop) -> None:
        """Both are confirmed; one is kept."""
        offered = proffer(shop.policy)
        shop.post(offered.body)
        told = [notice.withdraw(offered.id, offered.key, NOW) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: shop.post(one.body), told))
        for one, answer in zip(told, answers, strict=True):
            assert notice.acknowledges(notice.read(jws.parse(answer.body, "notice")), one)


class TestSamePayloadSameAnswer:
    def test_sealed_for_ever_and_under_another_policy(self, shop: Shop) -> None:
        offered = proffer(shop.policy)
        first = shop.post(offered.body)
        shop.now = NOW + timedelta(days=4000)
        shop.policy = policy(accepts=())
        assert shop.post(offered.body) == first
        assert len(shop.kept) == 1

    def test_in_another_spelling_or_already_signed_by_both(self, shop: Shop) -> None:
        offered = proffer(shop.policy)
        first = shop.post(offered.body)
        payload = offered.signed.payload
        header = b'{ "typ":"emanciterms+jws" , "kid":"%s","alg":"Ed25519"}' % (
            PublicKey.of(offered.key).thumbprint.encode()
        )
        assert shop.post(raw_jws(payload, raw_signature(offered.key, payload, header))) == first
        assert shop.post(first.body) == first
        assert shop.post(raw_jws(payload, raw_signature(SITE_KEY, payload))) == first

    def test_declined_until_ten_minutes_after_its_time(self, shop: Shop) -> None:
        offered = proffer(shop.policy, "mine-as-well")
        first = shop.post(offered.body)
        shop.policy = policy(accepts=["mine-as-well"])
        shop.now = NOW + 15 * MINUTE
        assert shop.post(offered.body) == first
        shop.now += SECOND
        assert refusal(shop.post(offered.body))[0] in (409, 410)

    def test_declines_are_not_kept_for_ever(self, shop: Shop) -> None:
        old = proffer(shop.policy, "mine-as-well")
        shop.post(old.body)
        shop.now = NOW + timedelta(days=1)
        shop.post(proffer(shop.policy, "mine-as-well", now=shop.now).body)
        assert shop.store.known(old.id, NOW) is None

    def test_in_a_process_that_starts_later(self, shop: Shop) -> None:
        offered, declined = proffer(shop.policy), proffer(shop.policy, "mine-as-well")
        first = shop.post(offered.body), shop.post(declined.body)
        later = Shop(shop.path)
        assert (later.post(offered.body), later.post(declined.body)) == first

    def test_many_at_once(self, shop: Shop) -> None:
        """All have looked for an earlier answer before any gives one."""
        offered = proffer(shop.policy)
        together = threading.Barrier(8, timeout=PATIENCE)

        class Together(Store):
            def known(self, agreement_id: str, now: datetime) -> Kept | None:
                found = super().known(agreement_id, now)
                together.wait()
                return found

        def post(worker: Shop) -> Response:
            return worker.post(offered.body)

        workers = [Shop(shop.path) for _ in range(8)]
        for worker in workers:
            worker.store = Together(f"sqlite:///{shop.path}")
        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(post, workers))
        assert {response.status for response in responses} == {200}
        assert len({response.body for response in responses}) == 1
        assert shop.kept == [offered.id]

    def test_many_at_once_by_workers_with_different_policies(self, shop: Shop) -> None:
        """One roll-out, two policies: whichever worker is first, all give its answer."""
        strict = policy(accepts=["mine-as-well"])
        offered = proffer(shop.policy)
        shops = [Shop(shop.path, one) for one in (shop.policy, strict) * 6]
        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(lambda one: one.post(offered.body), shops))
        assert len(set(responses)) == 1
        assert responses[0].status in (200, 409)
        assert len(shop.kept) == (responses[0].status == 200)


class TestSupersedes:
    def test_the_new_one_ends_the_old_one(self, shop: Shop) -> None:
        old = proffer(shop.policy, "do-not-track")
        shop.post(old.body)
        assert shop.post(proffer(shop.policy).resigned(supersedes=old.id)).status == 200
        assert [one.state for one in shop.store.agreements() if one.id == old.id] == ["superseded"]

    def test_the_old_one_keeps_its_answer(self, shop: Shop) -> None:
        old = proffer(shop.policy)
        first = shop.post(old.body)
        shop.post(proffer(shop.policy).resigned(supersedes=old.id))
        assert shop.post(old.body) == first

    def test_what_ran_out_meanwhile_can_be_replaced(self, shop: Shop) -> None:
        """The two clocks may differ, and an answer may be late; its own end stays what it was."""
        end = time_text(NOW + MINUTE)
        old = agreement.read(shop.post(proffer(shop.policy).resigned(until=end)).body)
        shop.now = NOW + MINUTE + MINUTE
        renewed = shop.post(proffer(shop.policy, "do-not-track").resigned(supersedes=old.id))
        assert renewed.status == 200
        (kept,) = [one for one in shop.store.agreements() if one.id == old.id]
        assert (kept.state, kept.ended) == ("superseded", end)

    @pytest.mark.parametrize("case", ["unknown", "declined", "superseded"])
    def test_what_is_not_in_force_cannot_be_replaced(self, shop: Shop, case: str) -> None:
        old = proffer(shop.policy, "mine-as-well" if case == "declined" else "do-not-track")
        if case != "unknown":
            shop.post(old.body)
        if case == "superseded":
            shop.post(proffer(shop.policy).resigned(supersedes=old.id))
        before = shop.kept
        new = proffer(shop.policy).resigned(supersedes=old.id)
        assert refusal(shop.post(new)) == (409, "conflict")
        assert shop.kept == before

    def test_first_to_seal_wins(self, shop: Shop) -> None:
        old = proffer(shop.policy)
        shop.post(old.body)
        rivals = [proffer(shop.policy).resigned(supersedes=old.id) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(lambda body: Shop(shop.path).post(body), rivals))
        assert sorted(response.status for response in responses) == [200] + [409] * 11
        assert len(shop.kept) == 2


class TestNothingTamperedIsSealed:
    @SHARED
    @given(st.data())
    def test_damaged_bytes(self, open_shop: Shop, data: st.DataObject) -> None:
        """What comes back sealed has the payload the person signed, or nothing is sealed."""
        offered = proffer(open_shop.policy)
        response = open_shop.post(data.draw(strategies.damaged(offered.body)))
        if response.status == 200:
            assert agreement.read(response.body).payload == offered.signed.payload
        else:
            assert refusal(response)[1] in ("malformed", "bad-signature", "too-large")
            assert offered.id not in open_shop.kept

    @SHARED
    @given(st.data())
    def test_payloads_changed_under_the_signature(
        self, open_shop: Shop, data: st.DataObject
    ) -> None:
        offered = proffer(open_shop.policy)
        changed = data.draw(strategies.damaged(offered.signed.payload))
        body = json.loads(offered.body) | {"payload": b64u(changed)}
        response = open_shop.post(compact(body))
        if changed == offered.signed.payload:
            assert response.status == 200
        else:
            assert refusal(response)[1] in ("malformed", "bad-signature")

    def test_members_changed_and_signed_again(self, open_shop: Shop) -> None:
        """A person may sign anything: it is sealed only as a proffer this site can stand by."""
        offered = proffer(open_shop.policy, "do-not-track")
        statuses = set()
        for what, members in strategies.mutants(payload_of(offered.signed)):
            payload = compact(members)
            response = open_shop.post(raw_jws(payload, raw_signature(offered.key, payload)))
            if response.status == 200:
                sealed = agreement.read(response.body)
                assert sealed.payload == payload, what
                assert sealed.agreement.terms == offered.signed.agreement.terms, what
                assert sealed.agreement.site == offered.signed.agreement.site, what
            else:
                statuses.add(refusal(response)[0])
        assert {400, 401, 409, 422} <= statuses

    @SHARED
    @given(st.binary(max_size=200) | strategies.JSON.map(compact))
    def test_anything_else(self, open_shop: Shop, body: bytes) -> None:
        assert refusal(open_shop.post(body)) == (400, "malformed")

    @SHARED
    @given(strategies.JSON)
    def test_details_do_not_echo(self, open_shop: Shop, value: Any) -> None:
        marker = "<b>zebra</b>"
        offered = proffer(open_shop.policy)
        members = payload_of(offered.signed) | {"nonce": marker, marker: value}
        for body in (
            compact({marker: marker, "payload": value}),
            raw_jws(compact(members), raw_signature(offered.key, compact(members))),
        ):
            assert b"zebra" not in open_shop.post(body).body


class TestPolicy:
    @pytest.mark.parametrize(
        "changes",
        [
            {"name": ""},
            {"name": "a\u202eb"},
            {"name": "x" * 81},
            {"origin": "http://shop.example"},
            {"origin": "https://shop.example/"},
            {"contact": "privacy@shop.example"},
            {"accepts": ["no-such-terms"]},
            {"expires": NOW.replace(tzinfo=None)},
        ],
        ids=str,
    )
    def test_what_agents_would_not_take_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"origin|name|contact|accepts|expires"):
            policy(**changes)

    def test_the_same_site_serves_the_same_bytes(self) -> None:
        whole: dict[str, Any] = {
            "contact": "mailto:privacy@shop.example",
            "expires": NOW + timedelta(days=200),
        }
        one, other = (
            policy(**whole),
            policy(accepts=["no-stalking", "do-not-track", "SD-BASE-DP"], **whole),
        )
        assert one.body == other.body
        members = json.loads(one.body)
        assert members["expires"] == "2027-06-10T10:00:00Z"
        assert members["controller"]["contact"] == "mailto:privacy@shop.example"
