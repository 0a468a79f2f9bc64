"""What is shown of what a site says, and when it is asked: the host's part, its clock in hand."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rbutton.native import messages
from rbutton.native.claims import Claims, Pace
from rbutton.person import settings
from rbutton.person.ledger import Ledger
from rbutton.person.seen import SeenOfSites
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.shipped.texts import roster_texts
from rbutton.terms import agreement, promise
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.encoding import time_text
from rbutton.terms.errors import InvalidDocument
from tests import homes, sites
from tests.test_claims import EFF_TEXT

SITE = sites.ORIGIN
STATUS, GPC, EFF, MYTERMS = (
    f"{SITE}/.well-known/{name}" for name in ("dnt/", "gpc.json", "dnt-policy.txt", "myterms.json")
)
JSON = "application/json"
TSR = "application/tracking-status+json"


class Agent:
    """A host's part of it, with a clock that the test moves.

    Attributes:
        now: the time.
        moment: seconds, as a steady clock has them.
    """

    def __init__(self, folder: Path, terms: str = "") -> None:
        self.now = sites.NOW
        self.moment = 100.0
        self.home = homes.home_in(folder)
        if terms:
            self.home.terms_file.write_text(f"{settings.FIRST_TEXT}\n{terms}\n")
        self.ledger = Ledger(self.home.data / "ledger.sqlite3")
        self.store = SeenOfSites(self.home.data / "seen.sqlite3")
        terms_file = TermsFile(self.home, [text["id"] for text in roster_texts()])
        assert terms_file.problem is None
        self.claims = Claims(
            self.store,
            self.ledger,
            terms_file,
            now=lambda: self.now,
            pace=Pace(lambda: self.moment),
        )

    def says(self) -> Any:
        return self.claims.says(messages.SaysOf(origin=SITE))["says"]

    def hear(self, *tk: str, consent: str | None = None, myterms: bool = False) -> Any:
        heard = messages.Heard(origin=SITE, tk=list(tk), consent=consent, myterms=myterms)
        return self.claims.heard(heard)["says"]

    def step(self, by: Any = "click", answer: Any = None) -> Any:
        return self.claims.look(messages.Look(origin=SITE, by=by, answer=answer))

    def look(self, served: dict[str, Any], by: Any = "click") -> list[str]:
        """A whole look at a site that serves this: the addresses that were asked."""
        asked: list[str] = []
        step = self.step(by)
        while fetch := step["fetch"]:
            asked.append(fetch["url"])
            answer = served.get(fetch["url"], (404, "text/html", b""))
            step = self.step(by, _answer(fetch, answer))
        return asked


def _answer(fetch: Any, answer: Any) -> Any:
    if isinstance(answer, str):
        return messages.NoAnswer.model_validate({**fetch, "failed": answer})
    status, kind, body = answer
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {**fetch, "status": status, "type": kind, "body": sites.in_base64(text)}
    return messages.Answer.model_validate(given)


Make = Callable[..., Agent]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda terms="": Agent(tmp_path / "home", terms)


def lines(says: Any) -> list[tuple[str, str]]:
    return [(line["kind"], line["text"]) for line in says["lines"]]


# What is said


def test_a_site_that_says_nothing(make: Make) -> None:
    says = make().says()
    assert (says["lines"], says["contradictions"], says["due"]) == ([], [], 4)
    assert (
        says["note"] == "It says nothing that is known here. "
        "It was not asked yet: that is what “Look” in the button is for."
    )


def test_each_claim_is_a_sentence_with_its_date_and_its_bytes(make: Make) -> None:
    agent = make()
    agent.hear("T;pages", consent=f"{SITE}/consent.json")
    status = {"tracking": "?", "same-party": ["a.example", "b.example"], "policy": "/privacy"}
    consent = {"consentRequests": {"q1": "Remember\u202e me?", "q2": "<b>Profile</b> me?"}}
    served = {
        STATUS: (200, TSR, status),
        GPC: (200, JSON, b'{"gpc": true,\n"lastUpdate": "2026-02-28"}'),
        EFF: (200, "text/plain; charset=utf-8", EFF_TEXT),
        MYTERMS: (200, JSON, {"agreements": [{"id": "SD-BASE"}, {"id": "X-1"}]}),
        f"{STATUS}pages": (200, TSR, {"tracking": "T", "qualifiers": "a"}),
        f"{SITE}/consent.json": (200, JSON, consent),
    }
    assert agent.look(served) == list(served)
    says = agent.says()
    assert lines(says) == [
        ("promise", "It promises everyone to keep to EFF’s Do Not Track policy, version 1.0."),
        ("claim", "Its pages say that it tracks you."),
        ("claim", "It says that whether it tracks you differs from page to page."),
        ("claim", "It says that it abides by Global Privacy Control."),
        ("claim", "It says that it signs: “Only what the service needs”, “X-1”."),
        ("claim", "Of these pages it says that it tracks you."),
        ("request", "It asks for your consent to 2 things. Nothing was answered."),
    ]
    of = {line["source"]: line for line in says["lines"]}
    assert {line["at"] for line in says["lines"]} == {time_text(agent.now)}
    assert of["Tk header"]["raw"] == "T;pages"
    assert of["/.well-known/gpc.json"]["raw"] == '{"gpc": true,\n"lastUpdate": "2026-02-28"}'
    details = {one["label"]: one["value"] for one in of["/.well-known/dnt/"]["details"]}
    assert details == {
        "tracking": "?",
        "same-party": "a.example, b.example",
        "policy": "/privacy",
    }
    asked = {one["label"]: one["value"] for one in of["/consent.json"]["details"]}
    assert asked == {"Request “q1”": "Remember me?", "Request “q2”": "<b>Profile</b> me?"}
    assert "\\u202e" in of["/consent.json"]["raw"]
    assert says["contradictions"] == [
        (
            "Its Tk header says that it tracks you, but it promises to keep to EFF’s Do Not Track "
            "policy and it says that it signs terms that forbid to track you on other sites."
        )
    ]


def test_no_character_turns_the_shown_bytes_around(make: Make) -> None:
    agent = make()
    body = '{"gpc": true, "x": "a\u202eb\u2066c\u0000d\ue000"}'.replace(
        "\u0000", "\\u0000"
    ).encode()
    agent.look({GPC: (200, JSON, body)})
    (line,) = agent.says()["lines"]
    assert line["raw"] == '{"gpc": true, "x": "a\\u{202e}b\\u{2066}c\\u0000d\\u{e000}"}'


def test_a_long_document_is_shown_in_part_and_kept_whole(make: Make) -> None:
    agent = make()
    agent.look({EFF: (200, "text/plain", EFF_TEXT)})
    (line,) = agent.says()["lines"]
    assert len(line["raw"]) == 4_097
    assert line["raw"].endswith("…")
    assert EFF_TEXT in [row.body for row in agent.store.of_origin(SITE)]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((200, JSON, b'{"gpc": "yes"}'), "the gpc.json's gpc is neither true nor false"),
        ((200, JSON, b"[" * 60_000), "the gpc.json is nested deeper than 16 levels"),
        ((200, JSON, b" " * 65_537), "it is too large"),
        ("too-large", "it is too large"),
        ((200, "image/png", b'{"gpc": true}'), "it is of another type"),
        ((200, None, b'{"gpc": true}'), "it is of another type"),
    ],
)
def test_what_cannot_be_used_says_why(make: Make, answer: Any, text: str) -> None:
    agent = make()
    agent.look({GPC: answer})
    assert lines(agent.says()) == [("unclear", f"Its gpc.json cannot be used: {text}.")]


@pytest.mark.parametrize(
    "answer",
    [
        (404, "text/html", b"<p>no"),
        (410, JSON, b'{"gpc": true}'),
        (200, "text/html; charset=utf-8", b'{"gpc": true}'),
        (200, "TEXT/HTML", EFF_TEXT),
        (500, JSON, b'{"gpc": true}'),
        "network",
        "timeout",
    ],
)
def test_what_is_not_there_says_nothing_and_is_not_kept(make: Make, answer: Any) -> None:
    """A web page in its place, too: many sites serve one for whatever they do not have."""
    agent = make()
    agent.look({GPC: answer, EFF: answer})
    assert agent.says()["lines"] == []
    assert {row.body for row in agent.store.of_origin(SITE)} == {b""}


def test_another_text_than_effs_is_no_promise(make: Make) -> None:
    agent = make()
    agent.look({EFF: (200, "text/plain", EFF_TEXT.replace(b"will", b"may ", 1))})
    ((kind, text),) = lines(agent.says())
    assert kind == "unclear"
    assert "word for word" in text


def test_what_pages_announce_is_told_before_it_is_read(make: Make) -> None:
    agent = make()
    says = agent.hear(consent=f"{SITE}/c", myterms=True)
    assert lines(says) == [
        ("claim", "It says that there are terms it signs; which, it was not asked yet."),
        ("request", "It has requests for your consent, which were not read yet."),
    ]
    assert says["due"] == 5


@pytest.mark.parametrize(
    "address",
    [
        "https://other.example/c",
        "http://shop.example/c",
        "https://shop.example:8443/c",
        "https://shop.example@other.example/c",
        "https://you:pass@shop.example/c",
        "https://shop.example.other.example/c",
        "javascript:alert(1)",
        "https://shop.example/" + "c" * 600,
        "https://shop.example/c d",
        "https://shop.example/\u202ec",
        "https://[shop.example/c",
    ],
)
def test_consent_is_not_asked_for_elsewhere(make: Make, address: str) -> None:
    agent = make()
    says = agent.hear(consent=address)
    assert lines(says) == [
        ("request", "It has requests for your consent at an address that is not asked.")
    ]
    assert agent.look({}) == [STATUS, GPC, EFF, MYTERMS]


def test_a_header_that_changes_is_told_with_its_dates(make: Make) -> None:
    agent = make()
    agent.hear("N")
    agent.now += timedelta(days=3)
    says = agent.hear("T")
    assert says["contradictions"] == [
        "On 22 November 2026 its Tk header said that it does not track you; now that it tracks you."
    ]
    assert lines(says) == [("claim", "Its pages say that it tracks you.")]
    agent.now += timedelta(days=1)
    assert agent.hear("T")["lines"][0]["at"] == time_text(agent.now)


def test_an_agreement_that_its_own_header_belies(make: Make) -> None:
    agent = make()
    site = sites.Site()
    proffer = sites.proffer(site)
    sealed = agreement.countersign(proffer, site.key)
    with agent.ledger.writing() as ledger:
        ledger.append("policy", time_text(agent.now), SITE, proffer.id, site.policy())
        ledger.append("proffer", time_text(agent.now), SITE, proffer.id, proffer.body)
        ledger.append("sealed", time_text(agent.now), SITE, proffer.id, sealed.body)
    says = agent.hear("D")
    assert lines(says)[0] == (
        "agreement",
        "It signed your terms: “Only what the service needs, and my data is mine too”.",
    )
    assert says["contradictions"] == [
        (
            "Its Tk header says that it disregards Do Not Track, "
            "but it signed never to track you on other sites."
        )
    ]


def test_a_policy_and_its_promise(make: Make) -> None:
    agent = make()
    site = sites.Site()
    document = catalogue().documents["no-stalking"]
    term = RosterTerm(id=document.id, sha256=document.sha256, clauses=document.clauses)
    made = promise.make(
        origin=SITE, terms=[term], until=sites.NOW + timedelta(days=100), key=site.key
    )
    agent.claims.visited(SITE, _policy(site.policy(promise=made)))
    says = agent.hear("T")
    assert lines(says)[:2] == [
        ("promise", f"It promises everyone, until 2 March 2027: “{document.title}”."),
        (
            "claim",
            (
                "It says that it takes terms, and signs: “Only what the service needs”, “Only what "
                "the service needs, and my data is mine too”, “Do not track me” and 2 more."
            ),
        ),
    ]
    assert says["contradictions"] == [
        (
            "Its Tk header says that it tracks you, but it promised never to track you on other "
            "sites and it says that it signs terms that forbid to track you on other sites."
        )
    ]
    agent.now += timedelta(days=101)
    assert ("unclear", "Its promise cannot be used: the promise has ended.") in lines(agent.says())


def test_a_policy_that_is_gone_says_nothing_any_more(make: Make) -> None:
    agent = make()
    agent.claims.visited(SITE, _policy(sites.Site().policy()))
    assert agent.says()["lines"]
    gone = messages.FailedPolicy(at=time_text(agent.now), failed="not-found", status=404)
    agent.claims.visited(SITE, gone)
    assert agent.says()["lines"] == []


def test_a_site_without_a_policy_leaves_no_trace_of_a_visit(make: Make) -> None:
    agent = make()
    gone = messages.FailedPolicy(at=time_text(agent.now), failed="not-found", status=404)
    agent.claims.visited(SITE, gone)
    assert agent.store.origins() == []


# When it is asked


def test_a_week_passes_between_two_looks(make: Make) -> None:
    agent = make()
    all_of_them = [STATUS, GPC, EFF, MYTERMS]
    assert agent.look({GPC: (200, JSON, {"gpc": True})}) == all_of_them
    assert agent.look({}) == []
    says = agent.says()
    assert says["due"] == 0
    assert says["note"] == (
        "Asked on 22 November 2026. Nothing stands at 3 places where sites say such things. "
        "It can be asked again from 29 November 2026."
    )
    agent.now += timedelta(days=7, seconds=-1)
    assert agent.look({}) == []
    agent.now += timedelta(seconds=1)
    assert agent.look({}) == all_of_them


def test_a_site_that_names_one_status_after_another_is_asked_for_each_once(make: Make) -> None:
    """In that week, in whatever order they come again."""
    agent = make()
    asked = []
    for name in "abcdefcbafed":
        agent.hear(f"T;{name}")
        asked += agent.look({f"{STATUS}{name}": (200, TSR, {"tracking": "T"})})
        agent.now += timedelta(minutes=1)
    assert asked == [
        *(STATUS, GPC, EFF, MYTERMS),
        *(f"{STATUS}{name}" for name in "abcdef"),
    ]


def test_no_answer_is_asked_for_again_after_an_hour(make: Make) -> None:
    agent = make()
    agent.look({GPC: "timeout", EFF: (503, "text/plain", b"")})
    assert "There was no answer at 2 places." in agent.says()["note"]
    assert agent.look({}) == []
    agent.now += timedelta(hours=1)
    assert agent.look({}) == [GPC, EFF]


def test_one_request_a_second_whatever_the_site(make: Make) -> None:
    agent = make()
    first = agent.step()
    assert first["wait"] == 0
    # A slow answer, and the next a second after it.
    agent.moment += 4.0
    second = agent.step(answer=_answer(first["fetch"], (404, None, b"")))
    assert 1000 <= second["wait"] <= 1001
    # Another tab, another site, before that one was asked.
    other = agent.claims.look(
        messages.Look(origin="https://other.example", by="click", answer=None)
    )
    assert 2000 <= other["wait"] <= 2001
    agent.moment += 10.0
    assert agent.step()["wait"] == 0


def test_a_policy_counts_towards_the_pace(make: Make) -> None:
    agent = make()
    agent.claims.visited(SITE, _policy(sites.Site().policy()))
    assert 1000 <= agent.step()["wait"] <= 1001


@pytest.mark.parametrize(
    ("terms", "click", "visit"),
    [
        ("", 4, 0),
        ('[claims]\nlook = "click"', 4, 0),
        ('[claims]\nlook = "auto"', 4, 4),
        ('[claims]\nlook = "never"', 0, 0),
        ('[claims]\nlook = "auto"\n[sites."shop.example"]\nlook = "never"', 0, 0),
        ('[claims]\nlook = "never"\n[sites."*.example"]\nlook = "auto"', 4, 4),
        ('[claims]\nlook = "auto"\n[sites."shop.example"]\nbutton = "off"', 0, 0),
    ],
)
def test_the_person_says_when(make: Make, terms: str, click: int, visit: int) -> None:
    agent = make(terms)
    agent.hear(consent=f"{SITE}/c")
    on_visit = agent.look({}, "visit")
    assert bool(on_visit) == bool(visit)
    agent.now += timedelta(days=8)
    assert bool(agent.look({})) == bool(click)
    says = agent.says()
    if not click:
        assert says["look"] == "never"
        assert says["note"].endswith("Your terms say not to ask it.")


def test_with_the_button_off_nothing_a_page_says_is_kept(make: Make) -> None:
    agent = make('[sites."shop.example"]\nbutton = "off"')
    assert agent.hear("N", consent=f"{SITE}/c", myterms=True)["lines"] == []
    assert agent.store.origins() == []


def test_pages_that_say_the_same_are_no_writes(make: Make) -> None:
    """A date that is an hour old is as good as one of now."""
    agent = make()
    agent.hear("N")
    agent.now += timedelta(minutes=59)
    agent.hear("N")
    assert agent.store.of_origin(SITE)[0].last == time_text(sites.NOW)
    agent.now += timedelta(minutes=1)
    agent.hear("N")
    assert agent.store.of_origin(SITE)[0].last == time_text(agent.now)


def test_an_answer_of_another_site_is_refused(make: Make) -> None:
    agent = make()
    fetch = {"what": "gpc", "url": "https://other.example/.well-known/gpc.json"}
    with pytest.raises(InvalidDocument):
        agent.step(answer=_answer(fetch, (200, JSON, {"gpc": True})))
    assert agent.store.origins() == []


def _policy(body: bytes) -> messages.Policy:
    served = {"at": time_text(datetime.now(UTC)), "body": sites.in_base64(body)}
    return messages.Policy.model_validate(served)
