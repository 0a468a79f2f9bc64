"""DNT exceptions: those a site asks for by W3C's API, as the person decides, and what they do."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from rbutton.terms.encoding import time_text
from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.conftest import NewPerson
from tests.e2e.per_site import (
    BOTH,
    UNTIL,
    Sent,
    choose,
    frames_read,
    page_at,
    sent_to,
    serve,
    wait_in_frame,
)
from tests.e2e.person import Person
from tests.e2e.recorder import Site

ALLOWED = Sent("0", "1")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    person = new_person()
    person.start()
    return person


@pytest.fixture(autouse=True)
def _nothing_granted(person: Person, site: Site) -> Iterator[None]:
    first = person.terms_file.read_text("utf-8")
    site.forget()
    yield
    options = person.options()
    person.edit_terms(lambda _: first)
    options.wait_for("#sites[hidden]")
    options.close()


def _speaks(tab: Page, site: Site, host: str = "news.test", **query: str) -> None:
    """A page that speaks TPE, with its API in place."""
    tab.goto(page_at(site, host, tk="N", **query))
    tab.run(f"{UNTIL} await until(() => navigator.trackingExceptionExists);")


def _ask(tab: Page, call: str, **bag: Any) -> None:
    """Call the API; the page goes on."""
    tab.run(
        "window.outcome = null;"
        f"navigator.{call}({json.dumps(bag)}).then("
        "(value) => { window.outcome = JSON.stringify(value ?? 'done'); },"
        "(error) => { window.outcome = `${error instanceof DOMException} ${error.name}`; });"
    )


def _outcome(tab: Page) -> str:
    told: str = tab.run(f"{UNTIL} await until(() => window.outcome); return window.outcome;")
    return told


def _asks_in_vain(person: Person, tab: Page, site: Site, popup_has: str) -> None:
    """The page has no API by the time another one has, and a forged call asks nobody."""
    elsewhere = person.new_page()
    _speaks(elsewhere, site, "other.test")
    elsewhere.close()
    assert tab.run("return 'storeTrackingException' in navigator;") is False
    tab.run(_FORGED.replace("TEXT", '"{}"'))
    popup = person.popup(tab)
    popup.wait_for(popup_has)
    popup.wait_until_hidden("#asked")
    popup.close()


def _decide(person: Person, tab: Page, decision: str, *words: str) -> None:
    popup = person.popup(tab)
    popup.wait_for("#asked:not([hidden])")
    for text in ("news.test asks to track you.", *words):
        popup.wait_for_text(text)
    # For a moment they are dead, so that no press meant for something else counts.
    popup.wait_for(f'[data-decision="{decision}"]:enabled')
    popup.click(f'[data-decision="{decision}"]')
    popup.wait_for("#asked[hidden]")
    popup.close()


def _press(person: Person, tab: Page, decision: str) -> None:
    popup = person.popup(tab)
    popup.wait_for(f'[data-decision="{decision}"]:enabled')
    popup.click(f'[data-decision="{decision}"]')
    popup.wait_for("#asked[hidden]")
    popup.close()


def _later(tab: Page, site: Site, host: str, name: str) -> Sent:
    tab.run(f"await fetch('{site.at(host)}/{name}.svg', {{ mode: 'no-cors' }});")
    return sent_to(site, host, f"/{name}.svg")


def _framed_later(tab: Page, site: Site, host: str, name: str) -> Sent:
    """Put a frame of that host into the page, in place of the one before."""
    tab.run(
        "document.querySelector('iframe')?.remove();"
        "const frame = document.createElement('iframe');"
        f"frame.src = {json.dumps(page_at(site, host, name))};"
        "const there = new Promise((resolve) => { frame.onload = resolve; });"
        "document.body.append(frame);"
        "await there;"
    )
    return sent_to(site, host, f"/page/{name}")


def test_a_site_asks_the_person_allows_and_takes_it_back(
    person: Person, tab: Page, site: Site
) -> None:
    """From the page's promise to the bytes and back; shown with its end in popup and options."""
    _speaks(tab, site)
    _ask(
        tab,
        "storeTrackingException",
        explanation="We \u202epay\u0007 our <b>writers</b>.",
        maxAge=86_400 * 365,
    )
    words = "We pay our <b>writers</b>."
    _decide(person, tab, "month", "it and everybody on its pages may track you", words)
    assert _outcome(tab) == '{"isSiteWide":true}'
    tab.goto(page_at(site, "news.test", "granted", tk="N"))
    assert sent_to(site, "news.test", "/page/granted") == ALLOWED
    assert tab.run("return navigator.doNotTrack;") == "0"
    assert _later(tab, site, "news.test", "own-later") == ALLOWED
    assert _later(tab, site, "ads.test", "ads-later") == ALLOWED
    assert _framed_later(tab, site, "ads.test", "ads-frame") == ALLOWED
    wait_in_frame(tab, "0", True)
    _ask(tab, "trackingExceptionExists")
    assert _outcome(tab) == "true"

    tab.goto(page_at(site, "www.news.test", "below"))
    assert sent_to(site, "www.news.test", "/page/below") == BOTH
    tab.goto(page_at(site, "other.test", "elsewhere", image=f"{site.at('news.test')}/third.svg"))
    assert sent_to(site, "news.test", "/third.svg") == BOTH

    tab.goto(page_at(site, "news.test"))
    popup = person.popup(tab)
    popup.wait_for_text("You let this site and everybody on it track you. Until ")
    popup.click("#signals-notes .exception button")
    popup.wait_for("#signals-notes[hidden]")
    popup.close()
    tab.goto(page_at(site, "news.test", "revoked"))
    assert sent_to(site, "news.test", "/page/revoked") == BOTH


