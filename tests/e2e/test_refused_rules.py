"""A browser that refuses the rules for single sites, made up: no terms.toml brings one to do so, as
test_site_signals shows. All that follows from the refusal is real."""

from collections.abc import Iterator

import pytest

from tests.e2e.browsers.chromium import Chromium
from tests.e2e.conftest import NewPerson
from tests.e2e.per_site import BOTH, choose, page_at, sent_to, serve
from tests.e2e.person import Person
from tests.e2e.recorder import Site

_REFUSE = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateDynamicRules.bind(rules);
const isForSites = ({ condition }) => condition.regexFilter;
rules.updateDynamicRules = (change) => change.addRules.some(isForSites)
  ? Promise.reject(new Error("no more room")) : update(change);
"""
_REFUSE_FOR_TABS = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateSessionRules.bind(rules);
const isForTabs = ({ id }) => id >= 100 && id < 5000;
rules.updateSessionRules = (change) => change.addRules?.some(isForTabs)
  ? Promise.reject(new Error("no more room")) : update(change);
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


def _refuse(person: Person, how: str = _REFUSE) -> None:
    """Made up in the background's own world."""
    if isinstance(person.browser, Chromium):
        person.browser.worker.evaluate(f"() => {{ {how} }}")
        return
    options = person.options()
    options.run(f"const self = await browser.runtime.getBackgroundPage(); {how}")
    options.close()


def test_a_refusal_is_told_and_the_general_signals_stay(new_person: NewPerson, site: Site) -> None:
    person = new_person("refused")
    person.start()
    _refuse(person)
    choose(person, '[sites."news.test"]\ngpc = "off"\n')
    options = person.options()
    options.wait_for_text("The browser did not take the rules for single sites (no more room).")
    options.close()
    page = person.new_page()
    page.goto(page_at(site, "news.test"))
    assert sent_to(site, "news.test", "/page/a") == BOTH
    popup = person.popup(page)
    popup.wait_for_text("Your signals go out everywhere as they do in general.")
    popup.close()


def test_a_refusal_of_a_tabs_rules_is_told_until_none_are_wanted(
    new_person: NewPerson, site: Site
) -> None:
    """DNT off alone, which only such rules can say of what a page loads."""
    person = new_person("refused-for-tabs")
    person.start()
    choose(person, '[sites."news.test"]\ndnt = "off"\n')
    _refuse(person, _REFUSE_FOR_TABS)
    page = person.new_page()
    page.goto(page_at(site, "news.test"))
    popup = person.popup(page)
    popup.wait_for_text("The browser did not take all rules for single tabs (no more room).")
    popup.close()
    options = person.options()
    options.wait_for_text("The browser did not take all rules for single tabs (no more room).")
    page.goto(page_at(site, "ads.test"))
    options.wait_until_hidden("#unapplied")
    options.close()
    person.stop()
