"""One negotiation in real browsers with the real host: seen, offered, signed, kept."""

import json
import threading
from collections.abc import Iterator

import pytest

from tests.e2e import own_sites
from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.browsers.chromium import ChromiumPage
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered
from tests.sites import Site as Signer

POLICY = "/.well-known/emanciterms.json"


@pytest.fixture
def shop() -> Iterator[Site]:
    """A ⊃ site nobody has visited yet, announced by header."""
    with Site(own_sites.that()) as site:
        yield site


def _reason(person: Person, tab: Page, reason: str) -> Page:
    """The real popup on `page`, once it shows `reason`."""
    popup = person.popup(tab)
    popup.wait_for(f"html[data-reason={reason}]")
    return popup


def test_seen_offered_when_touched_signed_and_kept(person: Person, tab: Page, shop: Site) -> None:
    """The whole thread: both sides hold the same bytes at its end."""
    tab.goto(shop.url("/first"))
    shop.wait_for(POLICY)
    _reason(person, tab, "not-offered").close()
    assert shop.to(ENDPOINT) == []

    (post,) = click_until_offered(tab, shop)
    popup = _reason(person, tab, "signed")
    popup.wait_for("html[data-state=active]")
    popup.close()

    (kept,) = [one for one in person.agreements() if one["origin"] == shop.origin]
    assert kept["state"] == "active"
    assert kept["terms"] == ["SD-BASE-DP"]
    assert kept["jws"] == json.loads(Signer(origin=shop.origin).countersign(post.body))


def test_typing_counts_as_touching(person: Person, tab: Page, shop: Site) -> None:
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    tab.press("a")
    shop.wait_for(ENDPOINT)


def test_a_click_counts_while_the_policy_is_on_its_way(person: Person, tab: Page) -> None:
    """One click, in a page that is there before its site's policy: nobody clicks again."""
    go = threading.Event()

    def late(site: Signer) -> bytes:
        go.wait(PATIENCE)
        return site.policy()

    with Site(own_sites.that(policy=late)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for(POLICY)
        tab.click("input")
        go.set()
        shop.wait_for(ENDPOINT)
        _reason(person, tab, "signed").close()


# All of Marionette's clicks are first ones.
@pytest.mark.parametrize("brand", ["chromium"], indirect=True)
def test_the_second_click_of_two_is_no_touch(person: Person, tab: Page, shop: Site) -> None:
    """The first may have been on the page before, and the second have been meant for that."""
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    assert isinstance(tab, ChromiumPage)
    tab.page.mouse.move(40, 20)
    tab.page.mouse.down(click_count=2)
    tab.page.mouse.up(click_count=2)
    _reason(person, tab, "not-offered").close()
    assert shop.to(ENDPOINT) == []
    click_until_offered(tab, shop)


def test_what_a_page_does_by_itself_is_no_touch(person: Person, tab: Page, shop: Site) -> None:
    """Scripted clicks and keys, in the very page that waits for a real one."""
    tab.goto(shop.url("/"))
    _reason(person, tab, "not-offered").close()
    tab.run(
        """for (const kind of ["pointerdown", "mousedown", "click", "keydown"])
             document.dispatchEvent(new Event(kind, {bubbles: true}));
           document.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
           document.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}));
           document.querySelector("input").click();"""
    )
    _reason(person, tab, "not-offered").close()
    assert shop.to(ENDPOINT) == []


def test_a_link_element_announces_as_well(person: Person, tab: Page) -> None:
    with Site(own_sites.that(by_header=False)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for(POLICY)
        click_until_offered(tab, shop)
        _reason(person, tab, "signed").close()


def test_the_header_goes_to_that_origin_in_that_tab_and_no_further(
    person: Person, tab: Page, shop: Site, plain: Site
) -> None:
    """Not with the first request, not from a frame elsewhere, not after leaving."""
    tab.goto(shop.url("/first"))
    _reason(person, tab, "not-offered").close()
    tab.goto(shop.url("/second"))
    tab.run(f"await fetch('{plain.url('/page/elsewhere')}', {{mode: 'no-cors'}});")
    (first,), (second,) = shop.wait_for("/first"), shop.wait_for("/second")
    (elsewhere,) = plain.wait_for("/page/elsewhere")
    assert first.all("emanciterms") == []
    assert second.all("emanciterms") == ['v=1, proffer=("SD-BASE-DP")']
    assert elsewhere.all("emanciterms") == []

    tab.goto(plain.url("/"))
    popup = _reason(person, tab, "nothing-here")
    popup.close()
    tab.goto(plain.url("/page/framing") + f"?frame={shop.url('/framed')}")
    (framed,) = shop.wait_for("/framed")
    assert framed.all("emanciterms") == []
    other = person.new_page()
    other.goto(shop.url("/other-tab"))
    (fresh,) = shop.wait_for("/other-tab")
    assert fresh.all("emanciterms") == []
    other.close()


def test_a_framed_site_is_not_asked(person: Person, tab: Page, plain: Site) -> None:
    """Only top-level documents announce, by header or by element."""
    with Site(own_sites.that()) as framed, Site(own_sites.that(by_header=False)) as linked:
        tab.goto(plain.url("/page/one") + f"?frame={framed.url('/in-frame')}")
        tab.click("input", frame="iframe")
        tab.goto(plain.url("/page/two") + f"?frame={linked.url('/in-frame')}")
        tab.click("input", frame="iframe")
        _reason(person, tab, "nothing-here").close()
        for site in (framed, linked):
            assert {one.path for one in site.requests} <= {"/in-frame", "/favicon.ico"}


def test_the_agents_own_requests_carry_nothing_of_the_browser(
    person: Person, tab: Page, shop: Site
) -> None:
    """No Origin, cookie, referrer or validator, though the site tried to plant each."""
    tab.goto(shop.url("/first"))
    shop.wait_for(POLICY)
    click_until_offered(tab, shop)
    _reason(person, tab, "signed").close()
    tab.goto(shop.url("/again"))
    (again,) = shop.wait_for("/again")
    assert again.all("cookie") == ["known=42"]

    # The next page asks for the policy again.
    policy, (post,) = shop.to(POLICY)[0], shop.to(ENDPOINT)
    for request in (policy, post):
        for name in ("origin", "cookie", "referer", "if-none-match", "emanciterms"):
            assert request.all(name) == [], (name, request.head)
        assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])
    assert post.all("content-type") == ["application/jose+json"]
    assert post.method == "POST"


