"""`rbutton site check`: what it says of sites that are right, wrong, and hostile."""

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbutton.site.asgi import EmanciTerms
from rbutton.site.check import announcing, fetching
from rbutton.site.check.looking import Looked, NoAddress, look
from rbutton.site.policy import PromiseOf
from rbutton.site.site import Site
from rbutton.site.store import Store
from rbutton.terms.policy import ENDPOINT_PATH, POLICY_PATH
from tests import shops
from tests.commands import rbutton
from tests.coroutines import run_apart
from tests.e2e import authority
from tests.processes import PATIENCE
from tests.test_site_http import _plain_site, serving

YEAR = timedelta(days=365)
LINK = f'Link: <{POLICY_PATH}>; rel="emanciterms"\r\n'
MALFORMED = b'{"type": "about:blank", "status": 400, "code": "malformed"}'

Answer = Callable[["Hostile"], bytes]


def http(status: int, body: bytes = b"", *headers: str, kind: str = "text/html") -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Hostile:
    """A server that sends any bytes.

    Args:
        answers: "METHOD path" → what is sent; a function is given the socket.
    """

    def __init__(self, door: socket.socket, scheme: str, host: str) -> None:
        self.origin = f"{scheme}://{host}:{door.getsockname()[1]}"
        self.answers: dict[str, Any] = {}
        self.asked: list[bytes] = []
        self._door = door

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._door.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = connection.recv(65_536)
                    if not part:
                        return
                    head += part
                self.asked.append(head)
                method, path, _ = head.decode("latin-1").split(" ", 2)
                answer = self.answers.get(f"{method} {path}", http(404))
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)
            except OSError:
                return


