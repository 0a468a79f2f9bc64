"""The demo shop: what it shows, and that it shows it as text."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.site import key_file, shop
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.terms import policy
from tests.shops import Proffer, proffer
from tests.test_site_http import POLICY, Server, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(lambda origin: shop.create_app(origin, folder)) as running:
        yield running


class Page(HTMLParser):
    """Elements, attributes, and the text in each element that has an id."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def offer(server: Server, folder: Path, *ids: str) -> Proffer:
    """Offer the shop terms, under its policy as it serves it."""
    site = SitePolicy.of(
        origin=server.origin,
        name=shop.NAME,
        key=key_file.load(folder / shop.KEY),
        accepts=catalogue().documents,
    )
    offered = proffer(site, *ids, now=datetime.now(UTC))
    assert server.post(offered.body)[0] == 200
    return offered


def test_its_policy_accepts_every_shipped_document(server: Server) -> None:
    status, _, body = server.ask("GET", POLICY)
    assert status == 200
    read = policy.read(body, server.origin, catalogue().vocabulary, datetime.now(UTC))
    assert read.accepts_all(list(catalogue().documents))
    assert read.name == "Example Shop"
    assert read.document.negotiates
    assert len(read.keys) == 1


def test_it_shows_the_agreements_it_holds(server: Server, folder: Path) -> None:
    assert "Nothing signed yet" in Page(server.ask("GET", "/")[2]).text
    offered = offer(server, folder, "no-stalking", "mine-as-well")
    for path in ("/", "/record"):
        text = Page(server.ask("GET", path)[2]).text
        assert "1 agreement in force" in text
        assert offered.id[:10] in text
        for term in ("no-stalking", "mine-as-well"):
            assert catalogue().documents[term].title in text
    (kept,) = Store(f"sqlite:///{folder / shop.STORE}").agreements()
    assert (kept.id, kept.state) == (offered.id, "sealed")


def test_it_shows_the_headers_as_received(server: Server) -> None:
    terms = 'v=1, proffer=("SD-BASE-DP")'
    for path in ("/", "/record"):
        sent = Page(server.ask("GET", path, DNT="1", Sec_GPC="1", EmanciTerms=terms)[2]).text
        assert sent.count("\n1\n") == 2
        assert terms in sent
        assert "not sent" not in sent
        assert Page(server.ask("GET", path)[2]).text.count("not sent") == 3


def test_hostile_headers_stay_text(server: Server) -> None:
    hostile = "</code><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"
    for path in ("/", "/record"):
        plain = Page(server.ask("GET", path)[2])
        page = Page(server.ask("GET", path, EmanciTerms=hostile, DNT=hostile)[2])
        assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"code"}
        assert page.text.count("<script>alert(1)</script>") == 2
        long = server.ask("GET", path, DNT="x" * 50_000)[2]
        assert b"x" * 301 not in long


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(server: Server) -> None:
    """What the policy forbids the page does not try; every file it names is there."""
    status, headers, body = server.ask("GET", "/")
    assert status == 200
    rules = dict(
        rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & set(
        " ".join(rules.values()).split()
    )
    assert headers["link"] == '</.well-known/emanciterms.json>; rel="emanciterms"'
    assert "set-cookie" not in headers
    page = Page(body)
    for tag, attributes in page.tags:
        assert tag != "style"
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
        named = attributes.get("src") or attributes.get("href")
        if tag == "script":
            assert named
        if named and not named.startswith("#"):
            assert named.startswith("/")
            found, got, _ = server.ask("GET", named)
            assert found == 200, named
            assert named.startswith("/.well-known/") or "content-security-policy" in got
    assert "alt" in next(attributes for tag, attributes in page.tags if tag == "img")


def test_key_and_records_are_its_own(server: Server, folder: Path) -> None:
    offer(server, folder)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    assert modes == {shop.KEY: 0o600, shop.STORE: 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