def test_with_click_the_site_learns_nothing_until_the_button_is_pressed(
    new_person: NewPerson, shop: Site
) -> None:
    person = new_person("clicking")
    person.start()
    options = person.options()
    person.edit_terms(lambda text: text.replace('= "auto"', '= "click"'))
    options.wait_for('[data-key="negotiate.click"]:checked')
    options.click('[data-key="lasts.1 year"]')
    options.wait_for('[data-key="lasts.1 year"]:checked')
    assert 'lasts = "1 year"' in person.terms_file.read_text()

    page = person.new_page()
    for path in ("/first", "/second"):
        page.goto(shop.url(path))
        page.click("input")
        popup = _reason(person, page, "announced")
        popup.wait_for("html[data-state=potential]")
    assert {request.path for request in shop.requests} <= {"/first", "/second", "/favicon.ico"}
    assert not any(request.all("emanciterms") for request in shop.requests)

    popup.click('[data-action="offer"]')
    popup.wait_for("html[data-state=active]")
    popup.wait_for_text("Until ")
    assert len(shop.to(ENDPOINT)) == 1
    page.goto(shop.url("/third"))
    (third,) = shop.wait_for("/third")
    assert third.all("emanciterms") == ['v=1, proffer=("SD-BASE-DP")']


def test_after_a_restart_all_is_there_and_nothing_is_offered_twice(
    new_person: NewPerson, shop: Site
) -> None:
    """Browser and host end and start again."""
    person = new_person("restarting")
    person.start()
    page = person.new_page()
    page.goto(shop.url("/"))
    _reason(person, page, "not-offered").close()
    click_until_offered(page, shop)
    _reason(person, page, "signed").close()
    before = person.agreements()

    person.stop()
    person.start()
    page = person.new_page()
    page.goto(shop.url("/"))
    page.click("input")
    popup = _reason(person, page, "signed")
    popup.click('[data-action="agreement"]')
    assert popup.run("return document.querySelector('#ids').textContent").endswith(before[0]["id"])
    assert len(shop.to(ENDPOINT)) == 1
    assert person.agreements() == before


def test_a_decline_is_told_in_the_sites_words_as_text(person: Person, tab: Page) -> None:
    with Site(own_sites.that(answer=own_sites.declines)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for(POLICY)
        click_until_offered(tab, shop)
        popup = _reason(person, tab, "declined")
        popup.wait_for("html[data-state=potential]")
        popup.wait_for_text("We only sign on <b>Tuesdays</b>.")
        popup.close()
        tab.reload()
        tab.click("input")
        _reason(person, tab, "declined").close()
        assert len(shop.to(ENDPOINT)) == 1


def test_no_answer_waits_and_the_same_bytes_go_again(person: Person, tab: Page) -> None:
    with Site(own_sites.that(answer=own_sites.is_down)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for(POLICY)
        click_until_offered(tab, shop)
        popup = _reason(person, tab, "waiting")
        popup.click('[data-action="again"]')
        first, second = shop.wait_for(ENDPOINT, 2)[:2]
        assert first.body == second.body


@pytest.mark.parametrize(
    ("what", "policy"),
    [
        ("another origin", lambda _: Signer(origin="https://other.example").policy()),
        ("no JSON", lambda _: b"<!doctype html>"),
        ("too large", lambda site: site.policy(filler="x" * 70_000)),
        ("expired", lambda site: site.policy(expires="2020-01-01T00:00:00Z")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_policy_that_cannot_be_used_is_told_and_nothing_is_sent(
    person: Person, tab: Page, what: str, policy: own_sites.Answer
) -> None:
    with Site(own_sites.that(policy=policy)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for(POLICY)
        popup = _reason(person, tab, "invalid-policy")
        popup.wait_for("html[data-state=alone]")
        popup.close()
        tab.click("input")
        tab.goto(shop.url("/again"))
        (again,) = shop.wait_for("/again")
        assert again.all("emanciterms") == []
        assert shop.to(ENDPOINT) == []


def test_looking_finds_a_policy_that_was_not_announced(
    person: Person, tab: Page, plain: Site
) -> None:
    """Only the person's own click asks a site that announced nothing."""
    plain.forget()
    tab.goto(plain.url("/page/quiet"))
    popup = _reason(person, tab, "nothing-here")
    assert plain.to(POLICY) == []
    popup.click('[data-action="look"]')
    plain.wait_for(POLICY)
    popup.wait_for_text("It has none at the usual place.")


def test_a_touch_of_the_page_before_does_not_count(person: Person, tab: Page) -> None:
    """Not even on the same site, where the browser says that the person has been active."""
    with Site(own_sites.that(quiet="/quiet")) as shop:
        tab.goto(shop.url("/quiet"))
        tab.click("input")
        tab.click("a")
        shop.wait_for(POLICY)
        _reason(person, tab, "not-offered").close()
        assert shop.to(ENDPOINT) == []
