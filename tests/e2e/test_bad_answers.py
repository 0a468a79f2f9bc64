"""What a site may answer with in real browsers: each in its own sentence, and never sealed.

The host alone is shown more of it in `test_answers.py`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request as Asked
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from rbutton.terms import agreement
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import b64u
from tests import shops, sites
from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.kit_sites import Keep, KitSite
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered
from tests.visiting import records

POLICY = "/.well-known/emanciterms.json"
JOSE = "application/jose+json"


def _reason(person: Person, tab: Page, reason: str) -> Page:
    """The real popup on `tab`, once it shows `reason`."""
    popup = person.popup(tab)
    popup.wait_for(f"html[data-reason={reason}]")
    return popup


def _offer(person: Person, tab: Page, shop: Site) -> Page:
    """Open the site and press the button: the popup, with the terms on their way."""
    tab.goto(shop.url("/"))
    popup = _reason(person, tab, "not-offered")
    popup.click('[data-action="offer"]')
    return popup


def _kinds(person: Person, shop: Site) -> list[str]:
    """What the ledger has of that site, oldest first; its chain holds."""
    kept = records(person.places.data)
    return [record.kind for record in kept if record.origin == shop.origin]


# Answers that are none


def _refuses(status: int, code: str) -> own_sites.Answer:
    return lambda _, __: own_sites.told(sites.problem(status, code, "Our reasons."))


def _fails(status: int, **headers: str) -> own_sites.Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, __: PlainTextResponse("later", status, named)


def _signed(body: bytes) -> Response:
    return Response(body, media_type=JOSE)


def _twice(_: sites.Site, body: bytes) -> Response:
    """The person's own signature, two times."""
    members = json.loads(body)
    return _signed(sites.compact({**members, "signatures": members["signatures"] * 2}))


def _another(site: sites.Site, body: bytes) -> Response:
    """Another payload, and the site's good signature of it."""
    members = sites.payload_of(agreement.read(body)) | {"nonce": b64u(bytes(32))}
    payload = canonical(members)
    return _signed(sites.raw_jws(payload, sites.raw_signature(site.key, payload)))


def _misnamed(site: sites.Site, body: bytes) -> Response:
    """A counter with a clause changed under the id and the hash that the person knows."""
    offered = agreement.read(body)
    members = sites.payload_of(offered)
    (term,) = members["terms"]
    laxer = {**term, "clauses": term["clauses"] | {"share": "identified"}}
    payload = canonical(members | {"terms": [laxer], "answers": offered.id})
    return _signed(sites.raw_jws(payload, sites.raw_signature(site.key, payload)))