def test_for_some_targets_only_these_are_told(person: Person, tab: Page, site: Site) -> None:
    _speaks(tab, site)
    _ask(tab, "storeTrackingException", targets=["ads.test"])
    _decide(person, tab, "allow", "ads.test may track you on its pages")
    assert _outcome(tab) == '{"isSiteWide":false}'
    tab.goto(page_at(site, "news.test", "granted", tk="N"))
    assert sent_to(site, "news.test", "/page/granted") == BOTH
    assert _later(tab, site, "ads.test", "ads") == ALLOWED
    assert _later(tab, site, "cdn.test", "cdn") == BOTH
    assert _framed_later(tab, site, "ads.test", "ads-frame") == ALLOWED
    wait_in_frame(tab, "0", True)
    assert _framed_later(tab, site, "cdn.test", "cdn-frame") == BOTH
    assert frames_read(tab)[-1] == ["1", True]
    tab.run(f"{UNTIL} await until(() => navigator.trackingExceptionExists);")
    _ask(tab, "trackingExceptionExists")
    assert _outcome(tab) == "false"
    _ask(tab, "trackingExceptionExists", targets=["ads.test"])
    assert _outcome(tab) == "true"
    _ask(tab, "removeTrackingException")
    assert _outcome(tab) == '"done"'
    tab.goto(page_at(site, "news.test", "given-back"))
    assert _later(tab, site, "ads.test", "ads-after") == BOTH


def test_a_no_is_told_and_the_site_is_not_shown_again(
    person: Person, tab: Page, site: Site
) -> None:
    _speaks(tab, site, "other.test")
    _ask(tab, "storeTrackingException")
    popup = person.popup(tab)
    popup.wait_for_text("other.test asks to track you.")
    popup.wait_for('[data-decision="no"]:enabled')
    popup.click('[data-decision="no"]')
    popup.wait_for("#asked[hidden]")
    popup.close()
    assert _outcome(tab) == "true NotAllowedError"
    _speaks(tab, site, "other.test")
    _ask(tab, "storeTrackingException")
    assert _outcome(tab) == "true NotAllowedError"


def test_a_no_is_for_all_names_of_the_owner(person: Person, tab: Page, site: Site) -> None:
    """Who has a domain has as many names below it as they like."""
    _speaks(tab, site, "a.ads.test")
    _ask(tab, "storeTrackingException")
    _press(person, tab, "no")
    for host in ("b.ads.test", "ads.test"):
        _speaks(tab, site, host)
        _ask(tab, "storeTrackingException")
        assert _outcome(tab) == "true NotAllowedError"


