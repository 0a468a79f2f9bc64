"""Real browsers whose parts are killed, stopped or broken: nothing is lost, and nothing is double.

What a negotiation comes to afterwards is at most one agreement, the same on both sides.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.kit_sites import Held, KitSite
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site
from tests.e2e.touching import ENDPOINT, click_until_offered

POLICY = "/.well-known/emanciterms.json"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[KitSite]:
    """A ⊃ site that keeps what it signs, under another name than `plain`."""
    with KitSite(tmp_path, "localhost") as site:
        yield site


def _reason(person: Person, tab: Page, reason: str) -> Page:
    """The real popup on `tab`, once it shows `reason`."""
    popup = person.popup(tab)
    popup.wait_for(f"html[data-reason={reason}]")
    return popup


def _asked_by_the_page(tab: Page, site: Site, path: str) -> Request:
    """What the page sends when its own script asks for something."""
    tab.run(f"await fetch({json.dumps(site.url(path))}, {{ mode: 'no-cors' }});")
    (request,) = site.wait_for(path)
    return request


def _has_both_signals(request: Request) -> bool:
    return (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])


def _both_have_one_agreement(person: Person, shop: KitSite) -> None:
    """The same one; and all that was posted were the same bytes."""
    listed = [one for one in person.agreements() if one["origin"] == shop.origin]
    assert [(one["id"], one["state"]) for one in listed] == [(listed[0]["id"], "active")]
    assert shop.shop.kept == [listed[0]["id"]]
    assert len({post.body for post in shop.to(ENDPOINT)}) == 1


on_its_way = pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])


def _offer(tab: Page, shop: KitSite, *, kept: bool) -> Held:
    """Terms are offered, and the site's answer is not sent yet."""
    shop.way = held = Held(kept=kept)
    tab.goto(shop.url("/"))
    shop.wait_for(POLICY)
    click_until_offered(tab, shop)
    held.wait_until_reached()
    return held


# The background is stopped


def test_stopped_while_the_page_waits_for_a_touch(person: Person, tab: Page, shop: KitSite) -> None:
    """The signals need no background, and a touch brings it back."""
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    person.browser.stop_background()
    assert _has_both_signals(_asked_by_the_page(tab, shop, "/meanwhile"))
    click_until_offered(tab, shop)
    _reason(person, tab, "signed").close()
    _both_have_one_agreement(person, shop)


def test_stopped_before_the_page_is_left(
    person: Person, tab: Page, shop: KitSite, plain: Site
) -> None:
    """`EmanciTerms` stays behind, though nobody is there to take it away."""
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    assert _asked_by_the_page(tab, shop, "/there").all("emanciterms") != []
    person.browser.stop_background()
    tab.goto(plain.url("/page/elsewhere") + f"?frame={shop.url('/framed')}")
    (framed,) = shop.wait_for("/framed")
    for request in (framed, _asked_by_the_page(tab, shop, "/fetched")):
        assert _has_both_signals(request)
        assert request.all("emanciterms") == []


@on_its_way
def test_stopped_while_terms_are_on_their_way(
    person: Person, tab: Page, shop: KitSite, kept: bool
) -> None:
    """The next visit sends the same bytes again, of which the first answer may be known."""
    held = _offer(tab, shop, kept=kept)
    person.browser.stop_background()
    held.release()
    tab.reload()
    shop.wait_for(ENDPOINT, 2)
    _reason(person, tab, "signed").close()
    _both_have_one_agreement(person, shop)


def test_stopped_while_the_popup_is_open(person: Person, tab: Page, shop: KitSite) -> None:
    """It finds the next one, and its buttons do what they say."""
    tab.goto(shop.url("/"))
    popup = _reason(person, tab, "not-offered")
    person.browser.stop_background()
    # A press before the popup has heard of the site again comes to nothing.
    for _ in range(int(PATIENCE)):
        popup.click('[data-action="offer"]')
        if shop.came(ENDPOINT, 1):
            break
    popup.wait_for("html[data-reason=signed]")
    popup.close()
    _both_have_one_agreement(person, shop)


