"""A browser that refuses rules or page scripts of signals, or takes its time. That is made up: no
terms.toml brings one to do so, as test_site_signals shows. All that follows from it is real."""

from collections.abc import Iterator

import pytest

from tests.e2e.browsers import Page
from tests.e2e.browsers.chromium import Chromium
from tests.e2e.per_site import (
    BOTH,
    LONG,
    NEITHER,
    UNTIL,
    Sent,
    choose,
    frames_read,
    page_at,
    sent_to,
    serve,
    title_of,
    told,
)
from tests.e2e.person import Person
from tests.e2e.recorder import Site

_SITE_RULES = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateDynamicRules.bind(rules);
const isForSites = ({ condition }) => condition.regexFilter;
rules.updateDynamicRules = (change) => change.addRules.some(isForSites)
  ? Promise.reject(new Error("no more room")) : update(change);
"""
_ALL_RULES = """
(self.browser ?? self.chrome).declarativeNetRequest.updateDynamicRules =
  () => Promise.reject(new Error("no more room"));
"""
_ALL_SCRIPTS = """
const { scripting } = self.browser ?? self.chrome;
for (const name of ["register", "update", "unregister"])
  scripting[`${name}ContentScripts`] = () => Promise.reject(new Error("no more room"));
"""
_FOR_TABS = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateSessionRules.bind(rules);
const isForTabs = ({ id }) => id >= 100 && id < 5000;
rules.updateSessionRules = (change) => change.addRules?.some(isForTabs)
  ? Promise.reject(new Error("no more room")) : update(change);
"""
_IN_TIME = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateDynamicRules.bind(rules);
rules.updateDynamicRules = (change) => new Promise((taken) => {
  self.takeRules = () => taken(update(change));
});
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture(autouse=True)
def _refuses_no_more(person: Person) -> Iterator[None]:
    """Afterwards: the background's world ends, and terms.toml is as it was."""
    before = person.terms_file.read_text("utf-8")
    yield
    person.browser.stop_background()
    options = person.options()
    person.edit_terms(lambda _: before)
    options.wait_for("body:has(#sites[hidden]):has(#unapplied[hidden])")
    options.wait_for('[data-key="signals.dnt"]:checked')
    options.close()


def _in_background(person: Person, what: str) -> None:
    """Made up in the background's own world."""
    if isinstance(person.browser, Chromium):
        person.browser.worker.evaluate(f"async () => {{ {what} }}")
        return
    options = person.options()
    options.run(f"const self = await browser.runtime.getBackgroundPage(); {what}")
    options.close()


def test_a_refusal_is_told_and_the_general_signals_stay(
    person: Person, tab: Page, site: Site
) -> None:
    _in_background(person, _SITE_RULES)
    choose(person, '[sites."news.test"]\ngpc = "off"\n')
    options = person.options()
    options.wait_for_text("The browser did not take the rules for single sites (no more room).")
    options.close()
    tab.goto(page_at(site, "news.test", frame=page_at(site, "ads.test", "framed")))
    assert sent_to(site, "news.test", "/page/a") == BOTH
    assert sent_to(site, "ads.test", "/page/framed") == BOTH
    assert told(tab) == {"dnt": "1", "gpc": True}, "what pages read is what the header is"
    assert frames_read(tab) == [["1", True]]
    popup = person.popup(tab)
    popup.wait_for_text("Your signals go out everywhere as they do in general.")
    popup.wait_for("#here-gpc:checked")
    popup.close()


@pytest.mark.parametrize(
    ("refused", "why", "sent"),
    [
        (_ALL_RULES, "The browser did not take the rules of your signals", BOTH),
        (_ALL_SCRIPTS, "the page scripts of your signals", Sent(None, "1")),
    ],
    ids=["rules", "scripts"],
)
def test_a_refusal_of_the_general_signals_is_not_told_as_one_of_single_sites(
    person: Person, tab: Page, site: Site, refused: str, *, why: str, sent: Sent
) -> None:
    """What stood before still does: of headers, and so of what pages read, or of that alone."""
    _in_background(person, refused)
    options = person.options()
    person.edit_terms(lambda before: before.replace('dnt = "on"', 'dnt = "off"', 1))
    options.wait_for_text(why)
    options.wait_until_hidden("#unapplied:not([hidden]) p + p")
    assert "in general" not in options.run("return document.querySelector('#unapplied').innerText;")
    options.close()
    tab.goto(page_at(site, "news.test", "general"))
    assert sent_to(site, "news.test", "/page/general") == sent
    assert told(tab)["dnt"] == "1"
    popup = person.popup(tab)
    popup.wait_for_text(why)
    popup.close()


