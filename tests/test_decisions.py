"""Decisions: which terms, whether by itself, what a reply means, what is shown."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rbutton.decisions import proffer, rows, view
from rbutton.decisions.proffer import Choice, choose, held_back, registrable_domain
from rbutton.decisions.relationship import Relationship, relationship
from rbutton.decisions.reply import Final, NoAnswer, Sealed, understand, words_of
from rbutton.decisions.words import day
from rbutton.person.ledger import Kind, Record, Sent
from rbutton.person.settings import Proffer, Settings
from rbutton.shipped.roster import catalogue
from rbutton.terms import policy
from rbutton.terms.agreement import Agreement
from rbutton.terms.encoding import time_text
from rbutton.terms.keys import person_key
from rbutton.terms.policy import Policy
from rbutton.terms.roster import RosterDocument
from tests import sites

SITE = sites.Site()
NOW = sites.NOW
PROFFER = sites.proffer(SITE)
JOSE = "application/jose+json"
PROBLEM = "application/problem+json"


def policy_of(**changes: Any) -> Policy:
    """The site's policy, read."""
    return policy.read(SITE.policy(**changes), SITE.origin, catalogue().vocabulary, NOW)


def wanting(*sets: list[str]) -> Settings:
    """A person's settings with these sets, most wanted first."""
    return Settings(proffer=Proffer(terms=list(sets)))


# Which terms


@pytest.mark.parametrize(
    ("accepts", "chosen", "whole"),
    [
        (["SD-BASE-DP"], ["SD-BASE-DP"], True),
        (["no-stalking", "mine-as-well"], ["mine-as-well", "no-stalking"], True),
        (["SD-BASE-DP", "no-stalking", "mine-as-well"], ["SD-BASE-DP"], True),
        (["no-stalking"], ["SD-BASE-DP"], False),
        (["sd-base-dp"], ["SD-BASE-DP"], False),
        ([], ["SD-BASE-DP"], False),
        (["do-not-track"], ["do-not-track"], True),
    ],
)
def test_the_first_set_accepted_whole_is_chosen_else_the_first(
    accepts: list[str], chosen: list[str], whole: bool
) -> None:
    """Part of a set is not the set."""
    settings = wanting(["SD-BASE-DP"], ["no-stalking", "mine-as-well"], ["do-not-track"])
    found = choose(settings, policy_of(accepts=accepts), catalogue())
    assert (found.ids, found.taken_whole) == (chosen, whole)


def test_without_a_policy_the_first_set_is_chosen() -> None:
    """Nothing is known of what the site takes."""
    found = choose(wanting(["do-not-track"], ["SD-BASE"]), None, catalogue())
    assert (found.ids, found.taken_whole) == (["do-not-track"], False)


@pytest.mark.parametrize(
    ("changes", "may"),
    [({}, True), ({"negotiates": False}, False), ({"keys": []}, False), ({"keys": None}, False)],
)
def test_a_site_negotiates_with_an_endpoint_and_a_key(changes: dict[str, Any], may: bool) -> None:
    """Without either, offering would be talking to the air."""
    assert proffer.may_negotiate(policy_of(**changes)) is may


# By itself


def record(kind: Kind, origin: str, name: str, at: datetime = NOW, body: bytes = b"{}") -> Record:
    """A record; only what the decisions read of it matters."""
    return Record(0, kind, time_text(at), origin, name, body)


def sent(origin: str, name: str, at: datetime = NOW, by: str = "touch") -> Record:
    """A proffer that was sent, and by whom."""
    return record("sent", origin, name, at, json.dumps({"by": by}).encode())


def asked(origin: str, at: datetime = NOW, by: str = "touch", *, answered: bool = False) -> Sent:
    """A site that was sent a proffer, as the caps see it."""
    return Sent(time_text(at), origin, by, answered)


def answered(count: int, at: datetime) -> list[Sent]:
    """So many sites that were asked by touch and answered."""
    return [asked(f"https://s{n}.test", at, answered=True) for n in range(count)]


CHOICE = choose(wanting(["SD-BASE-DP"]), None, catalogue())
HERE = Relationship("https://www.new.example")
DAY = timedelta(days=1)