def test_stopped_while_the_settings_are_open(person: Person) -> None:
    """Edits of the file still show there, and settings can still be changed."""
    gpc = '[data-key="signals.gpc"]'
    options = person.options()
    person.browser.stop_background()
    person.edit_terms(lambda text: text.replace('gpc = "on"', 'gpc = "off"'))
    options.wait_for(f"{gpc}:not(:checked)")
    person.edit_terms(lambda text: text.replace('gpc = "off"', 'gpc = "on"'))
    options.wait_for(f"{gpc}:checked")
    options.click(gpc)
    options.wait_for_text("Saved")
    assert '\ngpc = "off"' in person.terms_file.read_text("utf-8")
    person.edit_terms(lambda text: text.replace('gpc = "off"', 'gpc = "on"'))
    options.wait_for(f"{gpc}:checked")
    options.close()


# The host is killed, or cannot be started


def test_a_host_that_was_killed_is_told_and_comes_back_by_itself(
    person: Person, tab: Page, shop: KitSite
) -> None:
    tab.goto(shop.url("/"))
    popup = _reason(person, tab, "not-offered")
    person.kill_hosts()
    popup.wait_for("html[data-state=alone][data-reason=host-exited]")
    assert _has_both_signals(_asked_by_the_page(tab, shop, "/meanwhile"))
    popup.wait_for("html[data-reason=not-offered]")
    popup.close()
    click_until_offered(tab, shop)
    _reason(person, tab, "signed").close()
    _both_have_one_agreement(person, shop)


@on_its_way
def test_a_host_that_was_killed_while_terms_were_on_their_way(
    person: Person, tab: Page, shop: KitSite, kept: bool
) -> None:
    """The answer came to nobody; on the next visit it is asked for again."""
    held = _offer(tab, shop, kept=kept)
    person.kill_hosts()
    held.release()
    _reason(person, tab, "waiting").close()
    tab.reload()
    shop.wait_for(ENDPOINT, 2)
    _reason(person, tab, "signed").close()
    _both_have_one_agreement(person, shop)


def is_not_registered(person: Person) -> None:
    person.uninstall()


def is_registered_for_another_button(person: Person) -> None:
    members = json.loads(person.browser.manifest.read_text("utf-8"))
    for name, other in {
        "allowed_origins": f"chrome-extension://{'a' * 32}/",
        "allowed_extensions": "other@rbutton.example",
    }.items():
        members |= {name: [other]} if name in members else {}
    person.browser.manifest.write_text(json.dumps(members), "utf-8")


def is_gone(person: Person) -> None:
    person.places.launcher.unlink()


def may_not_be_run(person: Person) -> None:
    person.places.launcher.chmod(0o600)


def ends_at_once(person: Person) -> None:
    person.places.launcher.write_text("#!/bin/sh\nexit 1\n")


def speaks_another_language(person: Person) -> None:
    person.places.launcher.write_text("#!/bin/sh\necho Hello, who is there; exec cat >/dev/null\n")


#: What is wrong with the host, and the reason that Chromium and Firefox let the button give.
CAUSES: dict[Callable[[Person], None], dict[str, str]] = {
    is_not_registered: {"chromium": "host-not-found", "firefox": "host-not-found"},
    is_registered_for_another_button: {
        "chromium": "host-forbidden",
        "firefox": "host-not-found",
    },
    is_gone: {"chromium": "host-not-found", "firefox": "host-not-starting"},
    may_not_be_run: {"chromium": "host-not-starting", "firefox": "host-not-starting"},
    ends_at_once: {"chromium": "host-not-starting", "firefox": "host-not-starting"},
    speaks_another_language: {
        "chromium": "host-not-starting",
        "firefox": "host-not-starting",
    },
}


@pytest.fixture
def host_to_break(person: Person) -> Iterator[None]:
    """Whatever a test does to launcher and registration, they are put right after it, and found."""
    launcher = person.places.launcher
    text = launcher.read_text()
    yield
    launcher.write_text(text)
    launcher.chmod(0o700)
    person.browser.register(launcher)
    person.options().close()


@pytest.mark.usefixtures("host_to_break")
@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_of_having_no_host_is_told_and_the_signals_go_out(
    brand: str, person: Person, tab: Page, plain: Site, cause: Callable[[Person], None]
) -> None:
    plain.forget()
    cause(person)
    person.kill_hosts()
    tab.goto(plain.url("/page/hostless"))
    (request,) = plain.wait_for("/page/hostless")
    assert _has_both_signals(request)
    popup = _reason(person, tab, CAUSES[cause][brand])
    popup.wait_for("html[data-state=alone]")
    popup.wait_for_text("Your signals still go out.")
    popup.close()


