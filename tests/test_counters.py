"""Counter-offers, renewal, own terms and recognition, between a real host and a site."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rbutton.person.ledger import Kind, Ledger
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement, documents, jws
from rbutton.terms import policy as policies
from rbutton.terms import promise as promises
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.encoding import b64u, from_b64u, from_time_text, time_text
from tests import sites
from tests.host_process import Host
from tests.sites import Site
from tests.visiting import (
    NO_REPLY,
    SHOP,
    greeted,
    kinds,
    negotiate,
    offer,
    reply,
    seen,
    visit,
)

JOSE = jws.CONTENT_TYPE


def countered(running: Host, *ids: str) -> Any:
    """The whole answer after a click and a counter-offer of these terms."""
    post, _ = offer(running, "click")
    body = SHOP.counter(post["body"], *(ids or ("SD-BASE",)))
    return running.result(
        "reply",
        origin=SHOP.origin,
        agreement=post["agreement"],
        reply=sites.http(200, JOSE, body),
    )


def answer(running: Host, view: Any, by: str) -> Any:
    """The person's answer to what is shown."""
    return running.result("answer", origin=SHOP.origin, counter=view["counter"], by=by)


def delivered(running: Host, post: Any) -> Any:
    """The view after the site has sent the same back."""
    return reply(running, post, sites.http(200, JOSE, post["body"].encode()))


def listing(running: Host) -> list[tuple[str, str]]:
    """State and first term of each agreement, newest first."""
    rows = running.result("agreements", after=None, find=None)["rows"]
    return [(row["state"], row["terms"][0]["id"]) for row in rows]


def terms_toml(home: Path, text: str) -> None:
    """Settings before a host starts."""
    (home / "terms.toml").write_text(text)


def test_a_counter_offer_is_shown_as_a_difference_and_signs_nothing(running: Host) -> None:
    """What would be lost, in words; three ways to answer; nothing agreed."""
    result = countered(running)
    view = result["view"]
    assert result["post"] is None
    assert (view["state"], view["reason"]) == ("potential", "countered")
    assert view["heading"] == "shop.example wants other terms"
    assert view["actions"] == ["accept", "decline", "accept-always"]
    (lost,) = view["changes"]
    assert (lost["mark"], lost["now"]) == ("laxer", "not stated")
    assert view["agreement"] is None
    assert seen(running) == view | {"header": None, "offering": None}
    assert listing(running) == [("countered", "SD-BASE-DP")]


def test_a_counter_offer_that_is_accepted_is_signed_and_delivered(
    running: Host, home: Path
) -> None:
    """Signed by both at once; shown as not delivered until the site says it has it."""
    view = countered(running)["view"]
    result = answer(running, view, "accept")
    post, view = result["post"], result["view"]
    assert (view["state"], view["reason"]) == ("active", "undelivered")
    signed = agreement.read(post["body"].encode())
    assert signed.sealed
    assert signed.id == post["agreement"] == view["agreement"]["id"]
    assert [term.id for term in signed.agreement.terms] == ["SD-BASE"]
    view = delivered(running, post)
    assert (view["state"], view["reason"]) == ("active", "signed")
    assert view["heading"] == "You and shop.example signed the same terms"
    assert listing(running) == [("active", "SD-BASE"), ("countered", "SD-BASE-DP")]
    assert kinds(home)[-1] == "delivered"


def test_a_delivery_that_got_no_answer_goes_again_before_anything_newer(running: Host) -> None:
    """The same bytes, by itself on the next page and by a press; a late answer still counts."""
    post = answer(running, countered(running)["view"], "accept")["post"]
    view = reply(running, post, NO_REPLY)
    assert (view["state"], view["reason"], view["offer"]) == ("active", "undelivered", "now")
    assert "does not have your signature yet" in view["text"]
    again, view = offer(running, "retry")
    assert again == post
    assert view["offer"] is None
    pressed, _ = offer(running, "click")
    assert pressed == post
    assert delivered(running, post)["reason"] == "signed"
    assert offer(running, "click")[0] is None