def held(others: list[Sent], here: str = HERE.origin) -> str | None:
    """Why nothing is offered by itself."""
    return held_back(Relationship(here), CHOICE, others, NOW)


def test_nothing_holds_back_the_first_offer() -> None:
    """An empty ledger."""
    assert held([]) is None


def test_twenty_sites_a_day_and_no_more() -> None:
    """The 21st waits till the first is a day old; clicks do not count, answers do not help."""
    recent = NOW - timedelta(hours=23, minutes=59)
    assert held(answered(19, recent)) is None
    reason = held(answered(20, recent))
    assert reason
    assert "20" in reason
    assert held(answered(19, recent) + answered(40, NOW - DAY)) is None
    clicks = [asked(f"https://c{n}.test", recent, by="click") for n in range(40)]
    assert held(answered(19, recent) + clicks) is None


def test_three_unanswered_and_no_more() -> None:
    """In a day; an answer makes room, a retry of one site is still one site."""
    recent = NOW - timedelta(hours=23, minutes=59)
    three = [asked(f"https://u{n}.test", recent) for n in range(3)]
    retries = [asked("https://u0.test", recent, by="retry") for _ in range(5)]
    older = [asked(f"https://o{n}.test", NOW - DAY) for n in range(3)]
    assert held(older) is None
    reason = held(three)
    assert reason
    assert "3" in reason
    assert held(three[:2] + retries) is None
    assert held([*three[:2], asked("https://u2.test", recent, answered=True)]) is None


