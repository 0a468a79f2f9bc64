"""What a site may answer with, besides its signature: what is shown, kept, and never sealed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.decisions import response
from rbutton.decisions.response import Response
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.person.seed import Seed
from rbutton.terms import agreement
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import b64u, from_b64u, time_text
from rbutton.terms.keys import person_key
from tests import sites
from tests.host_process import Host
from tests.sites import Site
from tests.visiting import NO_REPLY, SHOP, greeted, kinds, offer, records, reply, seen, visit

NOW = sites.NOW
JOSE = "application/jose+json"
HOUR = timedelta(hours=1)


def in_http(moment: datetime) -> str:
    """A moment as `Date` and `Retry-After` spell it."""
    return format_datetime(moment, usegmt=True)


def last_response(home: Path) -> Response:
    """What the ledger kept of the last answer that sealed nothing."""
    kept = [record for record in records(home) if record.kind == "response"]
    return response.read(kept[-1].body)


def open_since(home: Path, at: datetime, tries: int) -> bytes:
    """A ledger with a proffer that was sent some minutes apart, and not answered: its bytes."""
    offered = sites.proffer(SHOP, now=at)
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        ledger.append("policy", time_text(at), SHOP.origin, offered.id, SHOP.policy())
        ledger.append("proffer", time_text(at), SHOP.origin, offered.id, offered.body)
        for number in range(tries):
            when = time_text(at + number * timedelta(minutes=1))
            ledger.append("sent", when, SHOP.origin, offered.id, b'{"by":"touch"}')
    return offered.body


# Silence


def test_after_five_tries_it_is_unanswered_and_the_persons_to_send(home: Path) -> None:
    """Shown as that, over a restart too; a click sends the same bytes, an answer still counts."""
    with greeted(home) as running:
        first, view = offer(running, "touch")
        for _ in range(4):
            view = reply(running, first, NO_REPLY)
            assert (view["reason"], view["offer"]) == ("waiting", "now")
            post, view = offer(running, "retry")
            assert post == first
        # The fifth is under way: nobody knows yet that it will not be answered.
        assert (view["reason"], view["offer"]) == ("waiting", None)
        view = reply(running, first, NO_REPLY)
        assert (view["state"], view["reason"]) == ("potential", "unanswered")
        assert (view["offer"], view["actions"]) == (None, ["again", "take-back"])
        assert view["heading"] == "shop.example did not answer"
        assert "sent 5 times" in view["text"]
        assert "not sent again unless you say so" in view["text"]
    with greeted(home) as running:
        for view in (visit(running), seen(running)):
            assert (view["reason"], view["offer"]) == ("unanswered", None)
        for by in ("touch", "retry"):
            post, view = offer(running, by)
            assert (post, view["reason"]) == (None, "unanswered")
        post, view = offer(running, "click")
        assert (post, view["reason"]) == (first, "waiting")
        assert reply(running, first, NO_REPLY)["reason"] == "unanswered"
        assert reply(running, first, SHOP.answer(first["body"]))["state"] == "active"
    assert kinds(home).count("proffer") == 1


def test_days_later_it_is_still_unanswered(home: Path) -> None:
    """Time alone does not make the agent knock again."""
    open_since(home, datetime.now(UTC) - timedelta(days=9), tries=5)
    with greeted(home) as running:
        view = visit(running)
        assert (view["reason"], view["offer"]) == ("unanswered", None)
        assert offer(running, "retry")[0] is None
        assert offer(running, "click")[0]


def test_a_proffer_of_yesterday_goes_again_only_by_a_click(home: Path) -> None:
    """Sent by itself it would tell the site who was there before; the same bytes still seal."""
    offered = open_since(home, datetime.now(UTC) - timedelta(hours=25), tries=1)
    with greeted(home) as running:
        view = visit(running)
        assert (view["reason"], view["offer"]) == ("unanswered", None)
        assert offer(running, "retry")[0] is None
        post, _ = offer(running, "click")
        assert post["body"].encode() == offered
        assert reply(running, post, SHOP.answer(offered))["state"] == "active"


def test_a_new_owner_does_not_get_what_the_old_one_was_offered(home: Path) -> None:
    """Not by itself: the proffer names another key."""
    open_since(home, datetime.now(UTC) - timedelta(hours=1), tries=1)
    other = sites.Site(key=Ed25519PrivateKey.generate())
    with greeted(home) as running:
        assert visit(running, SHOP)["offer"] == "now"
        assert visit(running, other)["offer"] is None
        assert offer(running, "retry", other)[0] is None


# Retry-After

WAITS: dict[str, tuple[str | None, timedelta | None]] = {
    "seconds": ("3600", HOUR),
    "one second": ("1", timedelta(seconds=1)),
    "a date": (in_http(NOW + HOUR), HOUR),
    "an old form of date": ("Sunday, 22-Nov-26 11:00:00 GMT", HOUR),
    "two days": ("172800", timedelta(days=1)),
    "a date in a year": (in_http(NOW + timedelta(days=365)), timedelta(days=1)),
    "more digits than a number has": ("9" * 64, timedelta(days=1)),
    "thousands of digits": ("9" * 9_000, timedelta(days=1)),
    "none": (None, None),
    "nothing": ("", None),
    "zero": ("0", None),
    "negative": ("-5", None),
    "a fraction": ("1.5", None),
    "digits of another script": ("\u0663\u0660", None),
    "a date that is over": (in_http(NOW - HOUR), None),
    "words": ("soon", None),
    "a date of no year": ("Sun, 22 Nov 99999 11:00:00 GMT", None),
    "a date at the end of time": ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    "a list of parts": (",,,,:::", None),
}


@pytest.mark.parametrize(("header", "held"), WAITS.values(), ids=WAITS)
def test_retry_after_is_read_and_bounded(header: str | None, held: timedelta | None) -> None:
    """Seconds or a date, a day at most, and nothing that a site writes there raises."""
    came = Response.now(NOW, "status", status=429, retry_after=header)
    assert came.wait_until == (NOW + held if held else None)
    assert response.read(came.body()) == came


def test_a_site_that_says_slow_down_is_left_alone_that_long(home: Path) -> None:
    """Not by itself before then, also after a restart; a click does not wait."""
    with greeted(home) as running:
        first, _ = offer(running, "touch")
        view = reply(running, first, sites.problem(429, "slow-down", retry_after="3600"))
        assert (view["reason"], view["offer"]) == ("waiting", None)
        assert "It had no time for it." in view["text"]
        assert "It asked not to be asked again before" in view["text"]
    with greeted(home) as running:
        assert visit(running)["offer"] is None
        assert offer(running, "retry")[0] is None
        assert offer(running, "click")[0] == first
        # The last word counts: an answer without the header ends the wait.
        assert reply(running, first, sites.problem(429, "slow-down"))["offer"] == "now"
    assert last_response(home).wait_until is None


def test_a_wait_that_is_over_is_over(home: Path) -> None:
    """The moment is on record, not a state that something must end."""
    open_since(home, datetime.now(UTC) - 3 * HOUR, tries=1)
    then = datetime.now(UTC) - 2 * HOUR
    came = Response.now(then, "status", status=503, retry_after="3600")
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        ledger.append("response", time_text(then), SHOP.origin, b64u(bytes(32)), came.body())
    with greeted(home) as running:
        view = visit(running)
        assert view["offer"] == "now"


def test_a_wait_reckoned_by_a_clock_that_was_set_since_holds_nothing_back() -> None:
    """A computer that believed in 2027 for an hour does not wait for 2027."""
    came = Response.now(NOW + timedelta(days=365), "status", status=429, retry_after="3600")
    assert not came.holds_back(NOW)
    assert came.holds_back(NOW + timedelta(days=365))
    assert not came.holds_back(NOW + timedelta(days=366))


# Clocks

CLOCKS: dict[str, tuple[timedelta, str]] = {
    "six minutes": (timedelta(minutes=6), "about 6 minutes ahead of"),
    "an hour": (HOUR, "about an hour ahead of"),
    "an hour, nearly": (timedelta(minutes=56), "about an hour ahead of"),
    "an hour behind": (-HOUR, "about an hour behind"),
    "a night": (timedelta(hours=9), "about 9 hours ahead of"),
    "a day": (timedelta(hours=23), "about a day ahead of"),
    "years": (-timedelta(days=4_000), "about 4,000 days behind"),
    "five minutes": (timedelta(minutes=5), ""),
    "seconds": (timedelta(seconds=-4), ""),
}


@pytest.mark.parametrize(("off", "told"), CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that_is_off_is_told_by_how_much(off: timedelta, told: str) -> None:
    """From five minutes on, as the protocol forgives less."""
    came = Response.now(NOW, "final", date=in_http(NOW - off))
    assert told in came.clock()
    assert bool(came.clock()) is bool(told)


@pytest.mark.parametrize("date", [None, "", "yesterday", "x" * 10_000, "Sun, 99 Nov 2026"])
def test_a_date_that_is_none_says_nothing(date: str | None) -> None:
    """A site without a clock, or with nonsense for one."""
    assert Response.now(NOW, "final", date=date).clock() == ""


def test_a_wrong_clock_is_told_where_terms_came_too_late(home: Path) -> None:
    """410 with a `Date` an hour from ours: said, kept, and no reason to do anything by itself."""
    theirs = in_http(datetime.now(UTC) - HOUR)
    with greeted(home) as running:
        post, _ = offer(running, "touch")
        view = reply(running, post, sites.problem(410, "expired", date=theirs))
        assert (view["state"], view["reason"]) == ("potential", "refused")
        assert "clock is about an hour ahead of the site's" in view["text"]
        assert (view["offer"], view["actions"]) == (None, ["offer"])
    with greeted(home) as running:
        assert "about an hour ahead" in visit(running)["text"]
        assert "about an hour ahead" in seen(running)["text"]
        assert offer(running, "touch")[0] is None
        # Offered anew, and signed: what was said of the clock is over.
        post, _ = offer(running, "click")
        assert "clock" not in reply(running, post, SHOP.answer(post["body"]))["text"]


def test_a_wrong_clock_is_told_where_nothing_was_answered(running: Host) -> None:
    """Until an answer comes with a clock like ours."""
    post, _ = offer(running, "touch")
    ahead = in_http(datetime.now(UTC) + 2 * HOUR)
    view = reply(running, post, sites.http(502, "text/html", b"", date=ahead))
    assert "about 2 hours behind the site's" in view["text"]
    assert "about 2 hours behind the site's" in seen(running)["text"]
    right = in_http(datetime.now(UTC))
    view = reply(running, post, sites.http(502, "text/html", b"", date=right))
    assert "clock" not in view["text"]


@pytest.mark.parametrize("code", [(403, "declined"), (409, "conflict"), (422, "unknown-terms")])
def test_elsewhere_the_clock_does_not_matter(home: Path, code: tuple[int, str]) -> None:
    """A decline is a decline, whatever time it is there: not told, not kept."""
    with greeted(home) as running:
        post, _ = offer(running, "touch")
        theirs = in_http(datetime.now(UTC) - HOUR)
        assert "clock" not in reply(running, post, sites.problem(*code, date=theirs))["text"]
    assert "response" not in kinds(home)


# A policy that changed

CHANGED = {"name": "Example Shop Ltd", "contact": "mailto:new@shop.example"}


def offer_under(running: Host, by: str, policy: dict[str, str]) -> Any:
    """What is to be posted under this policy."""
    return running.result("offer", origin=SHOP.origin, policy=policy, by=by)["post"]


def test_after_a_conflict_terms_are_offered_anew_once(home: Path) -> None:
    """Under a policy of other bytes, at a touch; after a second conflict only by a click."""
    with greeted(home) as running:
        first, _ = offer(running, "touch")
        view = reply(running, first, sites.problem(409, "conflict"))
        assert (view["reason"], view["offer"], view["actions"]) == ("refused", None, ["offer"])
        # The very policy that it refused: nothing new can come of it.
        assert visit(running)["offer"] is None
        assert offer(running, "touch")[0] is None
    with greeted(home) as running:
        view = visit(running, controller=CHANGED)
        assert (view["reason"], view["offer"]) == ("refused", "touch")
        assert "changed its policy meanwhile. Your terms are offered when you first" in view["text"]
        changed = SHOP.served(controller=CHANGED)
        assert offer_under(running, "retry", changed) is None
        second = offer_under(running, "touch", changed)
        assert second["agreement"] != first["agreement"]
        view = reply(running, second, sites.problem(409, "conflict"))
        assert (view["reason"], view["offer"]) == ("refused", None)
        for number in range(3):
            another = {**CHANGED, "contact": f"mailto:{number}@shop.example"}
            assert visit(running, controller=another)["offer"] is None
            for by in ("touch", "retry"):
                assert offer_under(running, by, SHOP.served(controller=another)) is None
        third = offer_under(running, "click", changed)
        assert reply(running, third, SHOP.answer(third["body"]))["state"] == "active"
    assert kinds(home).count("proffer") == 3


@pytest.mark.parametrize("when", ["click", "never"])
def test_after_a_conflict_nothing_is_offered_anew_unless_in_auto(home: Path, when: str) -> None:
    """What the person wants pressed is pressed."""
    (home / "terms.toml").write_text(f'[proffer]\nnegotiate = "{when}"\n')
    with greeted(home) as running:
        post, _ = offer(running, "click")
        reply(running, post, sites.problem(409, "conflict"))
        view = visit(running, controller=CHANGED)
        assert view["offer"] is None
        assert "press the button below" in view["text"]
        assert offer_under(running, "touch", SHOP.served(controller=CHANGED)) is None


@pytest.mark.parametrize("code", [(403, "declined"), (410, "expired"), (422, "unknown-terms")])
def test_after_another_refusal_a_changed_policy_is_no_reason(
    running: Host, code: tuple[int, str]
) -> None:
    """A site that said no is not asked again because it edited its policy."""
    post, _ = offer(running, "touch")
    reply(running, post, sites.problem(*code))
    assert visit(running, controller=CHANGED)["offer"] is None
    assert offer_under(running, "touch", SHOP.served(controller=CHANGED)) is None


# Policies that are nonsense


def named(name: str) -> bytes:
    """A policy of a site that calls itself so."""
    return SHOP.policy(controller={"name": name})


def ending(more: bytes) -> bytes:
    """A policy with these bytes before its last brace."""
    return SHOP.policy()[:-1] + more + b"}"


POLICIES: dict[str, tuple[bytes, str]] = {
    "a number for a name": (SHOP.policy(controller={"name": 7}), "controller.name is wrong"),
    "null for limits": (ending(b', "limits": null'), "limits is wrong"),
    "text for a truth": (SHOP.policy(negotiates="yes"), "negotiates is wrong"),
    "a key for a list of keys": (SHOP.policy(keys=SHOP.jwk), "keys is wrong"),
    "a key that is text": (SHOP.policy(keys=["A" * 43]), "keys.0 is wrong"),
    "another origin": (Site(origin="https://evil.example").policy(), "origin is another one"),
    "another port": (Site(origin="https://shop.example:8443").policy(), "origin is another one"),
    "expired": (SHOP.policy(expires=sites.A_YEAR_AGO), "has expired"),
    "another version": (SHOP.policy(emanciterms=2), "is not version 1"),
    "66 kB": (SHOP.policy(pad="x" * 66_000), "larger than 65,536 bytes"),
    "170 kB": (SHOP.policy(pad="x" * 170_000), "larger than 65,536 bytes"),
    "30,000 levels": (b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "deeper than 16"),
    "a member twice": (ending(b', "accepts": []'), "has a member twice"),
    "a page": (b"<!doctype html><title>Not found</title>", "is not JSON"),
    "nothing": (b"", "is not JSON"),
    "cut off": (SHOP.policy()[:-9], "is not JSON"),
    "a list": (b"[]", "is not a JSON object"),
    "UTF-16": (SHOP.policy().decode().encode("utf-16"), "is not UTF-8"),
    "a control character in its name": (named("Sh\x07p"), "control, bidi"),
    "a bidi override in its name": (named("\u202epohS"), "control, bidi"),
    "a name of 81": (named("x" * 81), "1 to 80 characters"),
    "NaN": (ending(b', "pad": NaN'), "no integer"),
    "half a pair": (ending(rb', "pad": "\ud800"'), "lone surrogate"),
}


def test_each_policy_that_is_nonsense_is_told_as_what_it_is(home: Path, running: Host) -> None:
    """Alone with its reason, nothing offered whoever asks, no row, no seed."""
    for name, (body, reason) in POLICIES.items():
        served = {"at": time_text(datetime.now(UTC)), "body": sites.in_base64(body)}
        view = running.result("visit", origin=SHOP.origin, announced=True, policy=served)["view"]
        assert (view["state"], view["reason"]) == ("alone", "invalid-policy"), name
        assert reason in view["text"], (name, view["text"])
        assert "Nothing was offered" in view["text"]
        assert (view["offer"], view["header"], view["calls_itself"]) == (None, None, None)
        for by in ("touch", "retry", "click"):
            done = running.result("offer", origin=SHOP.origin, policy=served, by=by)
            assert (done["post"], done["view"]["reason"]) == (None, "invalid-policy")
    assert records(home) == []
    assert not (home / "seed").exists()


def test_a_policy_of_200_kb_is_refused_before_it_is_read(running: Host) -> None:
    """The extension does not pass it on; from one that did, the frame is refused."""
    failed = {"at": time_text(NOW), "failed": "too-large", "status": None}
    view = running.result("visit", origin=SHOP.origin, announced=True, policy=failed)["view"]
    assert (view["state"], view["reason"]) == ("alone", "invalid-policy")
    assert "larger than 65,536 bytes" in view["text"]
    running.send("visit", origin=SHOP.origin, announced=True, policy=SHOP.served(pad="x" * 200_000))
    answer = running.frame(lambda frame: frame.get("re", 0) is None)
    assert answer["error"]["code"] == "malformed"
    assert visit(running)["reason"] == "not-offered"


NO_KEYS: dict[str, list[dict[str, str]]] = {
    "none": [],
    "of another curve": [{"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}],
    "too short": [{"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x07" * 31)}],
    "no base64": [{"kty": "OKP", "crv": "Ed25519", "x": "not base64!"}],
    "the identity": [{"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x01" + bytes(31))}],
    "of small order": [{"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes(32))}],
    "not canonical": [{"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\xff" * 32)}],
    "empty": [{"kty": "OKP"}],
}


def test_with_keys_that_are_no_keys_there_is_no_way_to_sign(home: Path, running: Host) -> None:
    """Its own words for it, and no button that could do nothing."""
    for name, keys in NO_KEYS.items():
        view = visit(running, keys=keys)
        assert (view["state"], view["reason"]) == ("potential", "not-negotiable"), name
        assert "no usable key" in view["text"]
        assert (view["actions"], view["offer"]) == ([], None)
        for by in ("touch", "retry", "click"):
            assert offer_under(running, by, SHOP.served(keys=keys)) is None
    assert records(home) == []


# Replies that are nonsense

STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)


class Posted:
    """A proffer as it was posted, and what a site may make of it."""

    def __init__(self, home: Path, body: str) -> None:
        self.signed = agreement.read(body.encode())
        self.members = sites.payload_of(self.signed)
        seed = Seed(Home.in_one_folder(home)).read()
        self.key = person_key(seed, from_b64u(self.signed.agreement.nonce), SHOP.origin)
        self.mine = json.loads(body)["signatures"][0]
        self.theirs = sites.raw_signature(SHOP.key, self.signed.payload)

    def under(self, *signatures: dict[str, str]) -> bytes:
        """The same payload under these signatures."""
        return sites.raw_jws(self.signed.payload, *signatures)

    def by_stranger(self) -> dict[str, str]:
        """A good signature by a key that the agreement does not name."""
        return sites.raw_signature(STRANGER, self.signed.payload)

    def respelled(self) -> dict[str, str]:
        """The person's own signature, under another spelling of its header."""
        header = b" " + sites.compact(sites.header_of(self.key))
        return sites.raw_signature(self.key, self.signed.payload, header)

    def spoiled(self) -> dict[str, str]:
        """The site's signature with one bit of it turned."""
        data = bytearray(from_b64u(self.theirs["signature"]))
        data[5] ^= 1
        return {**self.theirs, "signature": b64u(bytes(data))}

    def other(self, *, sealed: bool, **changes: Any) -> bytes:
        """Another payload, signed by the site alone, or by both keys."""
        payload = canonical(self.members | changes)
        signatures = [sites.raw_signature(SHOP.key, payload)]
        if sealed:
            signatures.insert(0, sites.raw_signature(self.key, payload))
        return sites.raw_jws(payload, *signatures)

    def counter(self, **clauses: str) -> bytes:
        """A counter to it whose one term has other clauses under its id and hash."""
        term = self.members["terms"][0]
        terms = [{**term, "clauses": term["clauses"] | clauses}]
        return self.other(sealed=False, terms=terms, answers=self.signed.id)


