"""One negotiation in a real Chromium with the real host: seen, offered, signed, kept."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import own_sites
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.sites import Site as Signer

POLICY = "/.well-known/emanciterms.json"
ENDPOINT = "/.well-known/emanciterms"


@pytest.fixture
def shop() -> Iterator[Site]:
    """A ⊃ site nobody has visited yet, announced by header."""
    with Site(own_sites.that()) as site:
        yield site


@pytest.fixture
def page(person: Person) -> Iterator[Page]:
    page = person.context.new_page()
    yield page
    page.close()


def _reason(person: Person, page: Page, reason: str) -> Page:
    """The real popup on `page`, once it shows `reason`."""
    popup = person.popup(page)
    popup.locator(f"html[data-reason={reason}]").wait_for(state="attached")
    return popup


def test_seen_offered_when_touched_signed_and_kept(person: Person, page: Page, shop: Site) -> None:
    """The whole thread: both sides hold the same bytes at its end."""
    page.goto(shop.url("/first"))
    shop.wait_for(POLICY)
    _reason(person, page, "not-offered").close()
    assert shop.to(ENDPOINT) == []

    page.get_by_role("textbox").click()
    (post,) = shop.wait_for(ENDPOINT)
    popup = _reason(person, page, "signed")
    expect(popup.locator("html")).to_have_attribute("data-state", "active")
    popup.close()

    (kept,) = [one for one in person.agreements() if one["origin"] == shop.origin]
    assert kept["state"] == "active"
    assert kept["terms"] == ["SD-BASE-DP"]
    assert kept["jws"] == json.loads(Signer(origin=shop.origin).countersign(post.body))


def test_typing_counts_as_touching(person: Person, page: Page, shop: Site) -> None:
    page.goto(shop.url("/"))
    _reason(person, page, "not-offered").close()
    page.bring_to_front()
    page.keyboard.press("a")
    shop.wait_for(ENDPOINT)


def test_what_a_page_does_by_itself_is_no_touch(person: Person, page: Page, shop: Site) -> None:
    """Scripted clicks and keys, in the very page that waits for a real one."""
    page.goto(shop.url("/"))
    _reason(person, page, "not-offered").close()
    page.bring_to_front()
    page.evaluate(
        """() => { for (const kind of ["pointerdown", "mousedown", "click", "keydown"])
             document.dispatchEvent(new Event(kind, {bubbles: true}));
           document.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
           document.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}));
           document.querySelector("input").click(); }"""
    )
    _reason(person, page, "not-offered").close()
    assert shop.to(ENDPOINT) == []


def test_a_link_element_announces_as_well(person: Person, page: Page) -> None:
    with Site(own_sites.that(by_header=False)) as shop:
        page.goto(shop.url("/"))
        shop.wait_for(POLICY)
        page.get_by_role("textbox").click()
        shop.wait_for(ENDPOINT)
        _reason(person, page, "signed").close()


def test_the_header_goes_to_that_origin_in_that_tab_and_no_further(
    person: Person, page: Page, shop: Site, plain: Site
) -> None:
    """Not with the first request, not from a frame elsewhere, not after leaving."""
    page.goto(shop.url("/first"))
    _reason(person, page, "not-offered").close()
    page.goto(shop.url("/second"))
    page.evaluate(f"() => fetch('{plain.url('/page/elsewhere')}', {{mode: 'no-cors'}})")
    (first,), (second,) = shop.wait_for("/first"), shop.wait_for("/second")
    (elsewhere,) = plain.wait_for("/page/elsewhere")
    assert first.all("emanciterms") == []
    assert second.all("emanciterms") == ['v=1, proffer=("SD-BASE-DP")']
    assert elsewhere.all("emanciterms") == []

    page.goto(plain.url("/"))
    popup = _reason(person, page, "nothing-here")
    popup.close()
    page.goto(plain.url("/page/framing") + f"?frame={shop.url('/framed')}")
    (framed,) = shop.wait_for("/framed")
    assert framed.all("emanciterms") == []
    other = person.context.new_page()
    other.goto(shop.url("/other-tab"))
    (fresh,) = shop.wait_for("/other-tab")
    assert fresh.all("emanciterms") == []
    other.close()


def test_a_framed_site_is_not_asked(person: Person, page: Page, plain: Site) -> None:
    """Only top-level documents announce, by header or by element."""
    with Site(own_sites.that()) as framed, Site(own_sites.that(by_header=False)) as linked:
        page.goto(plain.url("/page/one") + f"?frame={framed.url('/in-frame')}")
        page.frame_locator("iframe").get_by_role("textbox").click()
        page.goto(plain.url("/page/two") + f"?frame={linked.url('/in-frame')}")
        page.frame_locator("iframe").get_by_role("textbox").click()
        _reason(person, page, "nothing-here").close()
        for site in (framed, linked):
            assert {one.path for one in site.requests} <= {"/in-frame", "/favicon.ico"}


def test_the_agents_own_requests_carry_nothing_of_the_browser(
    person: Person, page: Page, shop: Site
) -> None:
    """No Origin, cookie, referrer or validator, though the site tried to plant each."""
    page.goto(shop.url("/first"))
    shop.wait_for(POLICY)
    page.get_by_role("textbox").click()
    shop.wait_for(ENDPOINT)
    _reason(person, page, "signed").close()
    page.goto(shop.url("/again"))
    (again,) = shop.wait_for("/again")
    assert again.all("cookie") == ["known=42"]

    (policy,), (post,) = shop.to(POLICY), shop.to(ENDPOINT)
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
    options.locator('[data-key="negotiate.click"]:checked').wait_for()

    page = person.context.new_page()
    for path in ("/first", "/second"):
        page.goto(shop.url(path))
        page.get_by_role("textbox").click()
        popup = _reason(person, page, "announced")
        expect(popup.locator("html")).to_have_attribute("data-state", "potential")
    assert {request.path for request in shop.requests} <= {"/first", "/second", "/favicon.ico"}
    assert not any(request.all("emanciterms") for request in shop.requests)

    popup.locator('[data-action="offer"]').click()
    popup.locator("html[data-state=active]").wait_for(state="attached")
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
    page = person.context.new_page()
    page.goto(shop.url("/"))
    _reason(person, page, "not-offered").close()
    page.get_by_role("textbox").click()
    shop.wait_for(ENDPOINT)
    _reason(person, page, "signed").close()
    before = person.agreements()

    person.stop()
    person.start()
    page = person.context.new_page()
    page.goto(shop.url("/"))
    page.get_by_role("textbox").click()
    popup = _reason(person, page, "signed")
    popup.locator('[data-action="agreement"]').click()
    expect(popup.get_by_text(before[0]["id"])).to_be_attached()
    assert len(shop.to(ENDPOINT)) == 1
    assert person.agreements() == before


def test_a_decline_is_told_in_the_sites_words_as_text(person: Person, page: Page) -> None:
    with Site(own_sites.that(answer=own_sites.declines)) as shop:
        page.goto(shop.url("/"))
        shop.wait_for(POLICY)
        page.get_by_role("textbox").click()
        popup = _reason(person, page, "declined")
        expect(popup.locator("html")).to_have_attribute("data-state", "potential")
        expect(popup.get_by_text("We only sign on <b>Tuesdays</b>.")).to_be_visible()
        popup.close()
        page.reload()
        page.get_by_role("textbox").click()
        _reason(person, page, "declined").close()
        assert len(shop.to(ENDPOINT)) == 1


def test_no_answer_waits_and_the_same_bytes_go_again(person: Person, page: Page) -> None:
    with Site(own_sites.that(answer=own_sites.is_down)) as shop:
        page.goto(shop.url("/"))
        shop.wait_for(POLICY)
        page.get_by_role("textbox").click()
        shop.wait_for(ENDPOINT)
        popup = _reason(person, page, "waiting")
        popup.locator('[data-action="again"]').click()
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
    person: Person, page: Page, what: str, policy: own_sites.Answer
) -> None:
    with Site(own_sites.that(policy=policy)) as shop:
        page.goto(shop.url("/"))
        shop.wait_for(POLICY)
        popup = _reason(person, page, "invalid-policy")
        expect(popup.locator("html")).to_have_attribute("data-state", "alone")
        popup.close()
        page.get_by_role("textbox").click()
        page.goto(shop.url("/again"))
        (again,) = shop.wait_for("/again")
        assert again.all("emanciterms") == []
        assert shop.to(ENDPOINT) == []


def test_looking_finds_a_policy_that_was_not_announced(
    person: Person, page: Page, plain: Site
) -> None:
    """Only the person's own click asks a site that announced nothing."""
    plain.forget()
    page.goto(plain.url("/page/quiet"))
    popup = _reason(person, page, "nothing-here")
    assert plain.to(POLICY) == []
    popup.locator('[data-action="look"]').click()
    plain.wait_for(POLICY)
    expect(popup.get_by_text("It has none at the usual place.")).to_be_visible()