#: What the endpoint does, the reason that is shown, and what the person reads.
ANSWERS: dict[str, tuple[own_sites.Answer, str, str]] = {
    "409 of a proxy": (_fails(409), "waiting", "It answered with an error (409)."),
    "410": (_refuses(410, "expired"), "refused", "By the site's clock they came too late"),
    "422": (_refuses(422, "unknown-terms"), "refused", "could not take your terms"),
    "429": (
        _fails(429, Retry_After="3600"),
        "waiting",
        "It asked not to be asked again before",
    ),
    "503": (_fails(503), "waiting", "It answered with an error (503)."),
    "another payload": (_another, "waiting", "It signed other terms than those that were offered"),
    "the person's signature twice": (_twice, "waiting", "Its answer cannot be used"),
    "changed terms": (_misnamed, "waiting", "terms that are not what their name says"),
    "a megabyte": (
        lambda _, __: _signed(b" " * 1_000_000),
        "waiting",
        "Its answer was larger than 65,536 bytes.",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_none_is_told_and_nothing_is_agreed(
    person: Person, tab: Page, name: str
) -> None:
    answer, reason, told = ANSWERS[name]
    with Site(own_sites.that(answer=answer)) as shop:
        popup = _offer(person, tab, shop)
        popup.wait_for_text(told)
        popup.wait_for(f"html[data-state=potential][data-reason={reason}]")
        popup.close()
        # Nothing goes again by itself while this document stands.
        tab.click("input")
        _reason(person, tab, reason).close()
        assert len(shop.to(ENDPOINT)) == 1
        answered = "response" if reason == "waiting" else "refused"
        assert _kinds(person, shop)[-1] == answered


def test_an_endpoint_elsewhere_gets_nothing(person: Person, tab: Page, plain: Site) -> None:
    """A 307 would have the browser post the signed bytes to another site."""
    plain.forget()

    def redirects(_: sites.Site, __: bytes) -> Response:
        return RedirectResponse(plain.url(ENDPOINT), 307)

    with Site(own_sites.that(answer=redirects)) as shop:
        popup = _offer(person, tab, shop)
        popup.wait_for_text("It could not be reached.")
        popup.wait_for("html[data-state=potential][data-reason=waiting]")
        popup.close()
    assert plain.requests == []


@pytest.mark.parametrize("stored", [False, True], ids=["before", "after"])
def test_a_connection_dropped_before_or_after_the_site_stored_it(
    person: Person, tab: Page, tmp_path: Path, stored: bool
) -> None:
    """The same bytes go again, and both sides have one and the same agreement."""
    with KitSite(tmp_path) as shop:

        def drops(keep: Keep) -> Response:
            answer = keep() if stored else Response()
            shop.cut_off()
            return answer

        shop.way = drops
        popup = _offer(person, tab, shop)
        popup.wait_for_text("It could not be reached.")
        assert len(shop.shop.kept) == int(stored)
        shop.way = lambda keep: keep()
        popup.click('[data-action="again"]')
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        assert len({post.body for post in shop.to(ENDPOINT)}) == 1
        _both_have_one_agreement(person, shop)


def _both_have_one_agreement(person: Person, shop: KitSite) -> None:
    """The same one."""
    listed = [one for one in person.agreements() if one["origin"] == shop.origin]
    assert [one["id"] for one in listed if one["state"] == "active"] == shop.shop.kept
    assert len(shop.shop.kept) == 1


# A policy that changed


def test_after_a_409_the_policy_is_read_once_more_and_a_new_touch_offers_under_it(
    person: Person, tab: Page, tmp_path: Path
) -> None:
    """All in one document, which the site changed its policy under."""
    with KitSite(tmp_path) as shop:
        tab.goto(shop.url("/"))
        _reason(person, tab, "not-offered").close()
        shop.shop.policy = shops.policy(shop.origin, contact="mailto:new@shop.example")
        click_until_offered(tab, shop)
        shop.wait_for(POLICY, 2)
        popup = _reason(person, tab, "refused")
        popup.wait_for_text("Your terms are offered when you first click or type in its page.")
        popup.close()

        refused, taken = click_until_offered(tab, shop, count=2)
        _reason(person, tab, "signed").close()
        assert refused.body != taken.body
        assert len(shop.to(POLICY)) == len(shop.to(ENDPOINT)) == 2
        assert shop.shop.kept == [agreement.read(taken.body).id]
        _both_have_one_agreement(person, shop)


def test_a_site_that_always_says_409_is_offered_terms_twice_and_no_more(
    person: Person, tab: Page
) -> None:
    """Even where each policy it serves is a new one."""
    served = iter(range(100))

    def changing(site: sites.Site) -> bytes:
        return site.policy(number=next(served))

    with Site(own_sites.that(answer=_refuses(409, "conflict"), policy=changing)) as shop:
        tab.goto(shop.url("/"))
        click_until_offered(tab, shop, count=2)
        shop.wait_for(POLICY, 3)
        popup = _reason(person, tab, "refused")
        popup.wait_for_text("Offering them again may work.")
        popup.close()
        tab.click("input")
        tab.reload()
        tab.click("input")
        _reason(person, tab, "refused").close()
        assert len(shop.to(ENDPOINT)) == 2


def test_a_clock_that_is_off_is_told_by_how_much(person: Person, tab: Page, tmp_path: Path) -> None:
    """The site's is an hour ahead: by it the terms came too late."""
    with KitSite(tmp_path, ahead=timedelta(hours=1)) as shop:
        popup = _offer(person, tab, shop)
        popup.wait_for_text("Your computer's clock is about an hour behind the site's.")
        popup.wait_for("html[data-state=potential][data-reason=refused]")
        popup.close()
        assert shop.shop.kept == []


# Policies that are none


def _named(name: str) -> Callable[[sites.Site], bytes]:
    return lambda site: site.policy(controller={"name": name})


BIDI = "\u202epohS\u0007"
POLICIES: dict[str, tuple[Callable[[sites.Site], bytes], str]] = {
    "200 kB": (lambda site: site.policy(pad="x" * 200_000), "larger than 65,536 bytes"),
    "30,000 levels": (
        lambda _: b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        "deeper than 16",
    ),
    "a member twice": (lambda site: site.policy()[:-1] + b', "accepts": []}', "a member twice"),
    "a member of the wrong type": (lambda site: site.policy(negotiates="yes"), "negotiates is"),
    "a name with control and bidi characters": (_named(BIDI), "control, bidi"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_that_is_none_is_told_and_nothing_is_offered(
    person: Person, tab: Page, name: str
) -> None:
    """Nor is anything of it drawn."""
    policy, told = POLICIES[name]
    with Site(own_sites.that(policy=policy)) as shop:
        tab.goto(shop.url("/"))
        popup = _reason(person, tab, "invalid-policy")
        popup.wait_for_text(told)
        popup.wait_for("html[data-state=alone]")
        drawn = popup.run("return document.documentElement.outerHTML;")
        assert not any(mark in drawn for mark in BIDI if not mark.isalpha())
        popup.close()
        tab.click("input")
        assert tab.run("return (await fetch('/later')).status;") == 200
        (later,) = shop.wait_for("/later")
        assert later.all("emanciterms") == []
        assert shop.to(ENDPOINT) == []


def test_a_policy_elsewhere_is_not_read(person: Person, tab: Page, plain: Site) -> None:
    plain.forget()

    async def redirects(_: Asked) -> Response:
        return RedirectResponse(plain.url(POLICY), 307)

    with Site(own_sites.that(extra=[Route(POLICY, redirects)])) as shop:
        tab.goto(shop.url("/"))
        popup = _reason(person, tab, "invalid-policy")
        popup.wait_for_text("could not be fetched, or was a redirect")
        popup.close()
    assert plain.requests == []


def test_a_policy_served_as_a_page_is_one(person: Person, tab: Page) -> None:
    """The protocol asks for no media type: many static hosts serve what they like."""

    async def serve(asked: Asked) -> Response:
        origin = str(asked.base_url).rstrip("/")
        return Response(sites.Site(origin).policy(), media_type="text/html")

    with Site(own_sites.that(extra=[Route(POLICY, serve)])) as shop:
        tab.goto(shop.url("/"))
        _reason(person, tab, "not-offered").close()


# Silence


async def _says_nothing(asked: Asked) -> Response:
    await asked.body()
    while (await asked.receive())["type"] != "http.disconnect":
        pass
    return Response()


@pytest.fixture(scope="module", autouse=True)
def silent(person: Person) -> Iterator[dict[str, Page]]:
    """Sites whose policy or endpoint never answers, asked first: they wait while the rest runs."""
    with ExitStack() as stack:
        tabs = {}
        for path in (POLICY, ENDPOINT):
            methods = ["GET" if path == POLICY else "POST"]
            route = Route(path, _says_nothing, methods=methods)
            shop = stack.enter_context(Site(own_sites.that(extra=[route])))
            tabs[path] = tab = person.new_page()
            stack.callback(tab.close)
            tab.goto(shop.url("/"))
            shop.wait_for(POLICY)
            if path == ENDPOINT:
                popup = _reason(person, tab, "not-offered")
                popup.click('[data-action="offer"]')
                shop.wait_for(ENDPOINT)
                popup.close()
        yield tabs


@pytest.mark.parametrize(
    ("path", "state", "told"),
    [
        (POLICY, "alone", "policy did not come within 5 seconds"),
        (ENDPOINT, "potential", "No answer came within 5 seconds."),
    ],
    ids=["policy", "endpoint"],
)
def test_silence_ends_after_five_seconds_and_is_told(
    person: Person, silent: dict[str, Page], path: str, state: str, told: str
) -> None:
    silent[path].front()
    popup = person.popup(silent[path])
    popup.wait_for_text(told)
    popup.wait_for(f"html[data-state={state}]")
    popup.close()
