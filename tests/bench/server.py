"""Servers in processes of their own, so that nobody waits for another's Python.

`python -m tests.bench.server pages` and `python -m tests.bench.server shops FOLDER COUNT` print the
ports they listen on as JSON, and serve until they are ended.
"""

import asyncio
import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from rbutton.site.shop import create_app

#: What a page asks for after itself.
REQUESTS = 40


@contextmanager
def serving(*arguments: object) -> Iterator[list[str]]:
    """Start one of them: the origins it serves."""
    command = [sys.executable, "-m", __name__, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            ports = json.loads(process.stdout.readline())
            yield [f"http://127.0.0.1:{port}" for port in ports]
        finally:
            process.terminate()


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    # asyncio does so only for sockets of its own. Otherwise an answer in two parts waits 40 ms for
    # the other side's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _say(listeners: list[socket.socket]) -> None:
    print(json.dumps([one.getsockname()[1] for one in listeners]), flush=True)


def _answer(kind: str, body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
    )
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


_IMAGES = "".join(f'<img src="/{number}.gif" alt="">' for number in range(REQUESTS))
_PAGE = _answer(
    "text/html",
    f'<!doctype html><link rel="icon" href="data:,"><title>many</title>{_IMAGES}'.encode(),
)
# One pixel. An SVG is a document, of which Chromium keeps so many from page to page that each page
# takes longer than the one before, four times as long in the end.
_IMAGE = _answer(
    "image/gif", base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
)


class _Canned(asyncio.Protocol):
    """A page of many small images, its bytes made beforehand: its time must not hide ours."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._seen = (self._seen + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(_PAGE if head.startswith(b"GET / ") else _IMAGE)


async def _pages() -> None:
    listener = _listener()
    server = await asyncio.get_running_loop().create_server(_Canned, sock=listener)
    _say([listener])
    await server.serve_forever()


def _shops(folder: Path, count: int) -> None:
    listeners = [_listener() for _ in range(count)]
    shops: dict[int, ASGIApp] = {}
    for listener in listeners:
        port = listener.getsockname()[1]
        shops[port] = create_app(f"http://127.0.0.1:{port}", folder / f"shop-{port}")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await shops[scope["server"][1]](scope, receive, send)

    _say(listeners)
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=listeners)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pages"]:
            asyncio.run(_pages())
        case ["shops", folder, count]:
            _shops(Path(folder), int(count))
