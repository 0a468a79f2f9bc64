"""The ⊃ kit over a real socket: what a peer sees byte for byte, and what survives a kill."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbutton.site import asgi, wsgi
from rbutton.site.asgi import EmanciTerms
from rbutton.site.limit import Rate
from rbutton.site.policy import SitePolicy
from rbutton.site.site import Site
from rbutton.site.store import Store
from rbutton.terms import agreement
from tests.coroutines import run_apart
from tests.processes import PATIENCE
from tests.shops import JOSE, PROBLEM, policy, proffer

ENDPOINT = "/.well-known/emanciterms"
POLICY = "/.well-known/emanciterms.json"
LINK = '</.well-known/emanciterms.json>; rel="emanciterms"'


class Server:
    """A real server on a loopback port. Connections wait in the queue until it is up.

    Args:
        address: its own.
        source: whose requests these are; None: this machine's, as usual.
    """

    def __init__(self, address: tuple[str, int], source: str | None = None) -> None:
        self.address = address
        self.source = (source, 0) if source else None
        self.origin = f"http://127.0.0.1:{self.address[1]}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request of its own connection: status, headers by lower-case name, body.

        Headers that came more than once are joined by commas, as any reader of them may do.
        """
        connection = http.client.HTTPConnection(
            *self.address, timeout=PATIENCE, source_address=self.source
        )
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, names)
            response = connection.getresponse()
            got: dict[str, str] = {}
            for name, value in response.getheaders():
                got[name.lower()] = ", ".join([*filter(None, [got.get(name.lower())]), value])
            return response.status, got, response.read()
        finally:
            connection.close()

    def post(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        return self.ask("POST", ENDPOINT, body, Content_Type=JOSE)

    def raw(self, data: bytes) -> bytes:
        """What comes back on these bytes, until the server closes."""
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def serving(make: Any) -> Iterator[Server]:
    """Serve `make(origin)` until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Server(door.getsockname())
        config = uvicorn.Config(make(server.origin), log_level="critical", lifespan="off")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield server
        finally:
            running.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


async def _plain_site(scope: Scope, receive: Receive, send: Send) -> None:
    """A site of any framework: what it answers with depends on the path."""
    kinds = {"/": b"Text/HTML; charset=utf-8", "/data": b"application/json", "/none": None}
    kind = kinds.get(scope["path"], b"text/plain")
    headers = [(b"link", b'</a.css>; rel="preload"')] if kind is None or b"HTML" in kind else []
    if kind is not None:
        headers.append((b"content-type", kind))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<p>the site's own</p>"})


class Running:
    """A served site, with its policy and store."""

    server: Server
    policy: SitePolicy
    store: Store


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running()
    running.store = Store(f"sqlite:///{tmp_path_factory.mktemp('site') / 'store.sqlite3'}")

    def make(origin: str) -> ASGIApp:
        running.policy = policy(origin)
        return EmanciTerms(_plain_site, Site(running.policy, running.store))

    with serving(make) as running.server:
        yield running


def now() -> datetime:
    return datetime.now(UTC)


def test_the_policy_is_served_as_it_is(site: Running) -> None:
    status, headers, body = site.server.ask("GET", POLICY)
    assert (status, body) == (200, site.policy.body)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-cache"
    head = site.server.ask("HEAD", POLICY)
    assert head[0] == 200
    assert head[1]["content-length"] == str(len(body))
    assert head[2] == b""


def test_a_proffer_is_signed(site: Running) -> None:
    offered = proffer(site.policy, now=now())
    status, headers, body = site.server.post(offered.body)
    assert status == 200
    assert (headers["content-type"], headers["cache-control"]) == (JOSE, "no-store")
    sealed = agreement.read(body)
    assert sealed.sealed
    assert sealed.id == offered.id
    assert [one.body for one in site.store.agreements() if one.id == offered.id] == [body]


def test_methods_that_are_not_for_the_two_paths(site: Running) -> None:
    status, headers, _ = site.server.ask("GET", ENDPOINT)
    assert (status, headers["allow"]) == (405, "POST")
    status, headers, _ = site.server.ask("POST", POLICY, b"")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_pages_announce_and_nothing_else_does(site: Running) -> None:
    status, headers, body = site.server.ask("GET", "/")
    assert (status, body) == (200, b"<p>the site's own</p>")
    assert headers["link"] == f'</a.css>; rel="preload", {LINK}'
    for path in ("/data", "/none", "/else", POLICY, ENDPOINT):
        assert "emanciterms" not in site.server.ask("GET", path)[1].get("link", ""), path


def test_no_page_elsewhere_may_use_it(site: Running) -> None:
    """No CORS: neither on the preflight nor on the answers."""
    asked = {"Origin": "https://evil.example", "Access_Control_Request_Method": "POST"}
    answers = [
        site.server.ask("OPTIONS", ENDPOINT, None, **asked),
        site.server.ask("GET", POLICY, Origin="https://evil.example"),
        site.server.ask("POST", ENDPOINT, b"{}", Content_Type=JOSE, Origin="https://evil.example"),
    ]
    assert answers[0][0] == 405
    for _, headers, _ in answers:
        assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_too_large_is_not_read_to_its_end(site: Running, chunked: bool) -> None:
    """Far more is promised than is sent: a server that waited for it would hang."""
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 9999999999"
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n%s\r\n\r\n" % (
        ENDPOINT.encode(),
        JOSE.encode(),
        length,
    )
    sent = (b"10001\r\n" if chunked else b"") + b" " * 65_537
    answer = site.server.raw(head + sent)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert PROBLEM.encode() in answer
    assert b'"code": "too-large"' in answer
    assert b"connection: close" in answer.lower()


def test_a_proffer_in_pieces_is_one_proffer(site: Running) -> None:
    body = proffer(site.policy, now=now()).body
    head = (
        f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nContent-Type: {JOSE}\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    pieces = b"".join(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body)))
    assert site.server.raw(head.encode() + pieces + b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_one_that_goes_away_in_the_middle_leaves_nothing(site: Running) -> None:
    """Called as a server calls it: over a socket nobody could tell when it is done."""
    offered = proffer(site.policy, now=now())
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": offered.body, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", JOSE.encode())]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": ENDPOINT,
        "headers": headers,
    }
    run_apart(EmanciTerms(_plain_site, Site(site.policy, site.store))(scope, receive, send))
    assert not sent
    assert site.store.known(offered.id, now()) is None


def test_a_body_that_does_not_come_is_not_waited_for(
    site: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "PATIENCE", 0.2)
    head = f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
    answer = site.server.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code"' not in answer


@pytest.mark.parametrize(
    ("length", "status"), [("65537", 413), ("9999999999", 413), ("-1", 400), ("zebra", 400)]
)
def test_under_wsgi_no_more_is_read_than_counts(site: Running, length: str, status: int) -> None:
    read: list[int] = []

    class Endless:
        def read(self, size: int) -> bytes:
            read.append(size)
            return b" " * size

    app = wsgi.EmanciTerms(lambda *_: [], Site(site.policy, site.store))
    assert status_under(app, Endless(), CONTENT_LENGTH=length) == status
    assert max(read) <= 65_537


def test_under_wsgi_a_visitor_counts_for_themselves(site: Running) -> None:
    app = wsgi.EmanciTerms(lambda *_: [], Site(site.policy, site.store, Rate(1, 1)))

    def post(address: str) -> int:
        return status_under(app, BytesIO(b"{}"), CONTENT_LENGTH="2", REMOTE_ADDR=address)

    assert [post("192.0.2.1") for _ in range(2)] == [400, 429]
    assert post("192.0.2.2") == 400


def status_under(app: wsgi.EmanciTerms, body: Any, **environ: str) -> int:
    """Of a post, called as a WSGI server calls it."""
    told: list[str] = []
    post = {"REQUEST_METHOD": "POST", "PATH_INFO": ENDPOINT, "CONTENT_TYPE": JOSE}

    def start_response(line: str, _: Any, __: Any = None, /) -> Any:
        told.append(line)

    list(app({**post, "wsgi.input": body, **environ}, start_response))
    return int(told[0].partition(" ")[0])


def test_a_store_that_fails_is_no_answer(tmp_path: Path) -> None:
    """A 5xx without a code, so that the agent sends the same again; and the site lives on."""
    made: list[SitePolicy] = []
    path = tmp_path / "store.sqlite3"

    def make(origin: str) -> ASGIApp:
        made.append(policy(origin))
        return EmanciTerms(_plain_site, Site(made[0], Store(f"sqlite:///{path}")))

    with serving(make) as server:
        offered = proffer(made[0], now=now())
        whole = path.read_bytes()
        path.write_bytes(b"not a database" * 1000)
        status, headers, body = server.post(offered.body)
        assert status == 503
        assert b"code" not in body
        assert headers["retry-after"]
        path.write_bytes(whole)
        assert server.post(offered.body)[0] == 200


# A server that is killed at the moment it would reply: what it was about to say is stored.
KILLED = """if True:
    import os, signal, socket, sys
    import uvicorn
    from rbutton.site.asgi import EmanciTerms
    from rbutton.site.site import Site
    from rbutton.site.store import Store
    from tests.shops import policy

    door = socket.socket(fileno=int(sys.argv[1]))
    site = EmanciTerms(None, Site(policy(sys.argv[3]), Store("sqlite:///" + sys.argv[2])))

    async def app(scope, receive, send):
        async def last_words(message):
            if sys.argv[4] == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)
        await site(scope, receive, last_words)

    config = uvicorn.Config(app, log_level="critical", lifespan="off")
    uvicorn.Server(config).run(sockets=[door])
