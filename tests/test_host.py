"""The real host process over real pipes: what a browser sees of it, and what it leaves on disk."""

import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rbutton.person.home import Home
from rbutton.person.seed import Seed
from rbutton.terms import agreement, documents
from rbutton.terms.encoding import from_b64u
from rbutton.terms.keys import PublicKey, person_key
from tests import processes, sites
from tests.host_process import PATIENCE, Host, host
from tests.sites import Site
from tests.visiting import (
    NO_REPLY,
    SHOP,
    greeted,
    kinds,
    negotiate,
    offer,
    records,
    reply,
    seen,
    visit,
)

SITE = SHOP


def test_a_whole_negotiation(home: Path, running: Host) -> None:
    """From the first visit to the closed button, each step in the view, all of it on disk."""
    view = visit(running)
    assert (view["state"], view["reason"], view["offer"]) == ("potential", "not-offered", "touch")
    assert view["header"] == 'v=1, proffer=("SD-BASE-DP")'
    assert view["calls_itself"] == SITE.name
    assert not (home / "seed").exists()

    post, view = offer(running, "touch")
    assert (view["state"], view["reason"]) == ("potential", "waiting")
    assert post["url"] == "https://shop.example/.well-known/emanciterms"
    proffer = agreement.read(post["body"].encode())
    assert proffer.id == post["agreement"]
    assert (proffer.by_person, proffer.by_site) == (True, False)
    assert proffer.agreement.site.origin == SITE.origin
    assert kinds(home) == ["policy", "proffer", "sent"]

    sealed = SITE.countersign(post["body"])
    view = reply(running, post, sites.http(200, "application/jose+json", sealed))
    assert (view["state"], view["reason"], view["offer"]) == ("active", "signed", None)
    assert view["agreement"]["id"] == post["agreement"]
    assert view["agreement"]["jws"].encode() == sealed
    assert view["actions"] == ["agreement", "end"]
    assert {row["mark"] for row in view["clauses"]} == {"met"}
    kept = records(home)
    assert [one.kind for one in kept] == ["policy", "proffer", "sent", "sealed"]
    assert (kept[0].body, kept[1].body, kept[3].body) == (
        SITE.policy(),
        post["body"].encode(),
        sealed,
    )
    assert {one.agreement for one in kept} == {post["agreement"]}


def test_the_seed_and_the_record_give_the_persons_key_back(home: Path, running: Host) -> None:
    """What is needed to end an agreement later is the seed and what the ledger holds."""
    negotiate(running)
    signed = agreement.read(records(home)[-1].body)
    seed = Seed(Home.in_one_folder(home)).read()
    key = person_key(seed, from_b64u(signed.agreement.nonce), SITE.origin)
    assert PublicKey.of(key) == signed.agreement.person.jwk


def test_what_was_sealed_stands_after_a_restart(home: Path) -> None:
    """Still active, without and with the policy; nothing is offered a second time by anyone."""
    with greeted(home) as running:
        before = negotiate(running)
        assert running.close() == 0
    kept = records(home)
    with greeted(home) as running:
        assert seen(running)["agreement"] == before["agreement"]
        view = visit(running)
        assert (view["state"], view["offer"]) == ("active", None)
        for by in ("touch", "retry", "click"):
            post, view = offer(running, by)
            assert post is None
            assert view["state"] == "active"
        # Nor does the site's policy going away or wrong end what was signed.
        view = visit(running, controller={})
        assert (view["state"], view["reason"]) == ("look", "policy-gone")
        assert view["agreement"] == before["agreement"]
        failed = {"at": "2026-11-22T10:00:00Z", "failed": "not-found", "status": 404}
        gone = running.result("visit", origin=SITE.origin, announced=True, policy=failed)["view"]
        assert (gone["state"], gone["reason"]) == ("look", "policy-gone")
        assert "There is none at its usual place any more." in gone["text"]
        for passing in ("timeout", "network", "status"):
            shown = running.result(
                "visit", origin=SITE.origin, announced=True, policy=failed | {"failed": passing}
            )
            assert (shown["view"]["state"], shown["view"]["reason"]) == ("active", "signed")
    assert records(home) == kept