def test_a_signature_that_the_site_will_not_take_is_told(running: Host) -> None:
    """In the site's words; both have signed, so it stays what it is."""
    post = answer(running, countered(running)["view"], "accept")["post"]
    view = reply(running, post, sites.problem(410, "expired", "You came too late."))
    assert (view["state"], view["reason"]) == ("active", "signed")
    assert "could not take your signature: You came too late." in view["text"]
    assert view["offer"] is None


def test_a_counter_offer_that_is_declined_is_not_asked_again(running: Host) -> None:
    """Nothing goes to the site, nothing is offered by itself; a press offers anew."""
    view = countered(running)["view"]
    result = answer(running, view, "decline")
    assert result["post"] is None
    assert result["view"]["reason"] == "counter-declined"
    assert visit(running)["offer"] is None
    assert offer(running, "touch")[0] is None
    assert offer(running, "click")[0] is not None


def test_what_was_declined_or_lapsed_can_be_offered_only_where_the_site_takes_offers(
    running: Host, home: Path
) -> None:
    """Also where its time has passed unanswered."""
    answer(running, countered(running)["view"], "decline")
    assert visit(running)["actions"] == ["offer"]
    view = visit(running, negotiates=False)
    assert (view["reason"], view["actions"]) == ("counter-declined", [])
    news = Site(origin="https://news.example")
    at = datetime.now(UTC) - timedelta(days=8)
    offered = sites.proffer(news, "SD-BASE-DP", now=at)
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        several: dict[Kind, bytes] = {
            "policy": news.policy(),
            "proffer": offered.body,
            "countered": news.counter(offered.body, "SD-BASE", now=at),
        }
        for kind, body in several.items():
            ledger.append(kind, time_text(at), news.origin, offered.id, body)
    assert visit(running, news)["actions"] == ["offer"]
    view = visit(running, news, negotiates=False)
    assert (view["reason"], view["actions"]) == ("counter-lapsed", [])


def test_a_listed_counter_offer_is_accepted_alone(home: Path) -> None:
    """Where every term of it is in `also`; the answer is to be posted at once."""
    terms_toml(home, '[proffer]\nalso = ["SD-BASE"]\n')
    with greeted(home) as running:
        result = countered(running)
        assert result["view"]["reason"] == "undelivered"
        assert agreement.read(result["post"]["body"].encode()).sealed
        assert delivered(running, result["post"])["reason"] == "signed"


def test_a_counter_offer_that_comes_too_late_ends_the_waiting(home: Path) -> None:
    """The site will never sign what it was offered, so a press offers anew; nothing is signed."""
    terms_toml(home, '[proffer]\nalso = ["SD-BASE"]\n')
    with greeted(home) as running:
        post, _ = offer(running, "click")
        then = datetime.now(UTC) - timedelta(days=7, seconds=1)
        body = SHOP.counter(post["body"], "SD-BASE", now=then)
        view = reply(running, post, sites.http(200, JOSE, body))
        assert (view["reason"], view["counter"]) == ("counter-lapsed", None)
        assert kinds(home)[-1] == "countered"
        assert offer(running, "click")[0]["agreement"] != post["agreement"]


@pytest.mark.parametrize("ids", [("SD-BASE", "do-not-track"), ("PDC-AI",)])
def test_more_than_what_is_listed_is_asked(home: Path, ids: tuple[str, ...]) -> None:
    """One term that is not, or one that only a click may give."""
    terms_toml(home, '[proffer]\nalso = ["SD-BASE"]\n')
    with greeted(home) as running:
        result = countered(running, *ids)
        assert result["post"] is None
        assert result["view"]["reason"] == "countered"


def test_always_accept_lists_it(running: Host, home: Path) -> None:
    """In terms.toml, for every site from then on."""
    answer(running, countered(running)["view"], "always")
    assert 'also = ["SD-BASE"]' in (home / "terms.toml").read_text()


def test_what_gives_something_away_cannot_be_accepted_always(running: Host) -> None:
    assert countered(running, "PDC-AI")["view"]["actions"] == ["accept", "decline"]