OTHER_TERMS = "It signed other terms than those that were offered"
MISNAMED = "terms that are not what their name says"
#: body, why it is kept as, and what the person reads.
REPLIES: dict[str, tuple[Callable[[Posted], bytes], str, str]] = {
    "a bad signature": (lambda it: it.under(it.mine, it.spoiled()), "unreadable", "not verify"),
    "a stranger's": (lambda it: it.under(it.mine, it.by_stranger()), "unreadable", "not name"),
    "a third": (
        lambda it: it.under(it.mine, it.theirs, it.by_stranger()),
        "unreadable",
        "signatures is wrong",
    ),
    "the person's twice": (lambda it: it.under(it.mine, it.mine), "unreadable", "same key"),
    "the person's twice, respelled": (
        lambda it: it.under(it.mine, it.respelled()),
        "unreadable",
        "same key",
    ),
    "what was posted": (lambda it: it.signed.body, "returned", "sent your terms back"),
    "the site's alone": (lambda it: it.under(it.theirs), "returned", "sent your terms back"),
    "another payload, sealed": (
        lambda it: it.other(sealed=True, until="2030-01-01T00:00:00Z"),
        "other",
        OTHER_TERMS,
    ),
    "another nonce": (
        lambda it: it.other(sealed=False, nonce=b64u(bytes(32))),
        "other",
        OTHER_TERMS,
    ),
    "a counter to another": (
        lambda it: it.other(sealed=False, answers=b64u(bytes(32))),
        "other",
        OTHER_TERMS,
    ),
    "a counter that ends": (
        lambda it: it.other(sealed=False, answers=it.signed.id, until="2030-01-01T00:00:00Z"),
        "other",
        OTHER_TERMS,
    ),
    "a counter of times to come": (
        lambda it: it.other(
            sealed=False,
            answers=it.signed.id,
            proffered="2100-01-01T00:00:00Z",
            answer_by="2100-01-08T00:00:00Z",
        ),
        "untimely",
        "their time has not come",
    ),
    "a clause changed under a known id": (
        lambda it: it.counter(share="identified"),
        "misnamed",
        MISNAMED,
    ),
    "a clause more under a known id": (lambda it: it.counter(ai="train"), "misnamed", MISNAMED),
    "a page": (lambda _: b"<h1>Thank you</h1>", "unreadable", "is not JSON"),
    "nothing": (lambda _: b"", "unreadable", "is not JSON"),
    "30,000 levels": (lambda _: b"[" * 30_000, "unreadable", "nested deeper"),
    "66 kB": (lambda it: it.under(it.mine, it.theirs) + b" " * 66_000, "unreadable", "larger"),
    "a member twice": (
        lambda it: it.under(it.mine, it.theirs)[:-1] + b',"payload":"e30"}',
        "unreadable",
        "a member twice",
    ),
}