def test_an_open_proffer_is_the_same_bytes_after_a_restart(home: Path) -> None:
    """Same payload, same answer: a retry and a click send what was signed, not something new."""
    with greeted(home) as running:
        first, _ = offer(running, "touch")
        running.process.kill()
    with greeted(home) as running:
        view = visit(running)
        assert (view["reason"], view["offer"]) == ("waiting", "now")
        assert view["actions"] == ["again", "take-back"]
        for by in ("retry", "click"):
            post, _ = offer(running, by)
            assert post == first
        assert offer(running, "touch")[0] is None
        view = reply(running, first, SITE.answer(first["body"]))
        assert view["state"] == "active"
    assert kinds(home) == ["policy", "proffer", "sent", "sent", "sent", "sealed"]


def test_a_silent_site_is_asked_five_times_and_then_left(home: Path, running: Host) -> None:
    """No answer keeps it waiting; after the fifth only the person sends it again."""
    first, _ = offer(running, "touch")
    silence: list[Any] = [NO_REPLY, sites.http(502, "text/html", b"<h1>"), {"failed": "network"}]
    for answer in [*silence, sites.problem(429, "slow-down")]:
        view = reply(running, first, answer)
        assert (view["reason"], view["offer"]) == ("waiting", "now")
        post, _ = offer(running, "retry")
        assert post == first
    assert reply(running, first, NO_REPLY)["offer"] is None
    assert offer(running, "retry")[0] is None
    assert offer(running, "click")[0] == first
    assert kinds(home).count("proffer") == 1


def test_a_decline_is_shown_in_the_sites_words_and_ends_it(home: Path) -> None:
    """Not offered again by itself, also after a restart; a click offers something new."""
    with greeted(home) as running:
        first, _ = offer(running, "touch")
        view = reply(running, first, sites.problem(403, "declined", "We count\u202e visits."))
        assert (view["reason"], view["words"]) == ("declined", "We count visits.")
        assert (view["offer"], view["actions"]) == (None, ["offer"])
    with greeted(home) as running:
        view = visit(running)
        assert (view["reason"], view["words"]) == ("declined", "We count visits.")
        assert seen(running)["reason"] == "declined"
        for by in ("touch", "retry"):
            assert offer(running, by)[0] is None
        # A late signature on what the site declined changes nothing.
        assert reply(running, first, SITE.answer(first["body"]))["reason"] == "declined"
        second, view = offer(running, "click")
        assert second["agreement"] != first["agreement"]
        assert view["reason"] == "waiting"
        one, two = (agreement.read(post["body"].encode()).agreement for post in (first, second))
        assert one.person.jwk != two.person.jwk
        assert one.nonce != two.nonce


def test_what_is_not_offered_makes_no_seed(home: Path, running: Host) -> None:
    """Nobody is asked for a keyring, and no key is made, for a site that cannot sign."""
    served = SITE.served(negotiates=False)
    result = running.result("offer", origin=SITE.origin, policy=served, by="click")
    assert (result["post"], result["view"]["reason"]) == (None, "not-negotiable")
    assert not (home / "seed").exists()


@pytest.mark.parametrize(
    "code", [(401, "bad-signature"), (409, "conflict"), (422, "unknown-terms")]
)
def test_a_refusal_is_not_called_a_decline(running: Host, code: tuple[int, str]) -> None:
    """The site could not take it, which is not the same as not wanting it."""
    post, _ = offer(running, "touch")
    assert reply(running, post, sites.problem(*code))["reason"] == "refused"


