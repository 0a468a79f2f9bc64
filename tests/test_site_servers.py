"""The lines of docs/for-sites.md in nginx, Apache and Caddy, in front of a real endpoint."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rbutton.site import folder, lines
from rbutton.site.check.looking import look
from rbutton.terms import agreement
from rbutton.terms.documents import MAX_BYTES
from tests import site_process, web_servers
from tests.commands import rbutton
from tests.coroutines import run_apart
from tests.shops import JOSE, PROBLEM, proffer
from tests.test_site_http import ENDPOINT, LINK, POLICY, Server

PAGE = b"<!doctype html><title>Shop</title><h1>Hello</h1>"
#: What one visitor may post, of which no more comes back while a test runs.
BURST = 30
#: Where a web server of the owner's is, too.
ELSEWHERE = "127.0.9.1"


@dataclass(frozen=True)
class Sites:
    """Two sites of one owner, which any web server may stand in front of.

    Attributes:
        signing: the folder of one that `rbutton site serve` runs for.
        signing_port: of the web server.
        behind: where `rbutton site serve` listens.
        static: the folder of one that only has files.
        static_port: of the web server.
    """

    signing: Path
    signing_port: int
    behind: Server
    static: Path
    static_port: int


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    signing, static = (tmp_path_factory.mktemp(name) / "site" for name in ("signing", "static"))
    ports = []
    for where, *more in ((signing,), (static, "--static")):
        ports.append(web_servers.free_port())
        origin = f"http://127.0.0.1:{ports[-1]}"
        done = rbutton(None, "site", "init", where, "--origin", origin, "--name", "Shop", *more)
        assert done.returncode == 0, done.stderr
    with (signing / folder.FILE).open("a") as file:
        file.write(f"[rate]\nburst = {BURST}\nper_minute = 1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDED_ALLOW_IPS", f"127.0.0.1,{ELSEWHERE}")
        with site_process.serving(signing) as (behind, _):
            yield Sites(signing, ports[0], behind, static, ports[1])


@dataclass(frozen=True)
class Front:
    """A web server in front of both.

    Attributes:
        number: of the server, for addresses that only its tests come from.
    """

    sites: Sites
    number: int

    def signing(self, visitor: int = 0) -> Server:
        """The site that signs, as somebody reaches it who comes from an address of their own."""
        source = f"127.0.{self.number}.{visitor}" if visitor else None
        return Server(("127.0.0.1", self.sites.signing_port), source)

    @property
    def static(self) -> Server:
        return Server(("127.0.0.1", self.sites.static_port))


@pytest.fixture(scope="module", params=list(web_servers.SERVERS))
def front(request: pytest.FixtureRequest, sites: Sites) -> Iterator[Front]:
    proxied = _of(request.param, lines.PROXIED).replace(
        f"{lines.HOST}:{lines.PORT}", "{}:{}".format(*sites.behind.address)
    )
    pages = {"index.html": PAGE}
    upload = {POLICY.lstrip("/"): (sites.static / "emanciterms.json").read_bytes()}
    with web_servers.running(
        request.param,
        web_servers.Site(sites.signing_port, pages, proxied),
        web_servers.Site(sites.static_port, pages | upload, _of(request.param, lines.STATIC)),
    ):
        yield Front(sites, list(web_servers.SERVERS).index(request.param) + 1)


def _of(server: str, shown: dict[str, str]) -> str:
    """The lines that `rbutton site init` shows for that server."""
    return next(text for title, text in shown.items() if title.startswith(server))


@pytest.mark.parametrize(
    ("site", "sees"), [("signing", "⊃ lit: the site takes terms"), ("static", "⊃ with a seal")]
)
def test_a_visitors_button_sees_it(front: Front, site: str, sees: str) -> None:
    server = front.static if site == "static" else front.signing()
    looked = run_apart(look(server.origin))
    assert {one.severity for one in looked.findings} == {"ok"}
    assert sees in looked.sees


def test_pages_announce(front: Front) -> None:
    for server in (front.signing(), front.static):
        for path in ("/", "/else"):
            status, headers, body = server.ask("GET", path)
            assert (status, body, headers["link"]) == (200, PAGE, LINK)
            assert headers["content-type"].startswith("text/html")


def test_the_policy_is_served_as_it_is(front: Front) -> None:
    status, headers, body = front.signing().ask("GET", POLICY)
    assert (status, body) == (200, folder.policy(front.sites.signing).body)
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-cache")
    status, headers, body = front.static.ask("GET", POLICY)
    assert (status, body) == (200, folder.policy(front.sites.static).body)
    assert headers["content-type"] == "application/json"


def test_an_exchange_goes_through_whole(front: Front) -> None:
    site = folder.site(front.sites.signing)
    server = front.signing()
    now = datetime.now(UTC)
    offered = proffer(site.policy, now=now)
    status, headers, body = server.post(offered.body)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, JOSE, "no-store")
    sealed = agreement.read(body)
    assert (sealed.sealed, sealed.id) == (True, offered.id)
    assert server.post(offered.body)[2] == body
    assert [one.body for one in site.store.agreements() if one.id == offered.id] == [body]
    site.store.close()
    status, headers, body = server.post(proffer(site.policy, "mine-as-well", now=now).body)
    assert (status, headers["content-type"]) == (403, PROBLEM)
    assert json.loads(body)["code"] == "declined"


def post_much(server: Server, *forwarded: str) -> list[int]:
    """The statuses of twice as many posts as one visitor may make, for these addresses in turn."""
    each = itertools.cycle(forwarded)
    return [
        server.ask("POST", ENDPOINT, b"{}", Content_Type=JOSE, X_Forwarded_For=next(each))[0]
        for _ in range(2 * BURST)
    ]


MUCH = [400] * BURST + [429] * BURST


def test_a_visitor_counts_for_themselves_and_can_be_no_other(front: Front) -> None:
    forged = ("127.9.9.9", "127.9.9.8, 127.0.0.1", "")
    assert post_much(front.signing(visitor=1), *forged) == MUCH
    status, headers, body = front.signing(visitor=1).post(b"{}")
    assert (status, json.loads(body)["code"]) == (429, "slow-down")
    assert int(headers["retry-after"]) > 0
    assert front.signing(visitor=2).post(b"{}")[0] == 400


def test_a_web_server_elsewhere_is_believed_where_it_is_named(sites: Sites) -> None:
    named, stranger = (Server(sites.behind.address, one) for one in (ELSEWHERE, "127.0.8.9"))
    assert post_much(named, "192.0.2.1") == MUCH
    assert named.ask("POST", ENDPOINT, b"{}", X_Forwarded_For="192.0.2.2")[0] == 415
    assert post_much(stranger, *(f"192.0.2.{number}" for number in range(3, 99))) == MUCH


def test_a_body_too_large_is_refused_as_such(front: Front) -> None:
    status, headers, body = front.signing().post(b" " * (MAX_BYTES + 1))
    assert (status, headers["content-type"]) == (413, PROBLEM)
    assert json.loads(body)["code"] == "too-large"