@pytest.mark.parametrize(
    ("there", "here", "free"),
    [
        ("https://a.new.example", "https://b.new.example", False),
        ("https://new.example", "https://a.b.new.example", False),
        ("https://new.example", "https://new.example:8443", False),
        ("https://new.example", "https://old.example", True),
        ("https://a.co.uk", "https://b.co.uk", True),
        ("https://www.a.co.uk", "https://shop.a.co.uk", False),
        ("https://ada.github.io", "https://bob.github.io", True),
        ("https://192.0.2.1", "https://192.0.2.2", True),
        ("https://192.0.2.1", "https://192.0.2.1:8443", True),
        ("https://[2001:db8::1]", "https://[2001:db8::2]", True),
        ("http://localhost:8000", "http://localhost:8001", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001", True),
        ("http://[::1]:8000", "http://[::1]:8001", True),
    ],
)
def test_one_origin_a_registrable_domain(there: str, here: str, free: bool) -> None:
    """Ten thousand subdomains are asked once; addresses and loopback names count by origin."""
    done = [asked(there, NOW - 100 * DAY, answered=True)]
    assert (held(done, here) is None) is free
    assert (registrable_domain(there) != registrable_domain(here)) is free


def test_ten_thousand_subdomains_are_asked_once() -> None:
    """However many come, the ledger gets one row of them by itself."""
    others: list[Sent] = []
    for number in range(2_000):
        origin = f"https://s{number}.evil.example"
        if held(others, origin) is None:
            others.append(asked(origin))
    assert len(others) == 1


@pytest.mark.parametrize("roster_id", ["PDC-INTENT", "PDC-GOOD", "PDC-AI"])
def test_terms_that_give_something_away_are_never_offered_by_itself(roster_id: str) -> None:
    """Section 3: by an explicit click alone."""
    document = RosterDocument(
        id=roster_id, title="t", summary="s", text="x", url="u", clauses={"ai": "train"}
    )
    reason = held_back(HERE, Choice((document,), taken_whole=True), [], NOW)
    assert reason
    assert "click" in reason


# Where one stands


def test_a_relationship_follows_its_records() -> None:
    """Offered, sent, declined, offered again, sealed."""
    offered, again = record("proffer", SITE.origin, "a"), record("proffer", SITE.origin, "b")
    declined = record("declined", SITE.origin, "a")
    sealed = record("sealed", SITE.origin, "b")
    kept = record("policy", SITE.origin, "a")
    steps = [kept, offered, sent(SITE.origin, "a"), declined, again, sealed]

    def after(count: int) -> Relationship:
        return relationship(SITE.origin, steps[:count], NOW)

    assert after(0).is_new
    assert after(1).is_new
    open_proffer = after(3).open
    assert open_proffer
    assert (open_proffer.proffer, open_proffer.sent) == (offered, (NOW,))
    assert not after(3).is_new
    assert (after(4).open, after(4).ended, after(4).is_new) == (None, declined, False)
    assert (after(5).ended, after(5).sealed) == (None, None)
    assert (after(6).sealed, after(6).open, after(6).policy) == (sealed, None, kept)


@pytest.mark.parametrize(
    ("hours", "may"),
    [
        ([], True),
        ([4, 3, 2, 1], True),
        ([5, 4, 3, 2, 1], False),
        ([23, 4, 3, 2, 1], False),
        # What was tried out stays so: days later it is still the person's to send.
        ([99, 98, 97, 96, 95], False),
        ([99, 98, 97, 96, 95, 1], False),
        ([25, 4, 3, 2, 1], True),
        ([80, 70, 60, 50, 40, 30, 20], True),
        ([0] * 5, False),
    ],
)
def test_a_proffer_is_sent_five_times_in_24_hours(hours: list[int], may: bool) -> None:
    """A site that does not answer is not knocked at for ever."""
    records = [record("proffer", SITE.origin, "a")]
    records += [sent(SITE.origin, "a", NOW - timedelta(hours=one)) for one in hours]
    state = relationship(SITE.origin, records, NOW)
    assert state.open
    assert state.may_retry(NOW) is may


# What a reply means

CODES = {
    400: "malformed",
    401: "bad-signature",
    403: "declined",
    404: "unknown-agreement",
    409: "conflict",
    410: "expired",
    413: "too-large",
    415: "unsupported-type",
    422: "unknown-terms",
}


def problem(code: Any, **members: Any) -> bytes:
    """A problem document."""
    return json.dumps({"type": "about:blank", "code": code, **members}).encode()


def test_the_sites_signature_on_the_same_bytes_seals() -> None:
    """And is kept as it came."""
    body = SITE.countersign(PROFFER.body)
    understood = understand(PROFFER, (200, JOSE, body), catalogue(), NOW)
    assert isinstance(understood, Sealed)
    assert understood.signed.body == body
    assert understood.signed.id == PROFFER.id


@pytest.mark.parametrize("status", CODES)
@pytest.mark.parametrize("code", [*CODES.values(), "slow-down"])
def test_only_a_status_with_its_own_code_is_final(status: int, code: str) -> None:
    """Section 5's pairs, and no others: a proxy's page or a mixed-up site is no answer."""
    body = problem(code)
    understood = understand(PROFFER, (status, PROBLEM, body), catalogue(), NOW)
    if CODES[status] == code:
        assert understood == Final(declined=code == "declined", body=body)
    else:
        assert understood == NoAnswer("status")


@pytest.mark.parametrize(
    "media", [PROBLEM, f"{PROBLEM}; charset=utf-8", f"{PROBLEM} ;x", PROBLEM.upper()]
)
def test_parameters_and_case_of_the_type_do_not_matter(media: str) -> None:
    """RFC 9110: a media type is compared without them."""
    assert isinstance(
        understand(PROFFER, (403, media, problem("declined")), catalogue(), NOW), Final
    )


OTHER = sites.proffer(SITE, nonce=bytes(32))
NO_ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "another type": (403, "application/json", problem("declined")),
    "no type": (403, "", problem("declined")),
    "HTML": (403, "text/html", problem("declined")),
    "a type that begins like it": (403, f"{PROBLEM}2", problem("declined")),
    "slow down": (429, PROBLEM, problem("slow-down")),
    "a server's error": (500, PROBLEM, problem("declined")),
    "a gateway's error": (502, "text/html", b"<h1>Bad gateway</h1>"),
    "no code": (403, PROBLEM, b'{"type":"about:blank","detail":"No"}'),
    "a code of another type": (403, PROBLEM, problem(["declined"])),
    "a code that is null": (403, PROBLEM, problem(None)),
    "an unknown code": (403, PROBLEM, problem("never")),
    "no JSON": (403, PROBLEM, b"declined"),
    "a code twice": (403, PROBLEM, b'{"code":"malformed","code":"declined"}'),
    "too large": (403, PROBLEM, problem("declined", detail="x" * 70_000)),
    "200 with a problem": (200, PROBLEM, problem("declined")),
    "200 with nothing": (200, JOSE, b""),
    "200 with the proffer": (200, JOSE, PROFFER.body),
    "200 sealed for another payload": (200, JOSE, SITE.countersign(OTHER.body)),
    "200 with the site's signature alone": (
        200,
        JOSE,
        sites.raw_jws(PROFFER.payload, sites.raw_signature(SITE.key, PROFFER.payload)),
    ),
    "201 sealed": (201, JOSE, SITE.countersign(PROFFER.body)),
    "202 sealed": (202, JOSE, SITE.countersign(PROFFER.body)),
    "0": (0, "", b""),
}