def test_a_reply_for_something_else_closes_nothing(home: Path, running: Host) -> None:
    """Another payload, another origin, another id: still waiting, and no agreement on record."""
    other = Site(origin="https://other.example")
    post, _ = offer(running, "touch")
    theirs, _ = offer(running, "touch", other)
    assert reply(running, post, other.answer(theirs["body"]))["reason"] == "waiting"
    assert reply(running, theirs, SITE.answer(post["body"]))["reason"] == "waiting"
    elsewhere = running.result(
        "reply", origin=other.origin, agreement=post["agreement"], reply=SITE.answer(post["body"])
    )
    assert elsewhere["view"]["reason"] == "waiting"
    mine = sites.http(200, "application/jose+json", post["body"].encode())
    assert reply(running, post, mine)["reason"] == "waiting"
    assert "sealed" not in kinds(home)
    nobody = running.error(
        "reply", origin="https://third.example", agreement=post["agreement"], reply=NO_REPLY
    )
    assert nobody["code"] == "unknown-agreement"


def announced(running: Host, site: Site = SITE) -> Any:
    """The view of a site that announced itself, before its policy is fetched."""
    return running.result("visit", origin=site.origin, announced=True, policy=None)["view"]


@pytest.mark.parametrize("when", ["click", "never"])
def test_the_policy_is_not_fetched_before_the_click(home: Path, when: str) -> None:
    """Its fetch would tell the site that there is an agent; after an agreement it knows."""
    (home / "terms.toml").write_text(f'[proffer]\nnegotiate = "{when}"\n')
    with greeted(home) as running:
        view = announced(running)
        assert (view["state"], view["reason"]) == ("potential", "announced")
        assert (view["header"], view["offer"]) == (None, None)
        assert view["actions"] == ["offer", "look"]
        negotiate(running, "click")
        view = announced(running)
        assert view is None if when == "click" else view["reason"] == "signed"


def test_in_auto_the_policy_is_fetched_at_once(running: Host) -> None:
    assert announced(running) is None


def test_with_click_a_site_learns_nothing_until_the_click(home: Path) -> None:
    """No header and no offer before; both after."""
    (home / "terms.toml").write_text('[proffer]\nnegotiate = "click"\n')
    with greeted(home) as running:
        view = visit(running)
        assert (view["offer"], view["header"], view["actions"]) == (None, None, ["offer"])
        for by in ("touch", "retry"):
            assert offer(running, by)[0] is None
        assert not (home / "ledger.sqlite3").exists() or kinds(home) == []
        post, view = offer(running, "click")
        assert post
        assert view["header"] == 'v=1, proffer=("SD-BASE-DP")'


def test_with_never_only_the_button_offers(home: Path) -> None:
    """And what differs on one site holds there alone."""
    (home / "terms.toml").write_text(
        '[proffer]\nnegotiate = "never"\n'
        '[sites."*.auto.example"]\nnegotiate = "auto"\n'
        '[sites."not.auto.example"]\nnegotiate = "never"\n'
    )
    with greeted(home) as running:
        for origin in ("https://shop.example", "https://not.auto.example", "https://auto.example"):
            site = Site(origin=origin)
            view = visit(running, site)
            assert (view["offer"], view["header"]) == (None, None)
            assert "never" not in view["actions"]
            for by in ("touch", "retry"):
                assert offer(running, by, site)[0] is None
        site = Site(origin="https://www.auto.example:8443")
        assert visit(running, site)["offer"] == "touch"
        assert offer(running, "touch", site)[0]
        post, view = offer(running, "click")
        assert post
        assert view["header"] is None


def test_the_set_that_the_site_accepts_is_offered(home: Path) -> None:
    """The first of the person's sets that it signs whole; the header names the same."""
    (home / "terms.toml").write_text(
        '[proffer]\nterms = [["SD-BASE-DP"], ["no-stalking", "mine-as-well"]]\n'
    )
    with greeted(home) as running:
        served = SITE.served(accepts=["mine-as-well", "no-stalking"])
        view = running.result("visit", origin=SITE.origin, announced=True, policy=served)["view"]
        assert view["header"] == 'v=1, proffer=("mine-as-well" "no-stalking")'
        post = running.result("offer", origin=SITE.origin, policy=served, by="touch")["post"]
        terms = agreement.read(post["body"].encode()).agreement.terms
        assert [term.id for term in terms] == ["mine-as-well", "no-stalking"]