def test_of_many_questions_at_once_one_is_put_and_gone_with_its_page(
    person: Person, tab: Page, site: Site
) -> None:
    """The others are refused; after an answer none follows, and none is put on another's page."""
    _speaks(tab, site, "cdn.test")
    tab.run(
        "window.outcomes = [];"
        "for (let at = 0; at < 25; at++)"
        " navigator.storeTrackingException({ targets: [`t${at}.test`] })"
        ".catch(({ name }) => window.outcomes.push(name));"
    )
    tab.run(f"{UNTIL} await until(() => window.outcomes.length === 24);")
    assert set(tab.run("return window.outcomes;")) == {"InvalidStateError"}
    tab.goto(page_at(site, "www.news.test"))
    popup = person.popup(tab)
    popup.wait_for("#signals:not([hidden])")
    popup.wait_until_hidden("#asked")
    popup.close()
    _speaks(tab, site, "cdn.test")
    _ask(tab, "storeTrackingException")
    _press(person, tab, "no")
    assert _outcome(tab) == "true NotAllowedError"


@pytest.mark.parametrize(
    ("bag", "said"),
    [
        ({"site": "*.news.test"}, "all of news.test and everybody on its pages"),
        ({"site": "news.test"}, "news.test and everybody on its pages"),
        (
            {"site": "*.news.test", "targets": ["b.test", "a.test"]},
            "a.test and b.test may track you on the pages of all of news.test.",
        ),
        ({"targets": ["d.test", "c.test", "b.test", "a.test"]}, "a.test, b.test, c.test, d.test"),
        ({"targets": ["d.test", "c.test", "b.test", "a.test"]}, "4 others may track you"),
    ],
)
def test_the_question_names_all_that_would_be_granted(
    person: Person, tab: Page, site: Site, bag: dict[str, Any], said: str
) -> None:
    """What is more than the host that asks, and everybody who would track."""
    _speaks(tab, site, "deep.www.news.test")
    _ask(tab, "storeTrackingException", **bag)
    popup = person.popup(tab)
    popup.wait_for_text("deep.www.news.test asks to track you.")
    popup.wait_for_text(said)
    assert "it and everybody" not in popup.run("return document.querySelector('#asked').innerText;")
    popup.close()


def test_taking_back_what_was_not_granted_writes_nothing(
    person: Person, tab: Page, site: Site
) -> None:
    """No page makes the agent work, or writes under the person's editor."""
    before = person.terms_file.stat()
    _speaks(tab, site, "www.news.test")
    _ask(tab, "removeTrackingException")
    assert _outcome(tab) == '"done"'
    after = person.terms_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_page_in_a_sandbox_does_not_speak_for_its_host(
    person: Person, tab: Page, site: Site
) -> None:
    """What visitors put there is often served like that."""
    tab.goto(page_at(site, "www.news.test", tk="N", alone=""))
    assert tab.run("return self.origin;") == "null"
    _asks_in_vain(person, tab, site, "#signals:not([hidden])")


@pytest.mark.parametrize(
    ("bag", "error"),
    [
        ({"targets": ["nobody"]}, "SyntaxError"),
        ({"site": "other.test"}, "SecurityError"),
        ({"site": "test"}, "SecurityError"),
        ({"site": "deep.www.news.test"}, "SecurityError"),
        ({"site": "*"}, "SecurityError"),
        ({"site": "*", "targets": ["*"]}, "SecurityError"),
        ({"site": "*", "targets": ["news.test"]}, "NotSupportedError"),
        ({"site": "not a name"}, "SyntaxError"),
        ({"targets": ["https://ads.test/"]}, "SyntaxError"),
        ({"targets": ["x.test"] * 101}, "SyntaxError"),
        ({"maxAge": -1}, "SyntaxError"),
        ({"maxAge": "soon"}, "SyntaxError"),
        ({"explanation": "x" * 9_000}, "SyntaxError"),
    ],
)
def test_what_a_page_may_not_ask_is_refused_as_the_specification_says(
    person: Person, tab: Page, site: Site, bag: dict[str, Any], error: str
) -> None:
    """Without a word to the person, and nothing is kept."""
    before = person.terms_file.read_text("utf-8")
    _speaks(tab, site, "www.news.test")
    _ask(tab, "storeTrackingException", **bag)
    assert _outcome(tab) == f"true {error}"
    assert person.terms_file.read_text("utf-8") == before


