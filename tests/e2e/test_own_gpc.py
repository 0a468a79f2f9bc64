"""Firefox has a GPC of its own, which no extension can change: it is read, never contradicted."""

from collections.abc import Iterator

import pytest

from tests.e2e.browsers import Page
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.conftest import NewPerson
from tests.e2e.per_site import (
    BOTH,
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

pytestmark = pytest.mark.parametrize("brand", ["firefox"], indirect=True)

OWN_GPC = "privacy.globalprivacycontrol.enabled"

_IN_A_WORKER = """
const code = new Blob(["postMessage(navigator.globalPrivacyControl)"]);
const worker = new Worker(URL.createObjectURL(code));
return await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture
def firefox(person: Person) -> Iterator[Firefox]:
    assert isinstance(person.browser, Firefox)
    yield person.browser
    person.browser.prefer(OWN_GPC, False)


def test_switched_off_here_while_firefox_says_it_the_popup_says_so(
    firefox: Firefox, person: Person, tab: Page, site: Site
) -> None:
    """And header and property go on saying what Firefox says; so do workers, in any case."""
    firefox.prefer(OWN_GPC, True)
    tab.goto(page_at(site, "news.test"))
    popup = person.popup(tab)
    popup.wait_for("#signals-notes[hidden]")
    popup.wait_for("#reach:not([hidden]):not([disabled])")
    popup.click("#here-gpc")
    popup.wait_for_text("Firefox itself still says Global Privacy Control here.")
    popup.close()
    tab.goto(page_at(site, "news.test", "again"))
    assert sent_to(site, "news.test", "/page/again") == BOTH
    assert sent_to(site, "news.test", "/own.svg") == BOTH
    assert told(tab) == {"dnt": "1", "gpc": True}
    assert tab.run(_IN_A_WORKER) is True
    options = person.options()
    options.wait_for_text("Firefox itself says Global Privacy Control, too.")
    firefox.prefer(OWN_GPC, False)
    options.reload()
    options.wait_for_text(
        "Firefox’s own Global Privacy Control is off. The button says it for you."
    )
    options.close()


def test_all_switched_off_while_firefox_says_it_nothing_denies_that(
    firefox: Firefox, person: Person, tab: Page, site: Site
) -> None:
    """Not the popup, nor the toolbar, nor the options page: it goes out."""
    firefox.prefer(OWN_GPC, True)
    tab.goto(page_at(site, "other.test"))
    popup = person.popup(tab)
    popup.wait_for("#reach:not([hidden]):not([disabled])")
    popup.click("#off-here")
    popup.wait_for("html[data-reason=off]")
    popup.wait_for_text("The button sends no signal with its pages")
    popup.wait_for_text("Firefox itself still says Global Privacy Control here.")
    popup.wait_until_hidden("#signals input, #signals select, #signals button")
    popup.close()
    tab.goto(page_at(site, "other.test", "off"))
    assert sent_to(site, "other.test", "/page/off") == Sent(None, "1")
    assert told(tab)["gpc"] is True

    options = person.options()
    assert "Firefox itself says Global Privacy Control" in title_of(options, site.at("other.test"))
    before = person.terms_file.read_text("utf-8")
    person.edit_terms(lambda _: '[signals]\ndnt = "off"\ngpc = "off"\n')
    options.wait_for_text("The button sends no signal: both are off.")
    options.wait_for_text("Firefox itself says Global Privacy Control, too.")
    tab.goto(page_at(site, "ads.test"))
    assert "Firefox itself says Global Privacy Control" in title_of(options, site.at("ads.test"))
    person.edit_terms(lambda _: before)
    options.wait_for("#now li:first-child:not(.off)")
    options.close()


def test_in_private_windows_a_frame_is_told_what_firefox_sends(
    new_person: NewPerson, site: Site
) -> None:
    """There Firefox says it unasked, while its ordinary windows and the button do not."""
    person = new_person("private")
    person.start()
    person.browser.let_into_private_windows()
    choose(person, '[sites."news.test"]\ngpc = "off"\n')
    site.forget()
    frame = page_at(site, "ads.test", "frame")
    private = person.browser.set_apart()["private-window"]
    page = private(page_at(site, "news.test", "private", frame=frame))
    assert sent_to(site, "ads.test", "/page/frame") == BOTH
    # By then the frame, which the button tells what its page has, has been told.
    popup = person.popup(page)
    popup.wait_for("html[data-reason=private-window]")
    popup.close()
    assert told(page) == {"dnt": "1", "gpc": True}
    assert frames_read(page) == [["1", True]]
    page.close()
    person.stop()