def test_subdomains_of_one_owner_are_asked_once_by_themselves(running: Host) -> None:
    """The second is held back with a reason; the button still offers there."""
    one, two = (Site(origin=f"https://{name}.evil.example") for name in "ab")
    assert offer(running, "touch", one)[0]
    view = visit(running, two)
    assert view["offer"] is None
    assert "asked already" in view["text"]
    assert offer(running, "touch", two)[0] is None
    assert offer(running, "click", two)[0]


def test_three_silent_sites_hold_back_the_fourth(running: Host) -> None:
    """Until one of them answers."""
    few = [Site(origin=f"https://silent{number}.test") for number in range(4)]
    posts = [offer(running, "touch", site)[0] for site in few]
    assert all(posts[:3])
    assert posts[3] is None
    reply(running, posts[0], sites.problem(403, "declined"), few[0])
    assert offer(running, "touch", few[3])[0]


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ("", "Told not to track you."),
        ('[[exceptions]]\nsite = "shop.example"\n', "Told not to sell or share your data."),
        (
            '[signals]\ngpc = "off"\n[[exceptions]]\nsite = "*.example"\n',
            "Told that it may track you.",
        ),
        ('[sites."shop.example"]\nbutton = "off"\n', "The button sends it no signal."),
    ],
)
def test_where_there_are_no_terms_it_says_what_the_site_is_told(
    home: Path, terms: str, told: str
) -> None:
    """What really goes out: exceptions count."""
    (home / "terms.toml").write_text(terms)
    with greeted(home) as running:
        view = running.result("visit", origin=SITE.origin, announced=False, policy=None)["view"]
        assert view["reason"] == "nothing-here"
        assert view["text"].startswith(told)


def test_an_unusable_policy_is_told_and_nothing_is_offered(home: Path, running: Host) -> None:
    """Meant for another origin, expired, broken, or not fetched at all: each with its reason."""
    other = Site(origin="https://other.example").policy()
    for body, reason in (
        (other, "origin is another one"),
        (SITE.policy(expires=sites.A_YEAR_AGO), "expired"),
        (b"[" * 60_000, "nested deeper"),
        (b"\xff", "UTF-8"),
    ):
        served = {"at": "2026-11-22T10:00:00Z", "body": sites.in_base64(body)}
        view = running.result("visit", origin=SITE.origin, announced=True, policy=served)["view"]
        assert (view["state"], view["reason"]) == ("alone", "invalid-policy")
        assert reason in view["text"]
        result = running.result("offer", origin=SITE.origin, policy=served, by="click")
        assert result["post"] is None
        assert result["view"]["state"] == "alone"
    for failed, state in (("timeout", "alone"), ("network", "alone"), ("not-found", "unknown")):
        nothing = {"at": "2026-11-22T10:00:00Z", "failed": failed, "status": None}
        view = running.result("visit", origin=SITE.origin, announced=False, policy=nothing)["view"]
        assert view["state"] == state
    assert records(home) == []


def test_two_browsers_have_one_negotiation(home: Path) -> None:
    """Two hosts on one ledger, clicked at the same moment: one proffer, the same bytes."""
    with greeted(home) as one, greeted(home) as two:
        members = {"origin": SITE.origin, "policy": SITE.served(), "by": "click"}
        numbers = [(each, each.send("offer", **members)) for each in (one, two)]
        posts = [
            each.frame(lambda frame, re=number: frame.get("re") == re)["result"]["post"]
            for each, number in numbers
        ]
        assert posts[0] == posts[1]
        reply(one, posts[0], SITE.answer(posts[0]["body"]))
        assert seen(two)["state"] == "active"
    assert kinds(home).count("proffer") == 1