@pytest.mark.usefixtures("host_to_break")
@pytest.mark.parametrize("brand", ["chromium"], indirect=True)
def test_a_host_that_says_nothing_is_told_as_that(person: Person, tab: Page, plain: Site) -> None:
    """It takes ten seconds, by a clock that is the same in both browsers."""
    # Its output stays open, so that it looks alive.
    person.places.launcher.write_text("#!/bin/sh\nexec 3>&1 cat >/dev/null\n")
    person.kill_hosts()
    tab.goto(plain.url("/page/silence"))
    _reason(person, tab, "host-silent").close()


def test_without_a_host_a_site_is_told_of_no_agent(
    person: Person, tab: Page, shop: KitSite, host_to_break: None
) -> None:
    """The signals need none. `EmanciTerms` says that one is there to take an answer."""
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    assert _asked_by_the_page(tab, shop, "/there").all("emanciterms") != []
    person.uninstall()
    person.kill_hosts()
    _reason(person, tab, "host-not-found").close()
    alone = _asked_by_the_page(tab, shop, "/alone")
    assert _has_both_signals(alone)
    assert alone.all("emanciterms") == []


# The browser is killed


@on_its_way
def test_a_browser_that_was_killed_while_terms_were_on_their_way(
    person: Person, shop: KitSite, kept: bool
) -> None:
    """It starts again with the same profile, and goes on where it was."""
    tab = person.new_page()
    held = _offer(tab, shop, kept=kept)
    person.browser.kill()
    held.release()
    person.start()
    # A button from a folder is loaded anew at each start, beside the first page: that may be
    # sooner (docs/browsers.md).
    person.options().close()
    tab = person.new_page()
    tab.goto(shop.url("/again"))
    (again,) = shop.wait_for("/again")
    assert _has_both_signals(again)
    shop.wait_for(ENDPOINT, 2)
    _reason(person, tab, "signed").close()
    _both_have_one_agreement(person, shop)
    tab.close()


# terms.toml is broken, lost and put back


@pytest.fixture
def terms(person: Person) -> Iterator[str]:
    """The person's terms.toml, which differs from the first one; put right after the test."""
    first = person.terms_file.read_text("utf-8")
    terms = first.replace('dnt = "on"', 'dnt = "off"').replace('= "auto"', '= "click"')
    person.terms_file.write_text(terms, "utf-8")
    yield terms
    _save(person, first)


def _save(person: Person, text: str) -> None:
    """As many editors do: a whole file beside it, then in its place."""
    whole = person.terms_file.with_name("terms.toml~")
    whole.write_text(text, "utf-8")
    if person.terms_file.is_dir():
        person.terms_file.rmdir()
    whole.replace(person.terms_file)


def has_a_mistake(person: Person) -> None:
    text = person.terms_file.read_text("utf-8")
    person.terms_file.write_text(text.replace('"off"', '"of"'), "utf-8")


def is_deleted(person: Person) -> None:
    person.terms_file.unlink()


def cannot_be_read(person: Person) -> None:
    """A folder in its place, as the tests may run as root, who reads everything."""
    person.terms_file.unlink()
    person.terms_file.mkdir()


MISTAKES: dict[Callable[[Person], None], str] = {
    has_a_mistake: "signals.dnt is “of”.",
    is_deleted: "terms.toml is missing.",
    cannot_be_read: "terms.toml cannot be read",
}


def test_terms_that_cannot_be_used_are_told_and_change_nothing(
    person: Person, tab: Page, plain: Site, terms: str
) -> None:
    """What is off stays off, what is on stays on, and what needs a click still needs one."""
    options = person.options()
    for mistake, told in MISTAKES.items():
        options.wait_for('[data-key="negotiate.click"]:checked')
        mistake(person)
        options.wait_for_text(told)
        options.wait_for_text("what was right before holds")
        options.wait_for('[data-key="negotiate.click"]:checked')
        plain.forget()
        tab.goto(plain.url("/page/mistaken"))
        (request,) = plain.wait_for("/page/mistaken")
        assert (request.all("dnt"), request.all("sec-gpc")) == ([], ["1"])
        popup = person.popup(tab)
        popup.wait_for_text(told)
        popup.wait_for_text("what was right before holds")
        popup.close()
        _save(person, terms)
        options.wait_until_hidden("#problem")
    options.close()