@pytest.mark.parametrize(("status", "media", "body"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_anything_else_is_no_answer(status: int, media: str, body: bytes) -> None:
    """So the same bytes may be sent again, and the button stays open."""
    assert isinstance(understand(PROFFER, (status, media, body), catalogue(), NOW), NoAnswer)


def test_the_persons_own_signature_twice_or_three_signatures_are_no_answer() -> None:
    """Reflecting what was sent, or adding to what was sealed, closes nothing."""
    key = person_key(sites.SEED, sites.NONCE, SITE.origin)
    other_spelling = b" " + sites.compact(sites.header_of(key))
    mine = sites.raw_signature(key, PROFFER.payload, other_spelling)
    first = json.loads(PROFFER.body)["signatures"][0]
    theirs = json.loads(SITE.countersign(PROFFER.body))["signatures"][1]
    for signatures in ([first, first], [first, mine], [first, theirs, mine], [theirs, theirs]):
        body = sites.raw_jws(PROFFER.payload, *signatures)
        understood = understand(PROFFER, (200, JOSE, body), catalogue(), NOW)
        assert isinstance(understood, NoAnswer)
        assert understood.why == "unreadable"


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("We need to count visits.", "We need to count visits."),
        ("  two\n\tlines\r\n ", "two lines"),
        ("turned \u202earound\u202c \u2066here\u2069", "turned around here"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a\u2028b\u2029c\u00a0d\u3000e", "a b c d e"),
        ("nul\x00bell\x07del\x7fc1\x9f", "nulbelldelc1"),
        ("<b>not markup</b>", "<b>not markup</b>"),
        ("private \ue000 tag \U000e0041 use", "private tag use"),
        ("é", "é"),
        ("x" * 500, "x" * 300),
        ("\u200b \u2028", None),
        ("", None),
        (None, None),
        (7, None),
        (["no"], None),
    ],
)
def test_the_sites_words_are_cleaned_and_bounded(detail: Any, shown: str | None) -> None:
    """At most 300 characters, nothing that hides, turns around or breaks lines."""
    assert words_of(problem("declined", detail=detail)) == shown


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"detail":"\\ud800"}'])
def test_a_kept_body_that_is_no_problem_has_no_words(body: bytes) -> None:
    """Whatever is on record, showing it never fails."""
    assert words_of(body) is None


# What is shown


def test_a_whole_group_is_one_row() -> None:
    """Not to track you, anywhere: one promise, not three."""
    signed = sites.proffer(SITE)
    labels = [row.label for row in rows.promised_rows(signed, catalogue().vocabulary)]
    assert "Not to track you" in labels
    assert len(labels) == len(set(labels)) == 5


def test_part_of_a_group_is_told_clause_by_clause() -> None:
    """do-not-track says nothing of tracking on the site itself, so it must not sound so."""
    signed = sites.proffer(SITE, "do-not-track")
    labels = [row.label for row in rows.promised_rows(signed, catalogue().vocabulary)]
    assert labels == ["Not to track you on other sites", "To let nobody else track you here"]


def test_an_offer_is_held_against_what_the_site_says() -> None:
    """Met, a gap with the site's own value, or not said: clause by clause."""
    choice = choose(wanting(["mine-as-well", "do-not-track"]), None, catalogue())
    limits = {"track.offsite": "consent", "copy": "immediate"}
    found = rows.offered_rows(choice, policy_of(limits=limits, accepts=[]), catalogue())
    marks = {row.label: (row.mark, row.value) for row in found}
    assert marks == {
        "Not to track you on other sites": ("gap", "it: only if you agree there"),
        "To let nobody else track you here": ("unknown", "it does not say"),
        "To delete your data on request": ("unknown", "it does not say"),
        "Your data, to you, on request": ("met", "it keeps to it"),
    }


