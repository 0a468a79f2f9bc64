"""A page keeps the signals that it was opened with, until it is loaded anew: after a change, in
what an open page sends, in its new frames, and in what the back button brings back."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.per_site import BOTH, Sent, choose, frames_read, page_at, sent_to, serve, told
from tests.e2e.person import Person
from tests.e2e.recorder import Site

_SET = """
const port = (globalThis.browser ?? globalThis.chrome).runtime.connect({ name: "options" });
const done = new Promise((resolve) => port.onMessage.addListener(
  ({ type }) => { if (type === "decided") resolve(); }));
port.postMessage({ type: "set", key: KEY, value: VALUE });
await done;
"""

DNT_OFF = Sent(None, "1")
GPC_OFF = Sent("1", None)
#: What is switched off, and what a page then gets.
CHANGES = {
    "signals.gpc": GPC_OFF,
    "signals.dnt": DNT_OFF,
    "sites.news.test.gpc": GPC_OFF,
    "sites.news.test.dnt": DNT_OFF,
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture(autouse=True)
def _fresh(site: Site) -> None:
    site.forget()


def _set(person: Person, key: str, value: str | None) -> None:
    options = person.options()
    options.run(_SET.replace("KEY", json.dumps(key)).replace("VALUE", json.dumps(value)))
    options.close()


def _sends(tab: Page, site: Site, name: str) -> dict[str, Sent]:
    """What an open page's fetch, image and new frames carry."""
    tab.run(f"""
    await fetch('/{name}.json');
    const add = (tag, src) => new Promise((onload) => {{
      document.body.append(Object.assign(document.createElement(tag), {{ src, onload }}));
    }});
    await add("img", '{site.at("cdn.test")}/{name}.svg');
    await add("iframe", '/page/{name}-own');
    await add("iframe", '{page_at(site, "ads.test", name + "-others")}');
    """)
    return {
        "fetch": sent_to(site, "news.test", f"/{name}.json"),
        "image": sent_to(site, "cdn.test", f"/{name}.svg"),
        "own frame": sent_to(site, "news.test", f"/page/{name}-own"),
        "frame": sent_to(site, "ads.test", f"/page/{name}-others"),
    }


def _all(sent: Sent) -> dict[str, Sent]:
    return dict.fromkeys(("fetch", "image", "own frame", "frame"), sent)


def _frames_read(person: Person, tab: Page, sent: Sent) -> None:
    """A frame is put right once it has committed: it is asked until it has it."""
    untouched = person.browser.untouched
    wanted = [sent.dnt or untouched["dnt"], True if sent.gpc else untouched["gpc"]]
    until = time.monotonic() + PATIENCE
    while (read := frames_read(tab)[-2:]) != [wanted, wanted]:
        assert time.monotonic() < until, (read, wanted)


def _is_offered_a_reload(person: Person, tab: Page) -> None:
    popup = person.popup(tab)
    popup.wait_for("#stale:not([hidden])")
    popup.close()


def _is_fresh(person: Person, tab: Page) -> None:
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_until_hidden("#reload")
    popup.close()


@pytest.mark.parametrize(
    ("key", "stopped"),
    [
        ("signals.gpc", False),
        ("signals.dnt", True),
        ("sites.news.test.gpc", True),
        ("sites.news.test.dnt", False),
    ],
)
def test_a_change_reaches_an_open_page_when_it_is_loaded_anew(
    person: Person, tab: Page, site: Site, key: str, *, stopped: bool
) -> None:
    """Switched off and, with the next page, on again; with the background stopped in between."""
    off = CHANGES[key]
    on = None if key.startswith("sites.") else "on"
    for to, opened, then in (("off", BOTH, off), (on, off, BOTH)):
        tab.goto(page_at(site, "news.test"))
        _set(person, key, to)
        if stopped:
            person.browser.stop_background()
        assert _sends(tab, site, f"{to}-open") == _all(opened)
        _frames_read(person, tab, opened)
        _is_offered_a_reload(person, tab)
        if stopped:
            person.browser.stop_background()
        tab.reload()
        _is_fresh(person, tab)
        assert _sends(tab, site, f"{to}-again") == _all(then)
        _frames_read(person, tab, then)


def test_a_change_elsewhere_is_none_here(person: Person, tab: Page, site: Site) -> None:
    """Not even where less goes out than in general: all stays as it is, without a reload."""
    _set(person, "sites.news.test.gpc", "off")
    tab.goto(page_at(site, "news.test"))
    _set(person, "sites.other.test.dnt", "off")
    assert _sends(tab, site, "elsewhere") == _all(GPC_OFF)
    _is_fresh(person, tab)
    _set(person, "sites.other.test.dnt", None)
    _set(person, "sites.news.test.gpc", None)


def test_a_background_started_anew_knows_a_page_with_hundreds_of_exceptions(
    person: Person, tab: Page, site: Site
) -> None:
    """More than it keeps for each page: the page is not told to be another than it is."""
    before = person.terms_file.read_text("utf-8")
    targets = [f"target-{number}.example" for number in range(300)]
    choose(person, f'[[exceptions]]\nsite = "news.test"\ntargets = {json.dumps(targets)}\n')
    tab.goto(page_at(site, "news.test"))
    _is_fresh(person, tab)
    person.browser.stop_background()
    person.options().close()
    _is_fresh(person, tab)
    options = person.options()
    person.edit_terms(lambda _: before)
    options.wait_for("#sites[hidden]")
    options.close()
    _is_offered_a_reload(person, tab)


def test_the_next_page_in_the_tab_gets_what_is_in_force(
    person: Person, tab: Page, site: Site
) -> None:
    """From its first byte on another site; and taken back, a change leaves nothing to reload."""
    tab.goto(page_at(site, "news.test"))
    _set(person, "signals.gpc", "off")
    to = page_at(site, "other.test", "next", image=f"{site.at('cdn.test')}/next.svg")
    tab.goto(to)
    assert sent_to(site, "other.test", "/page/next") == GPC_OFF
    assert sent_to(site, "other.test", "/own.svg") == GPC_OFF
    assert sent_to(site, "cdn.test", "/next.svg") == GPC_OFF
    assert told(tab)["dnt"] == "1"
    _is_fresh(person, tab)
    _set(person, "signals.gpc", "on")
    _is_offered_a_reload(person, tab)
    _set(person, "signals.gpc", "off")
    _is_fresh(person, tab)
    _set(person, "signals.gpc", "on")


# Playwright's Chromium brings no page back as it was.
@pytest.mark.parametrize("brand", ["firefox"], indirect=True)
@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_page_that_the_back_button_brings_back_has_the_signals_of_its_load(
    person: Person, tab: Page, plain: Site, *, stopped: bool
) -> None:
    tab.goto(plain.url("/page/one"))
    tab.run("document.body.id = 'as-it-was';")
    tab.goto(plain.url("/page/two"))
    _set(person, "signals.gpc", "off")
    if stopped:
        person.browser.stop_background()
    tab.run("history.back();")
    tab.wait_for("#as-it-was")
    _is_offered_a_reload(person, tab)
    assert tab.run("return navigator.globalPrivacyControl;") is True
    tab.run("await fetch('/fetched.json');")
    assert Sent.of(plain.wait_for("/fetched.json")[-1]) == BOTH
    tab.reload()
    _is_fresh(person, tab)
    plain.forget()
    tab.run("await fetch('/fetched.json');")
    assert Sent.of(plain.wait_for("/fetched.json")[-1]) == GPC_OFF
    _set(person, "signals.gpc", "on")