def test_terms_that_the_roster_does_not_have_cannot_be_accepted(running: Host) -> None:
    """Shown as such; an extension that asked all the same is refused."""
    post, _ = offer(running, "click")
    members = sites.payload_of(agreement.read(post["body"].encode()))
    unknown = {"id": "theirs", "sha256": b64u(bytes(32)), "clauses": {"ai": "train"}}
    changed = {"terms": [unknown], "answers": post["agreement"]}
    payload = documents.canonical(members | changed)
    body = sites.raw_jws(payload, sites.raw_signature(SHOP.key, payload))
    view = reply(running, post, sites.http(200, JOSE, body))
    assert view["heading"] == "shop.example wants terms that your roster does not have"
    assert view["actions"] == ["decline"]
    error = running.error("answer", origin=SHOP.origin, counter=view["counter"], by="accept")
    assert "not signed" in error["message"]


def test_two_browsers_answer_one_counter_once(running: Host, home: Path) -> None:
    """Whoever comes second is told; there is one agreement."""
    view = countered(running)["view"]
    with greeted(home) as other:
        answer(other, view, "accept")
        error = running.error("answer", origin=SHOP.origin, counter=view["counter"], by="accept")
        assert error["code"] == "unknown-agreement"
    assert kinds(home).count("accepted") == 1


def test_an_accepted_counter_can_be_ended(running: Host) -> None:
    """By a notice under its own id; it does not come back when its delivery is answered late."""
    post = answer(running, countered(running)["view"], "accept")["post"]
    ending = seen(running)["ending"]
    ended = running.result(
        "withdraw", origin=SHOP.origin, agreement=ending, policy=None, by="click"
    )
    assert ended["post"]["agreement"] == post["agreement"]
    delivered(running, post)
    assert seen(running)["state"] == "ended"


# Renewal


def test_other_terms_replace_what_is_in_force_when_both_have_signed_them(running: Host) -> None:
    """The old one stands until then, and is named by the new one; afterwards it never counts."""
    old = answer(running, countered(running)["view"], "accept")["post"]
    view = delivered(running, old)
    assert view["actions"] == ["agreement", "renew", "end"]
    (gained,) = view["renewal"]
    assert (gained["mark"], gained["was"]) == ("stricter", "not stated")
    assert offer(running, "click")[0] is None
    members = {"origin": SHOP.origin, "policy": SHOP.served(), "by": "click", "renew": True}
    result = running.result("offer", **members, seen=visit(running)["offering"])
    post = result["post"]
    assert (result["view"]["state"], result["view"]["ending"]) == ("active", old["agreement"])
    signed = agreement.read(post["body"].encode()).agreement
    assert signed.supersedes == old["agreement"]
    view = reply(running, post, SHOP.answer(post["body"]))
    assert (view["state"], view["ending"]) == ("active", post["agreement"])
    assert listing(running)[:2] == [("active", "SD-BASE-DP"), ("expired", "SD-BASE")]
    ended = {"origin": SHOP.origin, "agreement": post["agreement"], "policy": None}
    running.result("withdraw", **ended, by="click")
    assert seen(running)["state"] == "ended"


def test_a_renewal_that_is_declined_changes_nothing(running: Host) -> None:
    """And is told."""
    old = answer(running, countered(running)["view"], "accept")["post"]
    delivered(running, old)
    members = {
        "origin": SHOP.origin,
        "policy": SHOP.served(),
        "by": "click",
        "renew": True,
        "seen": visit(running)["offering"],
    }
    post = running.result("offer", **members)["post"]
    view = reply(running, post, sites.problem(403, "declined"))
    assert (view["state"], view["ending"]) == ("active", old["agreement"])
    assert "It declined your new terms, so these hold." in view["text"]


