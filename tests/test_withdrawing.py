"""Ending an agreement and taking back a proffer: the host on one side, the ⊃ kit on the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.person.ledger import Ledger
from rbutton.terms import jws, notice
from rbutton.terms.encoding import from_b64u, time_text
from tests import shops, sites
from tests.host_process import Host
from tests.shops import Shop
from tests.sites import Site, in_base64
from tests.visiting import NO_REPLY, SHOP, greeted, kinds, negotiate, offer, reply, seen, visit


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The shop's side: the ⊃ kit, by the clock on the wall."""
    return Shop(tmp_path / "shop.sqlite3", now=datetime.now(UTC))


def withdraw(running: Host, agreement: str, by: str = "click", **changes: Any) -> tuple[Any, Any]:
    """What is to be posted, and the view."""
    members = {"policy": SHOP.served(), **changes}
    result = running.result("withdraw", origin=SHOP.origin, agreement=agreement, by=by, **members)
    return result["post"], result["view"]


def told(running: Host, post: Any, answer: Any) -> Any:
    """The view after the site's answer to a notice."""
    return running.result(
        "reply",
        origin=SHOP.origin,
        agreement=post["agreement"],
        notice=post["notice"],
        reply=answer,
    )["view"]


def served(shop: Shop) -> dict[str, str]:
    return {"at": time_text(datetime.now(UTC)), "body": in_base64(shop.policy.body)}


def answered(shop: Shop, post: Any) -> dict[str, Any]:
    """What the kit answers, as the extension passes it on."""
    came = shop.post(post["body"].encode())
    return sites.http(came.status, dict(came.headers)["Content-Type"], came.body)


def agree(running: Host, shop: Shop) -> Any:
    """An agreement between the host and the kit: the last view."""
    result = running.result("offer", origin=SHOP.origin, policy=served(shop), by="click")
    return reply(running, result["post"], answered(shop, result["post"]))


@contextmanager
def agreed(home: Path, shop: Shop) -> Iterator[tuple[Host, str]]:
    """A host with an agreement in force, and its id."""
    with greeted(home) as running:
        yield running, agree(running, shop)["ending"]


def state_at(shop: Shop, agreement: str) -> str:
    (state,) = [kept.state for kept in shop.store.agreements() if kept.id == agreement]
    return state


def test_an_agreement_is_ended_at_once_and_the_site_confirms_it(home: Path, shop: Shop) -> None:
    with agreed(home, shop) as (running, ended):
        view = running.result("visit", origin=SHOP.origin, announced=True, policy=served(shop))[
            "view"
        ]
        assert view["actions"] == ["agreement", "end"]
        assert view["ending"] == view["agreement"]["id"] == ended
        post, view = withdraw(running, ended, policy=served(shop))
        # Before the site has heard of it.
        assert (view["state"], view["reason"], view["agreement"]) == ("ended", "withdrawn", None)
        assert view["heading"] == "You ended your agreement with shop.example"
        assert "The site is being told." in view["text"]
        assert post["url"] == "https://shop.example/.well-known/emanciterms"
        view = told(running, post, answered(shop, post))
        assert "The site confirmed it." in view["text"]
        assert "still holds for data it got before" in view["text"]
        assert view["actions"] == ["offer"]
        assert state_at(shop, ended) == "withdrawn"
        # Nothing of terms is sent there any more, by itself.
        view = visit(running)
        assert (view["reason"], view["offer"], view["tell"], view["header"]) == (
            "withdrawn",
            None,
            None,
            None,
        )
        assert offer(running, "touch")[0] is None
        assert offer(running, "retry")[0] is None
    with greeted(home) as running:
        assert seen(running)["reason"] == "withdrawn"
    assert kinds(home)[-3:] == ["withdraw", "sent", "acknowledged"]


def test_whatever_is_replayed_it_is_not_in_force_again(home: Path, shop: Shop) -> None:
    """Neither side takes the proffer or the seal again."""
    with greeted(home) as running:
        post = running.result("offer", origin=SHOP.origin, policy=served(shop), by="click")["post"]
        seal = answered(shop, post)
        reply(running, post, seal)
        notified, _ = withdraw(running, post["agreement"])
        told(running, notified, answered(shop, notified))
        again = shop.post(post["body"].encode())
        assert (again.status, json.loads(again.body)["code"]) == (410, "expired")
        for late in (seal, SHOP.answer(post["body"])):
            assert reply(running, post, late)["reason"] == "withdrawn"
        assert seen(running)["state"] == "ended"
        assert kinds(home).count("sealed") == 1