def test_what_a_site_says_it_signs_counts_as_said() -> None:
    """An agreement it accepts says what it does; and the person is told of it by its title."""
    choice = choose(wanting(["SD-BASE"]), policy_of(accepts=["do-not-track"]), catalogue())
    limited = policy_of(accepts=["do-not-track"])
    found = {row.label: row.mark for row in rows.offered_rows(choice, limited, catalogue())}
    assert found["Not to track you on other sites"] == "met"
    assert "unknown" in found.values()
    shown = view.potential(
        Relationship(SITE.origin), limited, choice, catalogue(), now=NOW, when="Later."
    )
    assert "It signs: Do not track me. Later." in shown.text


def test_a_name_that_draws_nothing_is_not_shown() -> None:
    """The heading names the origin in any case."""
    blank = policy_of(controller={"name": "\u3164\u3164"})
    shown = view.potential(
        Relationship(SITE.origin), blank, CHOICE, catalogue(), now=NOW, when="Later."
    )
    assert shown.calls_itself is None
    assert "shop.example" in shown.heading


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "Shop” and has signed your terms. “Agreement",
            "Shop’ and has signed your terms. ’Agreement",
        ),
        ('A "B" «C»', "A ’B’ ’C’"),
        ("ก" + "\u0e49" * 60, "ก" + "\u0e49" * 4),
    ],
)
def test_a_name_stays_between_its_quotes_and_on_its_line(name: str, shown: str) -> None:
    """What the button says itself stands around it."""
    policy = policy_of(controller={"name": name})
    view_ = view.potential(
        Relationship(SITE.origin), policy, CHOICE, catalogue(), now=NOW, when="Later."
    )
    assert view_.calls_itself == shown
    assert name not in f"{view_.heading} {view_.text}"


def test_a_declined_site_shows_its_words_and_a_way_on() -> None:
    """Nothing is agreed, in the site's words and in ours."""
    body = problem("declined", detail="We sell\u202e ads.")
    state = Relationship(SITE.origin, ended=record("declined", SITE.origin, "a", body=body))
    shown = view.potential(state, policy_of(), CHOICE, catalogue(), now=NOW, when="when")
    assert (shown.state, shown.reason, shown.actions) == ("potential", "declined", ["offer"])
    assert shown.words == "We sell ads."
    assert shown.agreement is None
    assert "Nothing is agreed" in shown.text


def test_a_policy_without_a_way_to_sign_offers_no_button() -> None:
    """What cannot be done is not offered."""
    without: list[dict[str, Any]] = [{"negotiates": False}, {"keys": []}]
    for changes in without:
        shown = view.potential(
            Relationship(SITE.origin),
            policy_of(**changes),
            CHOICE,
            catalogue(),
            now=NOW,
            when="when",
        )
        assert (shown.reason, shown.actions) == ("not-negotiable", [])


def test_an_invalid_policy_is_told_with_its_reason() -> None:
    """Alone, with what is wrong and that the signals still go out."""
    shown = view.invalid_policy(SITE.origin, "the policy has expired")
    assert (shown.state, shown.reason) == ("alone", "invalid-policy")
    assert shown.text.startswith("The policy has expired.")
    assert "signals still go out" in shown.text


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_the_first_and_last_day_there_are_can_be_shown(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site may sign any time: in the person's zone it may be of no year."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert day(datetime(1, 1, 1, tzinfo=UTC)).endswith(" 1")
        assert day(datetime(9999, 12, 31, 23, tzinfo=UTC)).endswith(" 9999")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_counter_offer_that_would_have_ended_is_not_accepted() -> None:
    """A site may sit on an offer for a time until that is nearly over."""
    made = sites.proffer(SITE)
    ends = sites.NOW + timedelta(days=2)
    members = sites.payload_of(made) | {
        "answers": made.id,
        "answer_by": time_text(sites.NOW + timedelta(days=7)),
        "until": time_text(ends),
    }
    wanted = Agreement.model_validate(members)
    state = Relationship(SITE.origin)
    assert state.may_accept(wanted, ends - timedelta(seconds=1))
    assert not state.may_accept(wanted, ends)