_BADGE = "return await (globalThis.browser ?? globalThis.chrome).action.getBadgeText({});"


def _is_off_and_reached(person: Person, page: Page, why: str) -> None:
    """In its popup; the toolbar is marked."""
    popup = person.popup(page)
    popup.wait_for("html[data-reason=off]")
    popup.wait_for_text("But your signals may still reach its pages.")
    popup.wait_for_text(why)
    popup.wait_until_hidden("#signals input")
    popup.close()
    options = person.options()
    assert "not all that you chose could be applied" in title_of(options, "https://")
    assert options.run(_BADGE) == "!"
    options.close()


def test_off_where_the_rules_were_refused_is_not_told_as_silent(
    person: Person, tab: Page, site: Site
) -> None:
    """And the refusal is told on pages of no site, too."""
    _in_background(person, _SITE_RULES)
    choose(person, '[sites."news.test"]\nbutton = "off"\n')
    why = "The browser did not take the rules for single sites (no more room)."
    popup = person.popup(tab)
    popup.wait_for_text(why)
    popup.close()
    tab.goto(page_at(site, "news.test", "off"))
    assert sent_to(site, "news.test", "/page/off") == BOTH
    _is_off_and_reached(person, tab, why)


def test_off_under_a_name_that_no_rule_can_have_is_not_told_as_silent(
    person: Person, tab: Page, site: Site
) -> None:
    """No more once it is taken out: nothing is marked then."""
    before = person.terms_file.read_text("utf-8")
    choose(person, f'[sites."{LONG}"]\nbutton = "off"\n')
    tab.goto(page_at(site, LONG, "long"))
    assert sent_to(site, LONG, "/page/long") == BOTH
    _is_off_and_reached(person, tab, f"Of {LONG} the name has more parts")
    options = person.options()
    person.edit_terms(lambda _: before)
    options.wait_for("#sites[hidden]")
    assert options.run(_BADGE) == ""
    options.close()


def test_a_refusal_of_a_tabs_rules_is_told_until_none_are_wanted(
    person: Person, tab: Page, site: Site
) -> None:
    """DNT off alone, which only such rules can say of what a page loads."""
    choose(person, '[sites."news.test"]\ndnt = "off"\n')
    _in_background(person, _FOR_TABS)
    tab.goto(page_at(site, "news.test"))
    popup = person.popup(tab)
    popup.wait_for_text("The browser did not take all rules for single tabs (no more room).")
    popup.close()
    options = person.options()
    options.wait_for_text("The browser did not take all rules for single tabs (no more room).")
    assert options.run(_BADGE) == "!"
    tab.goto(page_at(site, "ads.test"))
    options.wait_until_hidden("#unapplied")
    assert options.run(_BADGE) == ""
    options.close()


def test_off_is_told_once_it_holds(person: Person, tab: Page, site: Site) -> None:
    """A page that is loaded as soon as the popup says it gets no signal."""
    tab.goto(page_at(site, "news.test"))
    _in_background(person, _IN_TIME)
    popup = person.popup(tab)
    popup.wait_for("#reach:not([hidden]):not([disabled])")
    popup.click("#off-here")
    _in_background(person, f"{UNTIL} await until(() => self.takeRules);")
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.close()
    _in_background(person, "self.takeRules();")
    popup = person.popup(tab)
    popup.wait_for("html[data-state=off]")
    popup.close()
    tab.goto(page_at(site, "news.test", "off"))
    assert sent_to(site, "news.test", "/page/off") == NEITHER
