"""What sites say of themselves: heard in passing, asked for when the person looks."""

import json
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.terms import promise
from rbutton.terms.agreement import RosterTerm
from tests import sites
from tests.e2e import claim_sites, own_sites
from tests.e2e.browsers import Page
from tests.e2e.claim_sites import (
    ASKED,
    CONSENT,
    EFF,
    GPC,
    HONEST,
    LIAR,
    LIES,
    MYTERMS,
    POLICY,
    STATUS,
    TURNED,
)
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site

LOOK = '[data-action="look"]'
#: Of the section "What this site says", each row's word and sentence.
LINES = """
return [...document.querySelectorAll("#says-lines li")]
  .map((line) => [line.querySelector(".kind").textContent, line.querySelector("p").textContent]);
"""
DAYS = """
return [...document.querySelectorAll("#says-lines summary")]
  .map((one) => one.textContent.split(" · ")[0]);
"""
AGAINST = "return [...document.querySelectorAll('#says-against li')].map((one) => one.textContent);"
RAW = """
return Object.fromEntries([...document.querySelectorAll("#says-lines li")].map((line) =>
  [line.querySelector("dd").textContent, line.querySelector("pre")?.textContent]));
"""


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    """A person who allowed the button in private windows."""
    person = new_person()
    person.start()
    person.browser.let_into_private_windows()
    return person


@pytest.fixture
def nothing() -> Iterator[Site]:
    """A site that has nothing to say."""
    with Site(claim_sites.that()) as site:
        yield site


@pytest.fixture
def liar() -> Iterator[Site]:
    """A site that tracks, and says elsewhere that it does not."""
    with Site(claim_sites.that(headers=LIES, served=LIAR)) as site:
        yield site


def _opened(person: Person, tab: Page) -> Page:
    popup = person.popup(tab)
    popup.wait_for("#says:not([hidden])")
    return popup


def _today() -> str:
    return datetime.now().astimezone().strftime("%-d %B %Y")


def _look(popup: Page, site: Site, last: str) -> None:
    """Look, until the last address was asked and its answer is shown."""
    popup.click(LOOK)
    site.wait_for(last)
    popup.wait_for_text("It can be asked again from")


def _of_the_agent(site: Site) -> list[Request]:
    """Its requests to addresses that no page asks for."""
    return [
        request
        for request in site.requests
        if request.path.startswith("/.well-known/") or request.path == CONSENT
    ]


def _set(person: Person, look: str) -> Callable[[], None]:
    """Choose in the options when to look; terms.toml says so before they do."""

    def choose(value: str) -> None:
        options = person.options()
        options.click(f'#look input[value="{value}"]')
        options.wait_for_text("Saved")
        options.close()
        terms = tomllib.loads(person.terms_file.read_text("utf-8"))
        assert terms["claims"]["look"] == value

    choose(look)
    return lambda: choose("click")


def _sites_show(person: Person, site: Site, *options: str) -> Any:
    command = [sys.executable, "-m", "rbutton.cli", "sites", "show", site.origin, *options]
    told = subprocess.run(command, env=person.environ, capture_output=True, text=True, check=True)
    return told.stdout


def test_a_site_is_asked_when_the_person_looks_and_not_before(
    person: Person, tab: Page, nothing: Site
) -> None:
    """Each address once, one after another, with nothing on it that tells who asks."""
    tab.goto(nothing.url("/"))
    tab.click("input")
    popup = _opened(person, tab)
    popup.wait_for_text(
        "It says nothing that is known here. "
        "It was not asked yet: that is what “Look” in the button is for."
    )
    assert _of_the_agent(nothing) == []
    _look(popup, nothing, MYTERMS)
    popup.wait_for_text("Nothing stands at 4 places where sites say such things.")
    assert [request.target for request in _of_the_agent(nothing)] == ASKED
    for request in _of_the_agent(nothing):
        assert request.method == "GET"
        for name in ("origin", "cookie", "referer", "if-none-match", "emanciterms"):
            assert request.all(name) == [], request.head
        assert request.all("cache-control") in ([], ["no-cache"])
    popup.close()


def test_no_faster_than_one_a_second(person: Person, tab: Page) -> None:
    """From one request to the next, however soon the answer is there."""
    moments: list[float] = []
    with Site(claim_sites.that(moments=moments)) as site:
        tab.goto(site.url("/"))
        popup = _opened(person, tab)
        _look(popup, site, MYTERMS)
        popup.close()
    assert len(moments) == len(ASKED)
    assert all(later - earlier >= 1 for earlier, later in pairwise(moments))