def test_settings_are_told_and_set(home: Path, running: Host) -> None:
    """The answer to a change is what holds now; the file has it, with its comments."""
    settings = running.hello()["settings"]
    assert settings["signals"] == {
        "dnt": True,
        "gpc": True,
        "sites": [],
        "buttons": {},
        "exceptions": [],
    }
    assert (settings["negotiate"], settings["terms"]) == ("auto", [["SD-BASE-DP"]])
    assert (settings["problem"], settings["notices"]) == (None, [])
    assert settings["file"] == str(home / "terms.toml")
    assert "SD-BASE-DP" in [document["id"] for document in settings["roster"]]
    settings = running.result("set", key="signals.dnt", value="off")["settings"]
    assert settings["signals"]["dnt"] is False
    wanted = [["do-not-track"], ["SD-BASE"]]
    settings = running.result("set", key="proffer.terms", value=wanted)["settings"]
    assert settings["terms"] == wanted
    text = (home / "terms.toml").read_text()
    assert 'dnt = "off"' in text
    assert "# Do Not Track" in text


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("signals.dnt", "maybe", "config"),
        ("proffer.terms", [["invented"]], "config"),
        ("proffer.terms", "SD-BASE", "config"),
        ("signals.dnt", True, "malformed"),
        ("sites.x.negotiat", "auto", "config"),
        ("sites.https://x.negotiate", "auto", "config"),
        ("own.clauses.track.offsite", "nevr", "config"),
        ("own.clauses.retain", ["P1D"], "config"),
        ("exceptions.site", "x.example", "config"),
        ("signals", "off", "config"),
    ],
)
def test_a_wrong_setting_is_refused(
    home: Path, running: Host, key: str, value: Any, code: str
) -> None:
    """And the file stays as it was."""
    before = (home / "terms.toml").read_bytes()
    assert running.error("set", key=key, value=value)["code"] == code
    assert (home / "terms.toml").read_bytes() == before


def test_an_edit_of_terms_toml_is_pushed(home: Path, running: Host) -> None:
    """Good, broken, mended: the browser is told each time, and the last good one holds."""
    file = home / "terms.toml"
    good = file.read_text().replace('gpc = "on" ', 'gpc = "off"')
    file.write_text(good)
    settings = running.event()["settings"]
    assert (settings["signals"]["gpc"], settings["problem"]) == (False, None)
    file.write_text(good.replace('negotiate = "auto"', 'negotiate = "atuo"'))
    settings = running.event()["settings"]
    assert settings["signals"]["gpc"] is False
    assert "negotiate" in settings["problem"]["message"]
    assert re.search(r"line \d+", settings["problem"]["message"])
    assert 'Did you mean "auto"' in settings["problem"]["fix"]
    file.unlink()
    settings = running.event()["settings"]
    assert "missing" in settings["problem"]["message"]
    assert settings["signals"]["gpc"] is False
    assert not file.exists()
    file.write_text(good)
    assert running.event()["settings"]["problem"] is None


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
def test_a_home_that_others_can_enter_is_told(home: Path, mode: int) -> None:
    """Every request is answered with what to type; nothing is written there."""
    home.chmod(mode)
    with host("--home", home) as running:
        for request in ("hello", "visit", "offer"):
            error = running.error(request, protocol=1, extension="0", browser="x")
            assert error["code"] == "home"
            assert str(home) in error["message"]
            assert "chmod 700" in error["fix"]
        assert running.close() == 0
    assert list(home.iterdir()) == []


def test_a_new_home_is_made_for_the_person_alone(tmp_path: Path) -> None:
    """0700, with files that are 0600."""
    home = tmp_path / "new" / "home"
    with greeted(home) as running:
        negotiate(running)
    assert home.stat().st_mode & 0o777 == 0o700
    for name in ("terms.toml", "ledger.sqlite3", "seed", "seed.json"):
        assert (home / name).stat().st_mode & 0o777 == 0o600