"""


@contextmanager
def server_process(
    door: socket.socket, path: Path, fate: str
) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = [str(door.fileno()), str(path), Server(door.getsockname()).origin, fate]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments],
        cwd=Path(__file__).parents[1],
        pass_fds=[door.fileno()],
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.mark.parametrize("terms", ["SD-BASE-DP", "mine-as-well"], ids=["sealed", "declined"])
def test_killed_between_store_and_reply_it_later_gives_that_answer(
    tmp_path: Path, terms: str
) -> None:
    path = tmp_path / "store.sqlite3"
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Server(door.getsockname())
        offered = proffer(policy(server.origin), terms, now=now())
        with server_process(door, path, "killed") as process:
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                server.post(offered.body)
            assert process.wait(PATIENCE) == -signal.SIGKILL
        kept = Store(f"sqlite:///{path}").known(offered.id, now())
        assert kept
        with server_process(door, path, "lives"):
            first, second = server.post(offered.body), server.post(offered.body)
    assert first[0] == (200 if terms == "SD-BASE-DP" else 403)
    assert first[2] == second[2] == kept.body


def test_two_processes_and_many_posts_seal_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Server(door.getsockname())
        offered = proffer(policy(server.origin), now=now())
        with server_process(door, path, "lives"), server_process(door, path, "lives"):
            answers: list[tuple[int, bytes]] = []

            def post() -> None:
                status, _, body = server.post(offered.body)
                answers.append((status, body))

            threads = [threading.Thread(target=post) for _ in range(24)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
    assert len(answers) == 24
    assert len(set(answers)) == 1
    assert answers[0][0] == 200
    assert json.loads(answers[0][1])["signatures"]
    assert len(Store(f"sqlite:///{path}").agreements()) == 1