def test_a_liar_is_shown_to_lie(person: Person, tab: Page, liar: Site) -> None:
    """Each thing as what it is, with its day and bytes; what contradicts itself comes first."""
    began = _today()
    tab.goto(liar.url("/"))
    popup = _opened(person, tab)
    # Heard in passing.
    popup.wait_for_text("Its pages say that it tracks you.")
    popup.wait_for_text("It has requests for your consent, which were not read yet.")
    assert _of_the_agent(liar) == []
    _look(popup, liar, CONSENT)
    assert [request.target for request in _of_the_agent(liar)] == [*ASKED, f"{STATUS}shop", CONSENT]
    assert all(request.all("origin") == [] for request in _of_the_agent(liar))
    assert popup.run(LINES) == [
        ["Promise", "It promises everyone to keep to EFF’s Do Not Track policy, version 1.0."],
        ["Claim", "Its pages say that it tracks you."],
        ["Claim", "It says that it does not track you."],
        ["Claim", "It says that it does not abide by Global Privacy Control."],
        ["Claim", "It says that it signs: “Only what the service needs”."],
        ["Claim", "Of these pages it says that it tracks you."],
        ["Request", "It asks for your consent to one thing. Nothing was answered."],
    ]
    tracks, sells = popup.run(AGAINST)
    assert "Its Tk header says that it tracks you, but it promises to keep to EFF’s" in tracks
    assert "Its gpc.json says that it does not abide by Global Privacy Control, but" in sells
    # The day it was seen on.
    assert set(popup.run(DAYS)) <= {began, _today()}
    raw = popup.run(RAW)
    assert raw["Tk header"] == LIES["Tk"]
    assert raw[GPC] == json.dumps(LIAR[GPC][1])
    # Markup is text, and nothing turns it around.
    assert "<b>remember</b> \\u202eyou?" in raw[CONSENT]
    assert popup.run("return document.querySelectorAll('#says pre *, #says dd *').length;") == 0
    popup.close()
    shown = _sites_show(person, liar)
    assert len(json.loads(_sites_show(person, liar, "--json"))["lines"]) == 7
    assert "! Its Tk header says that it tracks you, but it promises to keep" in shown
    # Nothing was consented to.
    assert all(not request.all("adpc") for request in liar.requests)


def test_a_site_that_lies_the_other_way_round_is_shown_to_lie(person: Person, tab: Page) -> None:
    """Its pages say what one likes to hear."""
    with Site(claim_sites.that(headers={"Tk": "N"}, served=TURNED)) as site:
        tab.goto(site.url("/"))
        popup = _opened(person, tab)
        popup.wait_for_text("Its pages say that it does not track you.")
        assert popup.run(AGAINST) == []
        _look(popup, site, MYTERMS)
        tracks, sells = popup.run(AGAINST)
        denied = "but its Tk header says that it does not track you."
        assert f"Its tracking status says that it tracks you, {denied}" in tracks
        assert f"Its gpc.json says that it does not abide by Global Privacy Control, {denied}" in (
            sells
        )
        popup.close()


@pytest.mark.parametrize(
    ("tk", "served", "said"),
    [("N", HONEST, "It says that it does not track you."), ("T", TURNED, "It says that it tracks")],
    ids=["does-not-track", "tracks"],
)
def test_a_site_that_says_the_same_everywhere_is_not_shown_to_lie(
    person: Person, tab: Page, tk: str, served: dict[str, claim_sites.Served], said: str
) -> None:
    """Whatever it is that it says."""
    with Site(claim_sites.that(headers={"Tk": tk}, served=served)) as site:
        tab.goto(site.url("/"))
        popup = _opened(person, tab)
        _look(popup, site, MYTERMS)
        popup.wait_for_text(said)
        assert len(popup.run(LINES)) == 1 + len(served)
        assert popup.run(AGAINST) == []
        popup.close()


def _promises(site: sites.Site) -> bytes:
    """A policy with a promise to everyone."""
    known = catalogue().documents["no-stalking"]
    term = RosterTerm(id=known.id, sha256=known.sha256, clauses=known.clauses)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=100)
    made = promise.make(origin=site.origin, terms=[term], until=until, key=site.key)
    return site.policy(accepts=["SD-BASE"], promise=made)


@pytest.mark.parametrize(
    ("signs", "word", "kept"),
    [(True, "signed", "Agreement"), (False, "promised", "Promise")],
    ids=["agreement", "promise"],
)
def test_a_header_that_belies_what_the_site_signed_is_shown(
    person: Person, tab: Page, signs: bool, word: str, kept: str
) -> None:
    """An agreement, and a promise; of an agreement as soon as there is one, in an open popup."""
    how = {} if signs else {"policy": _promises}
    with Site(own_sites.that(headers={"Tk": "T"}, **how)) as site:
        tab.goto(site.url("/"))
        site.wait_for(POLICY)
        popup = _opened(person, tab)
        if signs:
            popup.click('[data-action="offer"]')
        popup.wait_for(f"html[data-state={'active' if signs else 'promise'}]")
        popup.wait_for_text(f"but it {word} never to track you on other sites")
        (told,) = popup.run(AGAINST)
        assert "Its Tk header says that it tracks you, " in told
        assert kept in [kind for kind, _ in popup.run(LINES)]
        popup.close()