def test_a_page_that_does_not_speak_it_has_no_api(person: Person, tab: Page, site: Site) -> None:
    """Nor has a frame that does."""
    frame = page_at(site, "news.test", "frame", tk="N")
    tab.goto(page_at(site, "other.test", frame=frame))
    site.wait_for("/page/frame")
    _speaks_elsewhere = person.new_page()
    _speaks(_speaks_elsewhere, site)
    _speaks_elsewhere.close()
    assert tab.run("return 'storeTrackingException' in navigator;") is False


def test_where_the_button_is_off_there_is_no_api_and_nothing_is_asked(
    person: Person, tab: Page, site: Site
) -> None:
    """Neither the person, by the page's own message or the API, nor the site."""
    choose(person, '[sites."news.test"]\nbutton = "off"\n')
    tab.goto(page_at(site, "news.test", tk="N"))
    _asks_in_vain(person, tab, site, "html[data-state=off]")
    assert {one.path for one in site.requests} == {"/page/a", "/own.svg"}


def test_the_toolbar_has_a_mark_while_a_site_asks(person: Person, tab: Page, site: Site) -> None:
    """And no longer when its page is gone."""
    _speaks(tab, site, name="asks")
    _ask(tab, "storeTrackingException")
    options = person.options()
    options.run(_UNTIL_MARKED % ("/page/asks", "?"))
    tab.goto(page_at(site, "news.test", "asks-no-more"))
    options.run(_UNTIL_MARKED % ("/page/asks-no-more", ""))
    options.close()


_UNTIL_MARKED = """
const api = globalThis.browser ?? globalThis.chrome;
const [tab] = await api.tabs.query({ title: "%s" });
const end = Date.now() + 15_000;
while (await api.action.getBadgeText({ tabId: tab.id }) !== "%s") {
  if (Date.now() > end) throw new Error("the mark is another");
}
"""


# What a page's process, taken over, could send: the relay's own message, as if from the page.
_FORGED = """
document.dispatchEvent(new CustomEvent("tracking-exception",
  { detail: JSON.stringify({ number: 99, name: "store", text: TEXT }) }));
"""


def test_forged_messages_ask_nothing_and_break_nothing(
    person: Person, tab: Page, site: Site
) -> None:
    _speaks(tab, site)
    for text in ("[]", "null", "{", '{"targets": 1}', '{"site": {}}', '{"maxAge": 1e99}'):
        tab.run(_FORGED.replace("TEXT", json.dumps(text)))
    for detail in ("null", "{}", "'x'", "'{}'", "[1]"):
        tab.run(
            "document.dispatchEvent("
            f"new CustomEvent('tracking-exception', {{ detail: {detail} }}));"
        )
    _ask(tab, "trackingExceptionExists")
    assert _outcome(tab) == "false"
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_until_hidden("#asked")
    popup.close()


def test_in_a_private_window_and_a_container_there_is_no_api(
    new_person: NewPerson, site: Site
) -> None:
    person = new_person("apart")
    person.start()
    person.browser.let_into_private_windows()
    ordinary = person.new_page()
    for kind, opened in person.browser.set_apart().items():
        page = opened(page_at(site, "news.test", kind, tk="N"))
        _speaks(ordinary, site)
        assert page.run("return 'storeTrackingException' in navigator;") is False, kind
        page.close()
    person.stop()


def test_an_exception_ends_by_itself_without_a_host(new_person: NewPerson, site: Site) -> None:
    """By the browser's alarm; an open page keeps what it has, the next one gets both again."""
    person = new_person("ending")
    person.start()
    options = person.options()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=14)
    granted = f'\n[[exceptions]]\nsite = "news.test"\nuntil = {time_text(end)}\n'
    person.edit_terms(lambda text: text + granted)
    options.wait_for('#sites [data-site="news.test"]')
    options.close()
    person.uninstall()
    tab = person.new_page()
    tab.goto(page_at(site, "news.test"))
    person.browser.stop_background()
    tab.run("setInterval(() => fetch('/ending.json'), 250);")
    seen = 0
    while datetime.now(UTC) < end:
        assert Sent.of(site.wait_for("/ending.json", seen + 1)[seen]) == ALLOWED
        seen += 1
    for number in count():
        tab.goto(page_at(site, "news.test", f"after{number}"))
        if sent_to(site, "news.test", f"/page/after{number}") == BOTH:
            break
        assert datetime.now(UTC) < end + timedelta(seconds=PATIENCE)
    person.stop()