def test_what_is_laxer_than_what_is_in_force_is_asked_though_it_is_listed(home: Path) -> None:
    """Shown beside the agreement, as what would be given up; declined, all stays."""
    terms_toml(home, '[proffer]\nalso = ["SD-BASE"]\n')
    with greeted(home) as running:
        before = negotiate(running, "click")
        members = {
            "origin": SHOP.origin,
            "policy": SHOP.served(),
            "by": "click",
            "renew": True,
            "seen": visit(running)["offering"],
        }
        post = running.result("offer", **members)["post"]
        body = SHOP.counter(post["body"], "SD-BASE")
        view = reply(running, post, sites.http(200, JOSE, body))
        assert (view["state"], view["reason"]) == ("active", "countered")
        assert view["agreement"] == before["agreement"]
        assert {one["mark"] for one in view["changes"]} == {"laxer"}
        assert view["actions"][:2] == ["accept", "decline"]
        after = answer(running, view, "decline")["view"]
        assert (after["reason"], after["agreement"]) == ("signed", before["agreement"])


def test_a_renewal_signs_what_was_seen_or_nothing(home: Path) -> None:
    """A site that serves another policy by then gets the new view shown, and no signature."""
    terms_toml(
        home, '[proffer]\nterms = [["SD-BASE-DP", "no-stalking"], ["SD-BASE-DP"], ["SD-BASE"]]\n'
    )
    with greeted(home) as running:
        first = SHOP.served(accepts=["SD-BASE-DP"])
        members = {"origin": SHOP.origin, "by": "click"}
        post = running.result("offer", **members, policy=first)["post"]
        reply(running, post, SHOP.answer(post["body"]))
        view = visit(running, accepts=["SD-BASE-DP", "no-stalking"])
        assert {one["mark"] for one in view["renewal"]} == {"stricter"}
        lax = SHOP.served(accepts=["SD-BASE"])
        result = running.result("offer", **members, policy=lax, renew=True, seen=view["offering"])
        assert result["post"] is None
        assert {one["mark"] for one in result["view"]["renewal"]} == {"laxer"}
        unseen = running.error("offer", **members, policy=lax, renew=True)
        assert unseen["code"] == "malformed"


def test_own_terms_can_take_the_place_of_what_is_in_force(home: Path) -> None:
    """Shown as what would change, named in `supersedes`, and bound to what was seen."""
    terms_toml(home, '[own]\nclauses = { "track.offsite" = "never", sell = "never" }\n')
    with greeted(home) as running:
        members = {"origin": SHOP.origin, "policy": SHOP.served(), "by": "click"}
        before = negotiate(running, "click")["agreement"]["id"]
        view = visit(running)
        assert view["actions"] == ["agreement", "renew-own", "end"]
        assert "laxer" in {one["mark"] for one in view["renewal_own"]}
        press = {"own": True, "renew": True, "seen": view["offering_own"]}
        other = press | {"seen": view["offering"]}
        assert running.result("offer", **members, **other)["post"] is None
        post = running.result("offer", **members, **press)["post"]
        signed = agreement.read(post["body"].encode()).agreement
        assert [term.id for term in signed.terms] == ["own"]
        assert signed.supersedes == before
        view = reply(running, post, SHOP.answer(post["body"]))
        assert (view["state"], view["ending"]) == ("active", post["agreement"])
        (term,) = view["agreement"]["terms"]
        assert term["title"] == "Terms of your own"
        assert term["text"], "its clauses, in words"
        assert "renew" in visit(running)["actions"]


def test_a_press_is_for_as_long_as_it_said(home: Path) -> None:
    """What was shown as for good is not signed for a month, where the setting changed since."""
    terms_toml(home, '[proffer]\nlasts = "for good"\n')
    with greeted(home) as running:
        members = {"origin": SHOP.origin, "policy": SHOP.served(), "by": "click"}
        before = visit(running)["offering"]
        running.result("set", key="proffer.lasts", value="1 month")
        result = running.result("offer", **members, seen=before)
        assert result["post"] is None
        assert "Your terms would hold until" in result["view"]["text"]
        post = running.result("offer", **members, seen=result["view"]["offering"])["post"]
        signed = agreement.read(post["body"].encode()).agreement
        assert signed.until
        lasts = from_time_text(signed.until) - from_time_text(signed.proffered)
        assert lasts == timedelta(days=31)