def test_what_was_asked_is_not_asked_again_for_a_week(
    person: Person, tab: Page, nothing: Site
) -> None:
    """Not after another visit, nor after a restart; once the week is over, it is."""
    tab.goto(nothing.url("/"))
    popup = _opened(person, tab)
    _look(popup, nothing, MYTERMS)
    popup.close()
    tab.goto(nothing.url("/again"))
    popup = _opened(person, tab)
    popup.click(LOOK)
    nothing.wait_for(POLICY, 2)
    popup.wait_for_text("It can be asked again from")
    popup.close()
    seen = person.places.data / "seen.sqlite3"
    with sqlite3.connect(seen) as connection:
        connection.execute("UPDATE seen SET last = '2020-01-01T00:00:00Z' WHERE what <> 'gpc'")
    connection.close()
    popup = _opened(person, tab)
    popup.click(LOOK)
    nothing.wait_for(MYTERMS, 2)
    popup.close()
    assert [len(nothing.to(path)) for path in (STATUS, GPC, EFF, MYTERMS)] == [2, 1, 2, 2]


def test_an_announcement_by_element_is_heard_and_not_followed(person: Person, tab: Page) -> None:
    """Nor does a frame speak for its page."""
    element = claim_sites.CONSENT_ELEMENT + claim_sites.MYTERMS_ELEMENT
    with Site(claim_sites.that(element=element)) as site:
        tab.goto(site.url(f"/quiet?frame={site.url('/framed')}"))
        site.wait_for("/framed")
        popup = _opened(person, tab)
        popup.wait_for_text("It says nothing that is known here.")
        popup.close()
        tab.goto(site.url("/"))
        popup = _opened(person, tab)
        popup.wait_for_text("It has requests for your consent, which were not read yet.")
        popup.wait_for_text("It says that there are terms it signs; which, it was not asked yet.")
        popup.close()
        assert _of_the_agent(site) == []


def test_private_windows_and_containers_keep_and_ask_nothing(
    person: Person, tab: Page, liar: Site, nothing: Site
) -> None:
    """Also where the person wants every site asked."""
    back = _set(person, "auto")
    for reason, open_page in person.browser.set_apart().items():
        apart = open_page(liar.url("/"))
        popup = person.popup(apart)
        popup.wait_for(f"html[data-reason={reason}]")
        popup.wait_until_hidden("#says")
        popup.close()
        apart.close()
    # In an ordinary tab another site is asked meanwhile: what was under way is over by then.
    tab.goto(nothing.url("/"))
    nothing.wait_for(MYTERMS)
    back()
    assert _of_the_agent(liar) == []
    with sqlite3.connect(person.places.data / "seen.sqlite3") as connection:
        kept = connection.execute("SELECT count(*) FROM seen WHERE origin = ?", (liar.origin,))
        assert kept.fetchone() == (0,)
    connection.close()


def test_always_look_asks_each_site_in_front_once(person: Person, tab: Page, liar: Site) -> None:
    """Without a press, and its terms only where it announced any."""
    back = _set(person, "auto")
    for path in ("/", "/next"):
        tab.goto(liar.url(path))
        popup = _opened(person, tab)
        popup.wait_for_text("It asks for your consent to one thing.")
        popup.close()
    back()
    asked = [request.target for request in _of_the_agent(liar)]
    assert asked == [*ASKED[1:], f"{STATUS}shop", CONSENT]


def test_never_turns_all_of_it_off(person: Person, tab: Page, liar: Site) -> None:
    """There is nothing to press, and what pages say by themselves is still told."""
    back = _set(person, "never")
    tab.goto(liar.url("/"))
    popup = _opened(person, tab)
    popup.wait_for_text("Its pages say that it tracks you.")
    popup.wait_for_text("Your terms say not to ask it.")
    popup.wait_until_hidden(f"{LOOK}, #says-look")
    popup.close()
    tab.goto(liar.url("/next"))
    popup = _opened(person, tab)
    popup.close()
    back()
    assert _of_the_agent(liar) == []


def test_hostile_answers_are_told_and_lead_nowhere(
    person: Person, tab: Page, nothing: Site
) -> None:
    """Too large, of another kind, elsewhere, a web page, nested deep, and text that lies."""
    hostile: dict[str, claim_sites.Served] = {
        STATUS: ("application/tracking-status+json", '{"tracking":' + "[" * 60_000),
        GPC: ("application/json", b'{"gpc":true,"x":"' + b"x" * 5_000_000 + b'"}'),
        MYTERMS: ("text/html", "<script>document.title = 'taken'</script><h1>Terms</h1>"),
    }
    moved = {EFF: nothing.url("/elsewhere")}
    with Site(claim_sites.that(served=hostile, moved=moved)) as site:
        tab.goto(site.url("/"))
        popup = _opened(person, tab)
        _look(popup, site, MYTERMS)
        assert popup.run(LINES) == [
            [
                "Unclear",
                (
                    "Its tracking status cannot be used: "
                    "the tracking status is nested deeper than 16 levels."
                ),
            ],
            ["Unclear", "Its gpc.json cannot be used: it is too large."],
        ]
        popup.wait_for_text("There was no answer at one place.")
        popup.close()
    assert nothing.to("/elsewhere") == []