@contextmanager
def hostile(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Hostile]:
    """A server that is right in all, until a test changes that."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        door = context.wrap_socket(plain, server_side=True) if context else plain
        server = Hostile(door, "https" if context else "http", host)
        made = shops.policy(server.origin, promises=PromiseOf(("do-not-track",), _now() + YEAR))
        server.answers = {
            "GET /": http(200, b"<p>", LINK.strip()),
            f"GET {POLICY_PATH}": http(200, made.body, kind="application/json"),
            f"POST {ENDPOINT_PATH}": http(400, MALFORMED, kind="application/problem+json"),
        }
        threading.Thread(target=server.serve, daemon=True).start()
        yield server
        if context:
            door.close()


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile() as one:
        yield one


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def looked(url: str) -> Looked:
    return run_apart(look(url))


def codes(url: str, severity: str = "problem") -> list[str]:
    return [one.code for one in looked(url).findings if one.severity == severity]


def serve_policy(server: Hostile, **changes: Any) -> None:
    members = json.loads(shops.policy(server.origin).body) | changes
    body = json.dumps({name: value for name, value in members.items() if value is not None})
    answer = http(200, body.encode(), kind="application/json")
    server.answers[f"GET {POLICY_PATH}"] = answer


def test_the_kits_own_endpoint_is_right(tmp_path: Path) -> None:
    """By the command, over a socket; nothing is signed."""
    store = Store(f"sqlite:///{tmp_path}/store.sqlite3")
    with serving(lambda origin: EmanciTerms(_plain_site, Site(shops.policy(origin), store))) as one:
        done = rbutton(None, "site", "check", one.origin)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "⊃ lit: the site takes terms, and can sign" in done.stdout
        assert "✗" not in done.stdout
        typed = f"{one.origin.removeprefix('http://')}/"
        listed = rbutton(None, "site", "check", typed, "--json").stdout
    found = {row["code"]: row["severity"] for row in map(json.loads, listed.splitlines())}
    assert found == {"announced": "ok", "policy": "ok", "endpoint": "ok"}
    assert not store.agreements()


def test_one_that_is_right_has_nothing_wrong(server: Hostile) -> None:
    found = looked(server.origin)
    assert [one.severity for one in found.findings] == ["ok"] * 4
    assert "promised to everyone" in found.sees


def test_its_requests_are_as_a_buttons(server: Hostile) -> None:
    """No cookie, no referrer, no `Origin`, nothing compressed; a post that nobody signed."""
    server.answers["GET /"] = http(200, b"", LINK.strip(), "Set-Cookie: a=b")
    looked(server.origin)
    assert len(server.asked) == 3
    for head in server.asked:
        lower = head.lower()
        assert not any(name in lower for name in (b"cookie:", b"referer:", b"origin:"))
        assert b"accept-encoding: identity" in lower
    assert (
        server.asked[2].endswith(b"\r\n\r\n{}") or b"content-length: 2" in server.asked[2].lower()
    )


def test_a_static_promise_is_seen_as_one(server: Hostile) -> None:
    made = shops.policy(
        server.origin, negotiates=False, promises=PromiseOf(("do-not-track",), _now() + YEAR)
    )
    server.answers[f"GET {POLICY_PATH}"] = http(200, made.body, kind="application/json")
    found = looked(server.origin)
    assert "with a seal" in found.sees
    assert {one.code for one in found.findings} == {"announced", "policy", "promise"}


PAGE = {
    "not announced": (http(200, b"<p>"), "not-announced"),
    "announced for another": (
        http(200, b"", 'Link: </x>; rel="emanciterms"; anchor="/y"'),
        "not-announced",
    ),
    "elsewhere": (http(302, b"", "Location: https://www.shop.example/"), "page-elsewhere"),
    "to a scheme that is none": (http(302, b"", "Location: gopher://x"), "page-elsewhere"),
    "to what is no address": (http(302, b"", "Location: http://["), "page-elsewhere"),
    "for ever": (http(302, b"", "Location: /"), "page-redirects"),
    "garbled": (b"zebra\r\n\r\n", "page-garbled"),
    "packed": (http(200, gzip.compress(b"x"), "Content-Encoding: gzip"), "page-garbled"),
    "huge": (http(200, b"x" * 1_100_000), "not-announced"),
    "wrong clock": (
        http(200, b"", LINK.strip(), "Date: Sun, 22 Nov 2015 10:00:00 GMT"),
        "clock",
    ),
}


@pytest.mark.parametrize(("answer", "code"), PAGE.values(), ids=PAGE)
def test_what_is_wrong_with_the_page(server: Hostile, answer: bytes, code: str) -> None:
    server.answers["GET /"] = answer
    assert codes(server.origin) == [code]


@pytest.mark.parametrize("how", ["header", "element"])
def test_a_huge_page_announces_all_the_same(server: Hostile, how: str) -> None:
    """A button reads the element as soon as it is there, whatever comes after it."""
    filler = b"x" * 1_100_000
    element = b'<link rel="emanciterms" href="/.well-known/emanciterms.json">'
    server.answers["GET /"] = (
        http(200, filler, LINK.strip()) if how == "header" else http(200, element + filler)
    )
    assert "announced" in [one.code for one in looked(server.origin).findings]
    assert codes(server.origin) == []


def test_a_redirect_of_its_own_is_followed(server: Hostile) -> None:
    server.answers["GET /shop"] = server.answers["GET /"]
    server.answers["GET /"] = http(301, b"", "Location: /shop")
    assert not codes(server.origin)


POLICY: dict[str, tuple[bytes, str]] = {
    "none": (http(404), "policy-missing"),
    "hidden": (http(403), "policy-missing"),
    "a proxy alone": (http(502), "policy-down"),
    "redirected": (http(301, b"", f"Location: {POLICY_PATH}/"), "policy-redirects"),
    "too large": (http(200, b" " * 65_537, kind="application/json"), "policy-too-large"),
    "no JSON": (http(200, b"<p>", kind="application/json"), "policy-invalid"),
    "deep": (http(200, b"[" * 60_000, kind="application/json"), "policy-invalid"),
}


@pytest.mark.parametrize(("answer", "code"), POLICY.values(), ids=POLICY)
def test_what_is_wrong_with_the_policy(server: Hostile, answer: bytes, code: str) -> None:
    server.answers[f"GET {POLICY_PATH}"] = answer
    assert codes(server.origin) == [code]


PAST = "2020-01-01T00:00:00Z"
SOON = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
MEMBERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "another origin": ({"origin": "https://shop.example"}, "problem", "policy-invalid"),
    "no name": ({"controller": {}}, "problem", "policy-invalid"),
    "expired": ({"expires": PAST}, "problem", "policy-invalid"),
    "expires soon": ({"expires": SOON}, "warning", "policy-ends"),
    "no keys": ({"keys": []}, "problem", "no-key"),
    "keys of another kind": ({"keys": [{"kty": "RSA"}]}, "problem", "no-key"),
    "unknown terms": ({"accepts": ["\u001b[31mzebra"]}, "warning", "accepts-unknown"),
    "nothing": ({"accepts": []}, "warning", "accepts-nothing"),
    "unknown limits": ({"limits": {"zebra": "never"}}, "warning", "limits-unknown"),
    "a promise that is none": ({"promise": {"payload": ""}}, "problem", "promise-invalid"),
}


@pytest.mark.parametrize(("changes", "severity", "code"), MEMBERS.values(), ids=MEMBERS)
def test_what_is_wrong_in_the_policy(
    server: Hostile, changes: dict[str, Any], severity: str, code: str
) -> None:
    """And nothing that a stranger wrote reaches the terminal as it is."""
    serve_policy(server, **changes)
    found = looked(server.origin)
    assert code in [one.code for one in found.findings if one.severity == severity]
    assert not any("\x1b" in one.told() for one in found.findings)


def test_behind_a_proxy_without_the_kit_it_asks_whether_that_runs(server: Hostile) -> None:
    server.answers[f"GET {POLICY_PATH}"] = http(502)
    (found,) = [one for one in looked(server.origin).findings if one.severity == "problem"]
    assert "Is `rbutton site serve` running" in (found.fix or "")
    assert "pload" not in found.told()


def test_of_a_policy_for_another_origin_both_are_named(server: Hostile) -> None:
    serve_policy(server, origin="https://www.shop.example")
    (found,) = [one for one in looked(server.origin).findings if one.severity == "problem"]
    assert "https://www.shop.example" in found.message
    assert server.origin in found.message


def test_a_promise_that_ended_or_is_anothers(server: Hostile) -> None:
    for promises in (
        PromiseOf(("do-not-track",), _now() - timedelta(days=1)).signed(
            server.origin, shops.SITE_KEY
        ),
        PromiseOf(("do-not-track",), _now() + YEAR).signed(shops.ORIGIN, shops.SITE_KEY),
    ):
        serve_policy(server, promise=promises)
        assert codes(server.origin) == ["promise-invalid"]
        (found,) = [one for one in looked(server.origin).findings if one.severity == "problem"]
        assert ("Put a later `until` into site.toml" in found.told()) == ("ended" in found.message)
    ending = PromiseOf(("do-not-track",), _now() + timedelta(days=2))
    serve_policy(server, promise=ending.signed(server.origin, shops.SITE_KEY))
    assert codes(server.origin, "warning") == ["promise-ends"]


def test_how_the_policy_is_served_is_told(server: Hostile) -> None:
    body = shops.policy(server.origin).body
    server.answers[f"GET {POLICY_PATH}"] = http(200, body, "Set-Cookie: a=b", kind="text/plain")
    assert codes(server.origin, "warning") == ["policy-type", "policy-cookie"]


ENDPOINT: dict[str, tuple[bytes, str, str]] = {
    "none": (http(404), "problem", "endpoint-wrong"),
    "says yes to anything": (http(200, b"{}"), "problem", "endpoint-wrong"),
    "no code": (http(400, b"{}", kind="application/problem+json"), "problem", "endpoint-wrong"),
    "redirected": (http(307, b"", "Location: /x"), "problem", "endpoint-redirects"),
    "busy": (http(429), "warning", "endpoint-busy"),
    "a proxy alone": (http(503), "problem", "endpoint-down"),
    "its own 503": (
        http(503, MALFORMED.replace(b"malformed", b"full"), kind="application/problem+json"),
        "problem",
        "endpoint-wrong",
    ),
}


@pytest.mark.parametrize(("answer", "severity", "code"), ENDPOINT.values(), ids=ENDPOINT)
def test_what_is_wrong_with_the_endpoint(
    server: Hostile, answer: bytes, severity: str, code: str
) -> None:
    server.answers[f"POST {ENDPOINT_PATH}"] = answer
    assert code in codes(server.origin, severity)


def _drip(connection: socket.socket) -> None:
    """A header that goes on as long as anybody listens, a few bytes at a time."""
    connection.sendall(b"HTTP/1.1 200 X\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.02)  # the server's own pace; nothing is waited for


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    ("answer", "faults"),
    [
        (_drip, {"page-timeout", "page-garbled"}),
        (_endless, {"not-announced"}),
        (_silent, {"page-timeout"}),
    ],
)
def test_a_hostile_server_cannot_hold_it_up(
    server: Hostile, monkeypatch: pytest.MonkeyPatch, answer: Any, faults: set[str]
) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", 0.5)
    server.answers["GET /"] = answer
    assert set(codes(server.origin)) <= faults
    assert codes(server.origin)


def test_where_nobody_is_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        origin = f"http://127.0.0.1:{gone.getsockname()[1]}"
    assert codes(origin) == ["page-connection"]
    assert codes("https://nobody.invalid") == ["page-name"]


class TestTls:
    @pytest.fixture
    def trusted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pem = ssl.DER_cert_to_PEM_cert(base64.b64decode(authority.certificate()))
        path = tmp_path / "authority.pem"
        path.write_text(pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @pytest.mark.usefixtures("trusted")
    def test_a_certificate_that_is_right(self) -> None:
        with hostile(authority.server_context(["localhost"]), "localhost") as server:
            assert not codes(server.origin)

    @pytest.mark.usefixtures("trusted")
    def test_one_for_another_name(self) -> None:
        with hostile(authority.server_context(["shop.test"]), "localhost") as server:
            assert codes(server.origin) == ["page-tls"]
            (first,) = looked(server.origin).findings
            assert "localhost" in (first.detail or "")

    def test_one_that_nobody_vouches_for(self) -> None:
        with hostile(authority.server_context(["localhost"]), "localhost") as server:
            assert codes(server.origin) == ["page-tls"]

    @pytest.mark.usefixtures("trusted")
    def test_one_that_ends_soon(self) -> None:
        with hostile(authority.server_context(["localhost"]), "localhost") as server:
            later = datetime.now(UTC) + timedelta(days=20)
            found = run_apart(look(server.origin, lambda: later)).findings
        assert "certificate-ends" in [one.code for one in found]


@pytest.mark.parametrize(
    "url", ["zebra", "ftp://shop.example", "https://", "https://a@shop.example", "http://x.example"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(NoAddress):
        looked(url)
    done = rbutton(None, "site", "check", url)
    assert done.returncode == 2
    assert done.stderr.startswith("rbutton: That ")


def test_a_bare_name_is_taken_for_https() -> None:
    done = rbutton(None, "site", "check", "shop.invalid")
    assert done.returncode == 1
    assert "https://shop.invalid" in done.stdout


class TestAnnouncing:
    """As extension/link.js reads it."""

    @pytest.mark.parametrize(
        ("line", "announces"),
        [
            ('</x>; rel="emanciterms"', True),
            ("</x>;rel=EmanciTerms", True),
            ('</a>; rel="next", </x> ; rel = "a emanciterms b"', True),
            ('</a>; title="x, <y>; rel=emanciterms"; rel=next, </b>; rel=emanciterms', True),
            ('</x>; title="a\\"b"; rel=emanciterms', True),
            ('</x>; rel=next; rel="emanciterms"', False),
            ('</x>; rel="emanciterms"; anchor="/y"', False),
            ("</x>; rel=emanciterms2", False),
            ('</a>; title="rel=emanciterms"', False),
            ("zebra, </x>; rel=emanciterms", False),
            ("", False),
        ],
    )
    def test_by_header(self, line: str, announces: bool) -> None:
        assert announcing.by_header([line]) == announces
        assert announcing.by_header(['</z>; rel="up"', line]) == announces

    @pytest.mark.parametrize(
        ("html", "announces"),
        [
            ('<link rel="emanciterms" href="/x">', True),
            ("<LINK HREF=/x REL='a EmanciTerms'>", True),
            # Its lower case is two characters.
            ("\u0130" * 40 + '<link rel="emanciterms" href="/x">', True),
            ('<link\n rel="emanciterms"\n href="/x" />', True),
            ('<link rel="emanciterms">', False),
            ('<link rel="next" href="emanciterms">', False),
            ('<!-- <link rel="emanciterms" href="/x"> -->', False),
            ('<linked rel="emanciterms" href="/x">', False),
        ],
    )
    def test_by_element(self, html: str, announces: bool) -> None:
        assert announcing.by_element(f"<!doctype html><head>{html}".encode()) == announces

    @given(st.text("<>;,=\"\\ relanchorti-!'/", max_size=300))
    def test_anything_is_read(self, text: str) -> None:
        announcing.by_header([text] * 3)
        announcing.by_element(text.encode())

    @pytest.mark.parametrize("unit", ["<link ", "<!--", "<link a='", ";", "<a>; ", '"\\', " "])
    def test_nothing_takes_long(self, unit: str) -> None:
        """Twice as much takes about twice as long: told by work, not by time."""
        text = unit * (1_000_000 // len(unit))
        done = threading.Event()

        def read() -> None:
            announcing.by_element(text.encode())
            announcing.by_header([text] * 64)
            done.set()

        threading.Thread(target=read, daemon=True).start()
        assert done.wait(PATIENCE)