def test_each_reply_that_is_nonsense_is_told_kept_and_seals_nothing(home: Path) -> None:
    """Waiting, in a sentence of its own and with a row of its own; the true answer still counts."""
    with greeted(home) as running:
        first, _ = offer(running, "touch")
        posted = Posted(home, first["body"])
        for name, (make, why, told) in REPLIES.items():
            view = reply(running, first, sites.http(200, JOSE, make(posted)))
            assert (view["state"], view["reason"]) == ("potential", "waiting"), name
            assert view["agreement"] is None
            assert told in view["text"], (name, view["text"])
            assert last_response(home).why == why, name
            assert seen(running)["text"] == view["text"]
        assert kinds(home).count("response") == len(REPLIES)
        assert "sealed" not in kinds(home)
        assert reply(running, first, SHOP.answer(first["body"]))["state"] == "active"
        assert "Traceback" not in running.log()


FAILURES: dict[str, tuple[Any, str]] = {
    "silence": ({"failed": "timeout"}, "within 5 seconds"),
    "a dropped connection": ({"failed": "network"}, "could not be reached"),
    "a megabyte": ({"failed": "too-large"}, "larger than 65,536 bytes"),
    "429": (sites.problem(429, "slow-down"), "no time for it"),
    "500": (sites.http(500, "text/plain", b"oops"), "an error (500)"),
    "503": (sites.http(503, None, b""), "an error (503)"),
    "501 to what it does not know": (sites.problem(501, "later"), "an error (501)"),
    "403 of a proxy": (sites.http(403, "text/html", b"<h1>Forbidden</h1>"), "an error (403)"),
    "204": (sites.http(204, None, b""), "nothing that counts (204)"),
}