def test_the_notice_goes_again_until_it_is_confirmed(home: Path, shop: Shop) -> None:
    """The same bytes, five times in a day by itself, then by a click."""
    with agreed(home, shop) as (running, ended):
        first, _ = withdraw(running, ended)
        view = told(running, first, NO_REPLY)
        assert "has not confirmed it" in view["text"]
        assert "No answer came within 5 seconds." in view["text"]
        assert view["actions"] == ["tell-again", "offer"]
        for _ in range(4):
            assert visit(running)["tell"] == ended
            post, view = withdraw(running, ended, "retry")
            assert post == first
            assert view["tell"] is None
            told(running, post, NO_REPLY)
        view = visit(running)
        assert view["tell"] is None
        assert "not told again unless you say so" in view["text"]
        assert withdraw(running, ended, "retry")[0] is None
        post, _ = withdraw(running, ended)
        assert post == first
        assert "confirmed" in told(running, post, answered(shop, post))["text"]
        assert withdraw(running, ended)[0] is None
    assert kinds(home).count("withdraw") == 1


def test_a_wait_the_site_asked_for_is_kept(home: Path, shop: Shop) -> None:
    with agreed(home, shop) as (running, ended):
        post, _ = withdraw(running, ended)
        told(running, post, sites.problem(429, "slow-down", retry_after="3600"))
        assert visit(running)["tell"] is None
        assert withdraw(running, ended, "retry")[0] is None
        assert withdraw(running, ended)[0] == post


def test_the_site_is_told_however_the_settings_are_now(home: Path, shop: Shop) -> None:
    """Withdrawing is no offer: "never" does not keep it back."""
    with agreed(home, shop) as (running, ended):
        post, _ = withdraw(running, ended)
        told(running, post, NO_REPLY)
        running.result("set", key="proffer.negotiate", value="never")
        asked = running.result("visit", origin=SHOP.origin, announced=True, policy=None)["view"]
        assert asked["tell"] == ended
        assert withdraw(running, ended, "retry", policy=None)[0] == post


def test_a_proffer_is_taken_back_and_another_can_be_made(home: Path, shop: Shop) -> None:
    """By a click at once; by itself never again."""
    with greeted(home) as running:
        post = running.result("offer", origin=SHOP.origin, policy=served(shop), by="touch")["post"]
        view = reply(running, post, NO_REPLY)
        assert view["actions"] == ["again", "take-back"]
        assert view["ending"] == post["agreement"]
        shop.post(post["body"].encode())  # the site sealed it, and its answer was lost
        notified, view = withdraw(running, view["ending"], policy=served(shop))
        assert view["heading"] == "You took your terms back from shop.example"
        assert "may not sign them any more" in view["text"]
        told(running, notified, answered(shop, notified))
        assert state_at(shop, post["agreement"]) == "withdrawn"
        assert (
            running.result("offer", origin=SHOP.origin, policy=served(shop), by="touch")["post"]
            is None
        )
        assert agree(running, shop)["state"] == "active"
    assert len([one for one in shop.store.agreements() if one.state == "sealed"]) == 1


def test_a_site_that_never_got_the_proffer_may_still_get_it(home: Path, shop: Shop) -> None:
    """Its 404 counts only once it can no longer sign what is on its way."""
    with greeted(home) as running:
        post = running.result("offer", origin=SHOP.origin, policy=served(shop), by="click")["post"]
        notified, _ = withdraw(running, post["agreement"])
        answer = answered(shop, notified)
        assert answer["status"] == 404
        view = told(running, notified, answer)
        assert "has not confirmed it" in view["text"]
        # Now the proffer arrives, late; and then the notice again.
        assert shop.post(post["body"].encode()).status == 200
        again, _ = withdraw(running, post["agreement"], "retry")
        assert "confirmed" in told(running, again, answered(shop, again))["text"]
        assert state_at(shop, post["agreement"]) == "withdrawn"


