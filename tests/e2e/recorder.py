"""A server on loopback that keeps every byte a browser sends, in front of a real ASGI server."""

import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn

from tests.e2e import authority

WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire.

    Attributes:
        head: request line and headers, byte for byte.
        headers: in the order sent; names in lower case.
    """

    head: bytes
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header: a header sent twice shows."""
        return [value for found, value in self.headers if found == name]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Site:
    """One origin: an ASGI application behind a recorder.

    Args:
        make: given the origin, makes the application.
        host: the name in the origin.
        https: the names its certificate has, where they are not loopback names; `host` is one.
    """

    def __init__(
        self, make: Callable[[str], Any], host: str = "127.0.0.1", https: Sequence[str] = ()
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._tls = authority.server_context(https) if https else None
        self.origin = self.at(host)
        self.app = make(self.origin)
        self.requests: list[Request] = []
        self._more = threading.Condition()
        self._clients: list[socket.socket] = []
        self._upstream = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, log_level="warning", lifespan="off", timeout_keep_alive=60)
        )
        self._threads = [
            threading.Thread(
                target=self._server.run, kwargs={"sockets": [self._upstream]}, daemon=True
            ),
            threading.Thread(target=self._accept, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_off()
        self._server.should_exit = True
        for thread in self._threads:
            thread.join(10)
        self._upstream.close()

    def at(self, host: str) -> str:
        """The origin that this server has under a name."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host}:{self._listener.getsockname()[1]}"

    def url(self, path: str = "/") -> str:
        return self.origin + path

    def to(self, path: str) -> list[Request]:
        """The requests for one path so far."""
        return [request for request in self.requests if request.path == path]

    def cut_off(self) -> None:
        """Drop every connection, whatever is under way on it."""
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Start a fresh recording."""
        with self._more:
            self.requests.clear()

    def came(self, path: str, seconds: float, count: int = 1) -> bool:
        """Whether the path is asked for so often within that time, or has been."""
        with self._more:
            return self._more.wait_for(lambda: len(self.to(path)) >= count, seconds)

    def wait_for(self, path: str, count: int = 1) -> list[Request]:
        """Wait until `count` requests for `path` have come."""
        with self._more:
            if not self._more.wait_for(lambda: len(self.to(path)) >= count, WAIT_SECONDS):
                seen = sorted({request.target for request in self.requests})
                raise AssertionError(f"{path} was not asked for {count} times; seen: {seen}")
            return self.to(path)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pump, args=(client,), daemon=True).start()

    def _pump(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            self._clients.append(client)
            with client, socket.create_connection(self._upstream.getsockname()) as upstream:
                # What is carried on in small pieces would wait 40 ms for the other side's word.
                for end in (client, upstream):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._carry(client, upstream)

    def _carry(self, client: socket.socket, upstream: socket.socket) -> None:
        """Both ways in one thread, which is all that a TLS socket bears."""
        seen = b""
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ)
            ready.register(upstream, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    data = _read(key.fileobj)
                    if not data:
                        return
                    if key.fileobj is client:
                        seen = self._take(seen + data)
                        upstream.sendall(data)
                    else:
                        client.sendall(data)

    def _take(self, seen: bytes) -> bytes:
        """Record the whole requests at the start of `seen`; what is left is the next one's."""
        while (end := seen.find(b"\r\n\r\n")) >= 0:
            head = seen[:end]
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = tuple(
                (name.lower(), value.strip())
                for name, _, value in (line.partition(":") for line in lines)
            )
            length = int(dict(headers).get("content-length", "0"))
            if len(seen) < end + 4 + length:
                break
            method, target, _ = first.split(" ")
            body = seen[end + 4 : end + 4 + length]
            with self._more:
                self.requests.append(Request(head, method, target, headers, body))
                self._more.notify_all()
            seen = seen[end + 4 + length :]
        return seen


def _read(source: Any) -> bytes:
    """What there is; of a TLS socket also what was decrypted already."""
    data: bytes = source.recv(65_536)
    while isinstance(source, ssl.SSLSocket) and source.pending():
        data += source.recv(65_536)
    return data