def test_each_failure_is_told_in_a_sentence_of_its_own(home: Path, running: Host) -> None:
    """Each kept; none of them an answer."""
    first, _ = offer(running, "touch")
    for name, (answer, told) in FAILURES.items():
        view = reply(running, first, answer)
        assert (view["state"], view["reason"]) == ("potential", "waiting"), name
        assert told in view["text"], (name, view["text"])
    assert kinds(home).count("response") == len(FAILURES)


def test_a_reply_of_a_megabyte_is_refused_as_a_frame(running: Host) -> None:
    """From an extension that did not stop reading; the negotiation goes on."""
    first, _ = offer(running, "touch")
    body = sites.http(200, JOSE, b" " * 1_000_000)
    running.send("reply", origin=SHOP.origin, agreement=first["agreement"], reply=body)
    answer = running.frame(lambda frame: frame.get("re", 0) is None)
    assert answer["error"]["code"] == "malformed"
    assert reply(running, first, SHOP.answer(first["body"]))["state"] == "active"


def test_late_replies_change_nothing_that_is_settled(home: Path, running: Host) -> None:
    """To a proffer that was signed, or declined and offered anew: the record stays as it is."""
    first, _ = offer(running, "touch")
    reply(running, first, sites.problem(403, "declined"))
    second, _ = offer(running, "click")
    before = records(home)
    for answer in (SHOP.answer(first["body"]), sites.problem(410, "expired"), NO_REPLY):
        assert reply(running, first, answer)["reason"] == "waiting"
    assert records(home) == before
    assert reply(running, second, SHOP.answer(second["body"]))["state"] == "active"
    settled = records(home)
    for late in (sites.problem(403, "declined"), SHOP.answer(second["body"]), NO_REPLY):
        assert reply(running, second, late)["state"] == "active"
        assert reply(running, first, late)["state"] == "active"
    assert records(home) == settled