def test_a_press_on_a_site_whose_policy_was_not_read_is_for_as_long_as_it_said(home: Path) -> None:
    """Which terms is for the policy to decide; for how long was said, and on which site."""
    terms_toml(home, '[proffer]\nnegotiate = "click"\nlasts = "1 month"\n')
    with greeted(home) as running:

        def announced(site: Site) -> Any:
            members = {"origin": site.origin, "announced": True, "policy": None}
            return running.result("visit", **members)["view"]

        before = announced(SHOP)
        assert "Your terms would hold until" in before["text"]
        members = {"origin": SHOP.origin, "policy": SHOP.served(), "by": "click"}
        elsewhere = announced(Site(origin="https://news.example"))["offering"]
        assert running.result("offer", **members, seen=elsewhere)["post"] is None
        running.result("set", key="proffer.lasts", value="1 year")
        assert running.result("offer", **members, seen=before["offering"])["post"] is None
        assert running.result("offer", **members, seen=announced(SHOP)["offering"])["post"]


def test_a_counter_offer_to_what_is_no_longer_so_cannot_be_accepted(
    running: Host, home: Path
) -> None:
    """Another machine's agreement came with a backup meanwhile: else two would be in force."""
    view = countered(running)["view"]
    policy = policies.read(SHOP.policy(), SHOP.origin, catalogue().vocabulary, sites.NOW)
    other = sites.proffer(SHOP, "SD-BASE-DP", nonce=bytes(32))
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        at = "2026-11-22T10:00:00Z"
        several: dict[Kind, bytes] = {
            "policy": policy.body,
            "proffer": other.body,
            "sealed": SHOP.countersign(other.body),
        }
        for kind, body in several.items():
            ledger.append(kind, at, SHOP.origin, other.id, body)
    assert seen(running)["reason"] == "signed"
    assert "accept" not in seen(running)["actions"]
    error = running.error("answer", origin=SHOP.origin, counter=view["counter"], by="accept")
    assert error["code"] == "unknown-agreement"


# Own terms


def test_own_terms_are_offered_by_their_own_press_alone(home: Path) -> None:
    """Held against the site's limits clause by clause; never named in the header."""
    terms_toml(home, '[own]\nclauses = { "track.offsite" = "never", copy = "on-request" }\n')
    with greeted(home) as running:
        limits = {"track.offsite": "never", "copy": "none"}
        view = visit(running, limits=limits, accepts=[])
        assert view["actions"] == ["offer", "offer-own"]
        assert {row["mark"] for row in view["own"]} == {"met", "gap"}
        assert "own" not in view["header"]
        members = {"origin": SHOP.origin, "policy": SHOP.served(limits=limits)}
        refused = running.error("offer", **members, by="touch", own=True)
        assert refused["code"] == "malformed"
        changed = running.result("offer", **members, by="click", own=True, seen=view["offering"])
        assert changed["post"] is None
        seen_terms = view["offering_own"]
        post = running.result("offer", **members, by="click", own=True, seen=seen_terms)["post"]
        (term,) = agreement.read(post["body"].encode()).agreement.terms
        assert (term.id, term.clauses) == (
            "own",
            {"copy": "on-request", "track.offsite": "never"},
        )
        view = reply(running, post, SHOP.answer(post["body"]))
        assert (view["state"], view["header"]) == ("active", 'v=1, proffer=("SD-BASE-DP")')
        assert "Terms of your own" in view["text"]


def test_without_own_terms_there_is_no_such_button(running: Host) -> None:
    assert "offer-own" not in visit(running)["actions"]
    members = {"origin": SHOP.origin, "policy": SHOP.served()}
    assert running.error("offer", **members, by="click", own=True)["code"] == "config"


# Recognition