def test_later_a_404_is_the_end_of_it(home: Path, shop: Shop) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    with greeted(home) as running:
        running.result("offer", origin=SHOP.origin, policy=served(shop), by="click")
        # The seed is made by the first offer; the same person's, two hours ago, elsewhere.
        (home / "ledger.sqlite3").unlink()
        seed = from_b64u((home / "seed").read_text().strip())
        offered = sites.proffer(SHOP, now=long_ago, seed=seed)
        with Ledger(home / "ledger.sqlite3").writing() as ledger:
            at = time_text(long_ago)
            ledger.append("policy", at, SHOP.origin, offered.id, SHOP.policy())
            ledger.append("proffer", at, SHOP.origin, offered.id, offered.body)
        notified, _ = withdraw(running, offered.id)
        view = told(running, notified, answered(shop, notified))
        assert "The site has no record of it." in view["text"]
        assert view["words"] is None
        assert "tell-again" not in view["actions"]


def test_a_refusal_of_the_notice_is_told_in_the_sites_words(home: Path, shop: Shop) -> None:
    """What the person ended stays ended."""
    with agreed(home, shop) as (running, ended):
        post, _ = withdraw(running, ended)
        view = told(running, post, sites.problem(422, "unknown-terms", "We know no\u202e notices."))
        assert "could not take the notice" in view["text"]
        assert view["words"] == "We know no notices."
        assert view["state"] == "ended"
        assert visit(running)["tell"] is None


@pytest.mark.parametrize("fault", ["not ours", "of another notice", "a seal", "nonsense"])
def test_what_is_no_acknowledgement_changes_nothing(home: Path, shop: Shop, fault: str) -> None:
    with agreed(home, shop) as (running, ended):
        jose = visit(running)["agreement"]["jws"].encode()
        post, _ = withdraw(running, ended)
        mine = notice.read(jws.parse(post["body"].encode(), "notice"))
        other = notice.withdraw(ended, shops.SITE_KEY, datetime.now(UTC))
        body = {
            "not ours": notice.acknowledge(
                mine, Ed25519PrivateKey.generate(), datetime.now(UTC)
            ).body,
            "of another notice": notice.acknowledge(other, shops.SITE_KEY, datetime.now(UTC)).body,
            "a seal": jose,
            "nonsense": b"[" * 30_000,
        }[fault]
        shown = told(running, post, sites.http(200, shops.JOSE, body))
        assert shown["state"] == "ended"
        assert "has not confirmed it" in shown["text"]
        assert visit(running)["tell"] == ended


def test_a_reply_to_something_else_is_no_reply_to_the_notice(home: Path, shop: Shop) -> None:
    """A late answer to the proffer, or one to a notice that was never sent."""
    with agreed(home, shop) as (running, ended):
        post, _ = withdraw(running, ended)
        answer = answered(shop, post)
        for other in (None, "2f6c2f2e-8f3c-4c7e-9c39-0d6d1c8b1c58"):
            told(running, post | {"notice": other}, answer)
        assert kinds(home)[-1] == "sent"


def test_a_site_may_confirm_with_a_newer_key(home: Path, shop: Shop) -> None:
    """One of its current policy; not one of another's."""
    with agreed(home, shop) as (running, ended):
        newer = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
        shop.policy = shops.policy(key=newer)
        post, _ = withdraw(running, ended, policy=served(shop))
        assert "The site confirmed it." in told(running, post, answered(shop, post))["text"]


def test_only_what_is_in_force_or_open_can_be_ended(home: Path, shop: Shop) -> None:
    with agreed(home, shop) as (running, ended):
        for agreement in ("A" * 43, ended):
            origin = SHOP.origin if agreement != ended else "https://other.example"
            error = running.error(
                "withdraw", origin=origin, agreement=agreement, by="click", policy=None
            )
            assert error["code"] == "unknown-agreement"
        assert seen(running)["state"] == "active"


def test_with_another_seed_nothing_is_signed(home: Path, shop: Shop) -> None:
    """A notice by a wrong key would be refused by the site, and the person told the wrong thing."""
    with agreed(home, shop) as (running, ended):
        (home / "seed").write_text("A" * 43 + "\n")
        error = running.error(
            "withdraw", origin=SHOP.origin, agreement=ended, by="click", policy=None
        )
        assert error["code"] == "seed"
        assert "backup" in error["fix"]
        assert seen(running)["state"] == "active"


def test_what_is_ended_is_no_longer_waited_for(home: Path) -> None:
    """Three that were taken back do not stop the offers to a fourth."""
    with greeted(home) as running:
        for number in range(3):
            site = Site(origin=f"https://shop{number}.example")
            post, _ = offer(running, "touch", site)
            running.result(
                "withdraw",
                origin=site.origin,
                agreement=post["agreement"],
                by="click",
                policy=site.served(),
            )
        assert negotiate(running, "touch", Site(origin="https://fourth.test"))["state"] == "active"