def test_a_damaged_ledger_is_told_and_signs_nothing(home: Path) -> None:
    """No offer goes out that could not be kept."""
    with greeted(home) as running:
        (home / "ledger.sqlite3").write_bytes(b"not a database at all" * 100)
        error = running.error("visit", origin=SITE.origin, announced=True, policy=SITE.served())
        assert error["code"] == "ledger"
        error = running.error("offer", origin=SITE.origin, policy=SITE.served(), by="click")
        assert error["code"] == "ledger"
        assert "ledger.sqlite3" in error["message"]
        # Settings have nothing to do with it.
        assert running.hello()["settings"]


def test_a_ledger_that_is_busy_is_waited_for(home: Path, running: Host) -> None:
    """Another browser's host is writing: this one waits, and other requests are answered."""
    visit(running)
    with closing(sqlite3.connect(home / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        number = running.send("offer", origin=SITE.origin, policy=SITE.served(), by="click")
        assert running.hello()
        other.execute("COMMIT")
    assert running.frame(lambda frame: frame.get("re") == number)["result"]["post"]


def test_hello_comes_first(home: Path) -> None:
    """Anything else is refused until then, and nothing is done."""
    with host("--home", home) as running:
        error = running.error("visit", origin=SITE.origin, announced=False, policy=None)
        assert error["code"] == "hello-first"
        for protocol, code in ((2, "update-host"), (0, "update-extension")):
            error = running.error("hello", protocol=protocol, extension="9.9", browser="chromium")
            assert error["code"] == code
            assert "9.9" in error["message"]
            assert error["fix"]
        assert running.error("set", key="signals.dnt", value="off")["code"] == "hello-first"
        assert running.hello()["protocol"] == 1
        assert running.result("visit", origin=SITE.origin, announced=False, policy=None)
    assert 'dnt = "on"' in (home / "terms.toml").read_text()


BAD_FRAMES = {
    "empty": b"",
    "not UTF-8": b"\xff",
    "a list": b"[]",
    "deep": b"[" * 60_000,
    "NaN": b'{"id":NaN}',
    "a member twice": b'{"id":1,"id":2,"request":"hello"}',
    "too large": b" " * 300_000,
    "no id": b'{"request":"hello"}',
    "an id that is text": b'{"id":"1","request":"hello"}',
    "an id that is null": b'{"id":null}',
}


@pytest.mark.parametrize("when", ["before", "after"])
def test_misfits_are_answered_malformed_and_the_host_goes_on(home: Path, when: str) -> None:
    """One after the other, before and after the hello."""
    with host("--home", home) as running:
        if when == "after":
            running.hello()
        for name, body in BAD_FRAMES.items():
            running.send_frame(body)
            answer = running.frame(lambda frame: frame.get("re", 0) is None)
            assert answer["error"]["code"] == "malformed", name
            assert running.hello()
        assert running.close() == 0


GOOD_VISIT: dict[str, Any] = {
    "origin": SITE.origin,
    "announced": True,
    "policy": SITE.served(),
}
GOOD_OFFER = {"origin": SITE.origin, "policy": SITE.served()}
BAD_REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no origin": ("visit", {"announced": True, "policy": None}),
    "no policy": ("visit", {"origin": SITE.origin, "announced": True}),
    "not said whether announced": ("visit", {"origin": SITE.origin, "policy": None}),
    "a member too many": ("visit", {**GOOD_VISIT, "tab": 7}),
    "an origin with a path": ("visit", {**GOOD_VISIT, "origin": "https://shop.example/"}),
    "a page of the browser": ("visit", {**GOOD_VISIT, "origin": "about:blank"}),
    "plain http": ("visit", {**GOOD_VISIT, "origin": "http://shop.example"}),
    "a body that is no base64": (
        "visit",
        {**GOOD_VISIT, "policy": {"at": "2026-11-22T10:00:00Z", "body": "é"}},
    ),
    "a body that is null": (
        "visit",
        {**GOOD_VISIT, "policy": {"at": "2026-11-22T10:00:00Z", "body": None}},
    ),
    "a time that is none": ("visit", {**GOOD_VISIT, "policy": {"at": "now", "body": ""}}),
    "an unknown failure": (
        "visit",
        {**GOOD_VISIT, "policy": {"at": "2026-11-22T10:00:00Z", "failed": "bored"}},
    ),
    "offered by nobody": ("offer", {**GOOD_OFFER, "by": "itself"}),
    "a reply without headers": (
        "reply",
        {"origin": SITE.origin, "agreement": "A" * 43, "reply": {"status": 200, "body": ""}},
    ),
    "a reply to no id": (
        "reply",
        {"origin": SITE.origin, "agreement": "x", "reply": {"failed": "timeout"}},
    ),
    "a hello in words": ("hello", {"protocol": "1", "extension": "0", "browser": "x"}),
    "a hello with true": ("hello", {"protocol": True, "extension": "0", "browser": "x"}),
}


def test_wrong_requests_are_refused_by_their_number(home: Path, running: Host) -> None:
    """Told which request it was; nothing is recorded; an unknown one is called so."""
    for name, (request, members) in BAD_REQUESTS.items():
        error = running.error(request, **members)
        assert error["code"] == "malformed", name
        assert error["message"].endswith(".")
    for request in ("forgive", "", "__init__", "settings"):
        assert running.error(request)["code"] == "unknown-request"
    assert running.error("offer", **GOOD_VISIT, by="click", secret="x")["code"] == "malformed"
    assert not (home / "ledger.sqlite3").exists()
    assert "Traceback" not in running.log()


def test_requests_at_once_are_each_answered(running: Host) -> None:
    """A hundred pages open together: every number comes back once."""
    numbers = [
        running.send("visit", origin=f"https://s{number}.test", announced=False, policy=None)
        for number in range(100)
    ]
    for number in numbers:
        answer = running.frame(lambda frame, re=number: frame.get("re") == re)
        assert answer["result"]["view"]["state"] == "unknown"


@pytest.mark.parametrize(
    "rest", [b"", b"\x07", b"\x07\x00\x00\x00", b"\x07\x00\x00\x00{", b"\xff\xff\xff\xffabc"]
)
def test_when_the_browser_goes_the_host_ends(home: Path, rest: bytes) -> None:
    """Between frames or within one: exit code 0, no traceback."""
    with greeted(home) as running:
        running.send_bytes(rest)
        assert running.close() == 0
        assert "Traceback" not in running.log()


def test_what_is_under_way_is_finished_when_the_browser_goes(home: Path) -> None:
    """An answer that sealed is kept, though nobody waits for the view any more."""
    with greeted(home) as running:
        post, _ = offer(running, "click")
        running.send(
            "reply",
            origin=SITE.origin,
            agreement=post["agreement"],
            reply=SITE.answer(post["body"]),
        )
        assert running.close() == 0
        assert "Traceback" not in running.log()
    assert kinds(home)[-1] == "sealed"


def test_a_browser_that_does_not_listen_any_more_is_no_mistake(home: Path) -> None:
    """Its end of our output is closed first: what was asked is done, and the host ends well."""
    hello = b'{"id":1,"request":"hello","protocol":1,"extension":"0","browser":"x"}'
    change = b'{"id":2,"request":"set","key":"signals.dnt","value":"off"}'
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "rbutton.native", "--home", home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(struct.pack("@I", len(hello)) + hello)
    process.stdin.flush()
    assert len(process.stdout.read(4)) == 4
    process.stdout.close()
    process.stdin.write(struct.pack("@I", len(change)) + change)
    process.stdin.close()
    log = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(PATIENCE) == 0
    assert "Traceback" not in log
    assert 'dnt = "off"' in (home / "terms.toml").read_text()


LEAN = """
import sys
from pathlib import Path
from rbutton.native import __main__
from rbutton.native.handlers import Handlers
from rbutton.person.home import Home
handlers = Handlers(Home.in_one_folder(Path(sys.argv[1])))
members = {"protocol": 1, "extension": "0.1.0", "browser": "chromium"}
assert handlers.answer("hello", members)["settings"]["problem"] is None
print(*sys.modules)
"""
SLOW = ("pydantic", "joserfc", "cryptography", "publicsuffixlist", "sqlite3", "keyring", "tomlkit")


def test_the_first_answer_waits_for_nothing_slow(home: Path) -> None:
    """What signs, keeps and compares is imported after it."""
    with greeted(home):
        pass
    loaded = {name.partition(".")[0] for name in processes.run(LEAN, home).split()}
    assert "rbutton" in loaded
    assert loaded.isdisjoint(SLOW)


def test_an_incomplete_installation_is_told_when_it_is_needed(home: Path, tmp_path: Path) -> None:
    """Signals work without the vocabulary; what needs it says what to run."""
    source = Path(__file__).parents[1]
    copied = tmp_path / "copy"
    shutil.copytree(source / "host" / "rbutton", copied / "host" / "rbutton")
    shutil.copytree(source / "terms", copied / "terms")
    (copied / "terms" / "clauses.toml").write_text("clause = 7")
    env = {**os.environ, "PYTHONPATH": str(copied / "host")}
    with host("--home", home, env=env) as running:
        assert running.hello()["settings"]["signals"]["dnt"] is True
        error = running.error("visit", origin=SITE.origin, announced=True, policy=SITE.served())
        assert (error["code"], error["fix"]) == ("installation", "Run install_host.py again.")
    (copied / "terms" / "roster.json").unlink()
    with host("--home", home, env=env) as running:
        error = running.error("hello", protocol=1, extension="0", browser="x")
        assert error["code"] == "installation"


def test_what_is_shown_fits_into_a_frame(home: Path, running: Host) -> None:
    """The largest that a site may serve is answered within the browsers' limit."""
    padded = documents.MAX_BYTES - len(SITE.policy(future=""))
    body = SITE.policy(future=["x" * 4_000] * (padded // 4_100))
    served = {"at": "2026-11-22T10:00:00Z", "body": sites.in_base64(body)}
    result = running.result("offer", origin=SITE.origin, policy=served, by="click")
    assert len(json.dumps(result)) < 1_048_576
    assert records(home)[0].body == body


NETWORK = re.compile(r"AF_INET6?|AF_PACKET|AF_NETLINK|sin_addr")
UNDER_STRACE = ("strace", "-f", "-qq", "-e", "trace=network", "-o")


@pytest.mark.parametrize("where", ["portable", "keyring"])
def test_the_host_opens_no_network_socket(home: Path, tmp_path: Path, where: str) -> None:
    """A whole negotiation under strace: none at all, or a keyring's local one alone."""
    trace = tmp_path / "trace"
    folders: tuple[str | Path, ...] = ("--home", home)
    if where == "keyring":
        folders = ("--config", home / "config", "--data", home / "data")
    with host(*folders, before=(*UNDER_STRACE, str(trace))) as running:
        running.hello()
        view = negotiate(running, "click")
        assert view["state"] == "active"
        assert running.close() == 0
    calls = trace.read_text()
    assert not NETWORK.search(calls), calls
    if where == "keyring":
        assert "AF_UNIX" in calls
        assert json.loads((home / "data" / "seed.json").read_text())["place"] == "keyring"
    else:
        assert "socket(" not in calls


def test_arguments_of_a_browser_are_ignored(home: Path) -> None:
    """Chromium adds its extension's origin, Firefox a path and an id."""
    for extra in (["chrome-extension://abc/"], ["/path/manifest.json", "button@rbutton.org"]):
        with host("--home", home, *extra) as running:
            assert running.hello()
    with host("--config", home) as running:
        assert running.process.wait(PATIENCE) == 2
        assert "--home" in running.log()


def test_frames_have_the_machines_byte_order(home: Path) -> None:
    """Four bytes of length, then JSON: read here without the helper."""
    with host("--home", home) as running:
        body = b'{"id":1,"request":"hello","protocol":1,"extension":"0","browser":"x"}'
        running.send_bytes(struct.pack("=I", len(body)))
        for byte in body:
            running.send_bytes(bytes([byte]))
        assert running.frame(lambda frame: frame.get("re") == 1)["result"]["protocol"] == 1
