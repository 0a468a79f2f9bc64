"""A server on loopback that keeps every byte a browser sends, in front of a real ASGI server."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn

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
        host: the loopback name in the origin.
    """

    def __init__(self, make: Callable[[str], Any], host: str = "127.0.0.1") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://{host}:{self._listener.getsockname()[1]}"
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
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._server.should_exit = True
        for thread in self._threads:
            thread.join(10)
        self._upstream.close()

    def url(self, path: str = "/") -> str:
        return self.origin + path

    def to(self, path: str) -> list[Request]:
        """The requests for one path so far."""
        return [request for request in self.requests if request.path == path]

    def forget(self) -> None:
        """Start a fresh recording."""
        with self._more:
            self.requests.clear()

    def came(self, path: str, seconds: float) -> bool:
        """Whether the path is asked for within that time, or has been."""
        with self._more:
            return self._more.wait_for(lambda: bool(self.to(path)), seconds)

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
            self._clients.append(client)
            threading.Thread(target=self._pump, args=(client,), daemon=True).start()

    def _pump(self, client: socket.socket) -> None:
        upstream = socket.create_connection(self._upstream.getsockname())
        back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
        back.start()
        seen = b""
        with suppress(OSError), client, upstream:
            while data := client.recv(65_536):
                seen = self._take(seen + data)
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)
            back.join(10)

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


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