def test_a_site_recognises_the_person_only_where_they_said_so(home: Path) -> None:
    """The id of the agreement in the header: as long as it is in force, and nowhere else."""
    terms_toml(home, '[sites."shop.example"]\nrecognise = "on"\n')
    with greeted(home) as running:
        assert visit(running)["header"] == 'v=1, proffer=("SD-BASE-DP")'
        view = negotiate(running, "click")
        value = view["header"].partition("agreement=:")[2].rstrip(":")
        padded = from_b64u(view["agreement"]["id"])
        assert base64.b64decode(value) == padded
        assert view["recognised"] is True
        other = sites.Site(origin="https://other.example")
        assert "agreement" not in negotiate(running, "click", other)["header"]
        ended = {"origin": SHOP.origin, "agreement": view["ending"], "policy": None}
        shown = running.result("withdraw", **ended, by="click")["view"]
        assert shown["header"] is None


# Promises, and policies over time


def promise(*ids: str, until: str = "2030-01-01T00:00:00Z", origin: str = "") -> dict[str, Any]:
    """A promise as the site's policy has it."""
    terms = [RosterTerm.of(catalogue().documents[one]) for one in ids]
    return promises.make(
        origin=origin or SHOP.origin, terms=terms, until=from_time_text(until), key=SHOP.key
    )


def test_a_promise_is_shown_as_one_and_never_closes_the_button(running: Host) -> None:
    """To everyone, until a day; a static site signs nothing with anybody."""
    view = visit(running, promise=promise("SD-BASE"), negotiates=None)
    assert (view["state"], view["reason"]) == ("promise", "promised")
    assert "has signed nothing with you" in view["text"]
    assert "1 January 2030" in view["text"] or "31 December 2029" in view["text"]
    assert {row["value"] for row in view["clauses"]} == {"to everyone"}
    assert (view["actions"], view["agreement"]) == ([], None)
    assert visit(running, promise=promise("SD-BASE"))["actions"] == ["offer"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"origin": "https://other.example"}, "another origin"),
        ({"until": "2020-01-01T00:00:00Z"}, "has ended"),
    ],
)
def test_a_promise_that_does_not_hold_is_ignored_and_told(
    running: Host, broken: dict[str, str], why: str
) -> None:
    view = visit(running, promise=promise("SD-BASE", **broken))
    assert view["reason"] == "not-offered"
    assert why in view["text"]


def test_a_policy_that_changed_since_is_shown_and_signs_nothing(running: Host, home: Path) -> None:
    """Clause by clause; the agreement stands; once noted, only what changes later is shown."""
    negotiate(running, "click")
    before = kinds(home)
    served: dict[str, Any] = {"accepts": ["SD-BASE"], "limits": {"share": "identified"}}
    view = visit(running, **served)
    assert (view["state"], view["reason"]) == ("look", "policy-changed")
    assert view["heading"] == "shop.example changed its policy since it signed"
    assert view["agreement"] is not None
    assert view["actions"] == ["noted", "agreement", "end"]
    changed = {one["label"]: (one["mark"], one["was"], one["now"]) for one in view["changes"]}
    title = catalogue().documents["SD-BASE-DP"].title
    assert changed[title][0] == "laxer"
    label = catalogue().vocabulary.by_name["share"].label
    assert changed[label][1] == "not stated"
    assert kinds(home) == before
    policy = SHOP.served(**served)
    view = running.result("note", origin=SHOP.origin, policy=policy)["view"]
    assert (view["state"], view["changes"]) == ("active", [])
    assert visit(running, **served)["state"] == "active"
    assert visit(running)["state"] == "look"


def test_what_matters_to_nobody_is_no_change(running: Host) -> None:
    """A later end of the policy, a member nobody knows, another order."""
    negotiate(running, "click")
    same: dict[str, Any] = {"expires": sites.IN_A_YEAR, "x-new": [1, 2]}
    assert visit(running, **same)["state"] == "active"


def test_a_ledger_of_all_this_verifies(running: Host, home: Path) -> None:
    """Nothing that was kept breaks the chain, and a host that starts anew says the same."""
    post = answer(running, countered(running)["view"], "accept")["post"]
    before = delivered(running, post)
    assert Ledger(home / "ledger.sqlite3").first_fault() is None
    with greeted(home) as other:
        after = seen(other)
    assert json.dumps(after["agreement"]) == json.dumps(before["agreement"])
