"""What sites could compare: two people at one site, one person at two sites."""

import json
import re
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.terms.encoding import from_b64u
from tests import sites
from tests.e2e import own_sites
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site
from tests.e2e.touching import ENDPOINT, click_until_offered

POLICY = "/.well-known/emanciterms.json"
PATHS = ("/first", POLICY, ENDPOINT, "/after")


def _negotiate(person: Person, shop: Site) -> dict[str, Request]:
    """One visit to its end; what was sent, by path."""
    shop.forget()
    page = person.new_page()
    page.goto(shop.url("/first"))
    shop.wait_for(POLICY)
    click_until_offered(page, shop)
    popup = person.popup(page)
    popup.wait_for("html[data-state=active]")
    popup.close()
    page.goto(shop.url("/after"))
    sent = {path: shop.wait_for(path)[0] for path in PATHS}
    page.close()
    return sent


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value in a JSON document, with where it stands."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(member, f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}[{place}]")
    else:
        yield path, json.dumps(value)


def _opened(body: bytes) -> dict[str, str]:
    """A posted proffer, its payload and protected header opened, as place → value."""
    members = json.loads(body)
    for signature in members["signatures"]:
        signature["protected"] = json.loads(from_b64u(signature["protected"]))
    members["payload"] = json.loads(from_b64u(members["payload"]))
    return dict(_leaves(members))


def test_two_people_with_the_same_terms_send_the_same_headers(new_person: NewPerson) -> None:
    """Byte for byte, names, values and order, on every request of a whole negotiation."""
    heads = []
    with Site(own_sites.that()) as shop:
        for name in ("ada", "ben"):
            person = new_person(name)
            person.start()
            sent = _negotiate(person, shop)
            person.stop()
            heads.append({path: request.head for path, request in sent.items()})
    assert heads[0] == heads[1]


def test_two_sites_see_nothing_in_common_but_the_terms(person: Person) -> None:
    """Headers differ by Host alone, for every browser of this kind; of the bodies only the fixed
    words, the terms and the time of day may be equal."""

    def create(name: str, seed: bytes) -> Any:
        key = Ed25519PrivateKey.from_private_bytes(seed * 32)
        return lambda origin: own_sites.create_app_of(sites.Site(origin, name, key))

    # Cookies know no ports: two host names, so that the two are two sites.
    with (
        Site(create("One Ltd", b"\1"), "127.0.0.1") as one,
        Site(create("Two Ltd", b"\2"), "localhost") as two,
    ):
        first, second = _negotiate(person, one), _negotiate(person, two)
    for path in PATHS:
        assert _without_place(first[path], one) == _without_place(second[path], two)

    mine, other = _opened(first[ENDPOINT].body), _opened(second[ENDPOINT].body)
    assert mine.keys() == other.keys()
    in_common = {place for place in mine if mine[place] == other[place]}
    may_be = re.compile(
        r"\.payload\.(emanciterms|type|terms\[0\].*|until|supersedes|answers|proffered|answer_by"
        r"|(person|site)\.jwk\.(kty|crv))|\.signatures\[0\]\.protected\.(alg|typ)"
    )
    assert {place for place in in_common if not may_be.fullmatch(place)} == set()
    values = {value for place, value in mine.items() if place not in in_common}
    assert values.isdisjoint(value for place, value in other.items() if place not in in_common)


def _without_place(request: Request, site: Site) -> bytes:
    return request.head.replace(site.origin.encode(), b"ORIGIN").replace(
        site.origin.partition("://")[2].encode(), b"HOST"
    )


def test_a_second_visit_asks_for_the_policy_like_the_first(person: Person) -> None:
    """One left out would tell the site that it was visited before, and a policy made for one
    visitor would come back in a later proffer."""
    made = iter(range(100))

    def marked(site: sites.Site) -> bytes:
        return site.policy(visitor=next(made))

    with Site(own_sites.that(policy=marked)) as shop:
        for visit in (1, 2):
            page = person.new_page()
            page.goto(shop.url("/first"))
            shop.wait_for(POLICY, visit)
            page.close()
