"""Who is there: the header, from every kind of request, written by anybody."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http.request import HttpHeaders
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from rbutton.site.recognition import Visitor
from rbutton.site.site import Site
from rbutton.site.store import Store
from rbutton.terms import header, notice
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey
from rbutton.terms.roster import check_id
from tests.shops import NOW, SITE_KEY, Shop, policy, proffer


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "store.sqlite3")


def site_of(shop: Shop) -> Site:
    return Site(shop.policy, shop.store, clock=lambda: shop.now)


def asgi(*lines: str) -> dict[str, Any]:
    headers = [(b"emanciterms", line.encode("latin-1")) for line in lines]
    return {"type": "http", "method": "GET", "path": "/", "headers": headers}


def wsgi(*lines: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "HTTP_EMANCITERMS": ", ".join(lines)}


def django(*lines: str) -> Any:
    """Django's own headers; a whole request of its needs a project, as tests/test_site_docs has."""
    return SimpleNamespace(headers=HttpHeaders(wsgi(*lines)))


def starlette(*lines: str) -> Request:
    return Request(asgi(*lines))


KINDS = {"asgi": asgi, "wsgi": wsgi, "starlette": starlette, "django": django}


def saying(agreement_id: str) -> str:
    import base64

    data = base64.b64encode(from_b64u(agreement_id)).decode()
    return f'v=1, proffer=("SD-BASE-DP"), agreement=:{data}:'


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_offered_is_told(shop: Shop, kind: Any) -> None:
    """As the button writes it, also over two lines."""
    ids = ["no-stalking", "SD-BASE-DP"]
    expected = Visitor(("SD-BASE-DP", "no-stalking"))
    assert site_of(shop).recognise(kind(header.emanciterms(ids))) == expected
    two = kind("v=1", 'proffer=("SD-BASE-DP" "no-stalking")')
    assert site_of(shop).recognise(two) == expected


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_agreement_in_force_is_found(shop: Shop, kind: Any) -> None:
    offered = proffer(shop.policy)
    shop.post(offered.body)
    visitor = site_of(shop).recognise(kind(saying(offered.id)))
    assert visitor.kept is not None
    assert visitor.kept.id == offered.id
    assert visitor.agreement is not None
    assert visitor.agreement.agreement.terms == offered.signed.agreement.terms


def test_what_is_not_in_force_is_not(shop: Shop) -> None:
    """Unknown, declined, withdrawn, replaced, at its end; the proffer still counts."""
    declined, ended = proffer(shop.policy, "SD-BASE"), proffer(shop.policy)
    replaced, timed = proffer(shop.policy), proffer(shop.policy)
    for body in (declined.body, ended.body, replaced.body):
        shop.post(body)
    shop.post(notice.withdraw(ended.id, ended.key, NOW).body)
    shop.post(proffer(shop.policy).resigned(supersedes=replaced.id))
    shop.post(timed.resigned(until=time_text(NOW + timedelta(days=1))))
    shop.now = NOW + timedelta(days=1)
    ids = [kept.id for kept in shop.store.agreements() if kept.until]
    for unknown in (proffer(shop.policy).id, declined.id, ended.id, replaced.id, *ids):
        assert site_of(shop).recognise(asgi(saying(unknown))) == Visitor(("SD-BASE-DP",))


def test_a_former_key_still_counts_and_a_stolen_one_does_not(shop: Shop) -> None:
    offered = proffer(shop.policy)
    shop.post(offered.body)
    shop.policy = policy(key=Ed25519PrivateKey.generate(), former_keys=[PublicKey.of(SITE_KEY)])
    assert site_of(shop).recognise(asgi(saying(offered.id))).kept
    shop.policy = policy(key=Ed25519PrivateKey.generate())
    assert not site_of(shop).recognise(asgi(saying(offered.id))).kept


SAYS_NOTHING = [
    "",
    'v=2, proffer=("a")',
    "v=?1",
    "v=1.0",
    'proffer=("a")',
    'v=1, proffer="a"',
    "v=1, proffer=(a)",
    'v=1, proffer=(%"a")',
    'v=1, proffer=("a b")',
    'v=1, proffer=("' + "x" * 65 + '")',
    "v=1, proffer=(" + '"a" ' * 65 + ")",
    "v=1, agreement=:AAAA:",
    'v=1, agreement="AAAA"',
    'v=1, x="' + "y" * 5_000 + '"',
    "v=1, d=@99999999999999",
    "v=1, \u00e9",
    "((((((((((",
]


@pytest.mark.parametrize("line", SAYS_NOTHING, ids=lambda line: quote(line[:30]))
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_cannot_be_read_says_nothing(shop: Shop, kind: Any, line: str) -> None:
    assert site_of(shop).recognise(kind(line)) == Visitor()


def test_a_request_without_it_says_nothing(shop: Shop) -> None:
    bare = {"REQUEST_METHOD": "GET"}
    for request in (asgi(), starlette(), bare, SimpleNamespace(headers=HttpHeaders(bare))):
        assert site_of(shop).recognise(request) == Visitor()


@given(st.text(max_size=200) | st.text('v=1,()":;@?%\\ -a', max_size=60))
def test_anything_is_read_or_refused(line: str) -> None:
    try:
        said = header.read([line])
    except InvalidDocument:
        return
    assert all(check_id(one) for one in said.proffer)


@given(st.lists(st.from_regex(r"[A-Za-z0-9.-]{1,64}", fullmatch=True), max_size=20, unique=True))
def test_what_is_written_is_read(ids: list[str]) -> None:
    assert sorted(header.read([header.emanciterms(ids)]).proffer) == sorted(ids)


def test_a_store_is_asked_only_where_somebody_is_named(shop: Shop) -> None:
    class Untouched(Store):
        def known(self, *_: Any) -> None:
            raise AssertionError

    shop.store = Untouched(f"sqlite:///{shop.path}")
    assert site_of(shop).recognise(asgi(header.emanciterms(["SD-BASE"])))
