"""The demo shop, served on this machine for as long as the demo lasts."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbutton.site.shop import create_app

PATIENCE = 20.0  # seconds to start, and to stop


@dataclass(frozen=True)
class Exchange:
    """One request the shop answered."""

    method: str
    path: str
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"


class Shop:
    """The running shop, and what came to its door."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.exchanges: list[Exchange] = []

    def answered(self, method: str, path: str) -> Exchange | None:
        """The first such request that was answered, if any was."""
        wanted = (method, path)
        return next((each for each in self.exchanges if (each.method, each.path) == wanted), None)

    def watching(self, app: ASGIApp) -> ASGIApp:
        """`app`, with each answered request noted in `exchanges`."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.exchanges.append(
                        Exchange(scope["method"], scope["path"], message["status"])
                    )
                await send(message)

            await app(scope, receive, noting if scope["type"] == "http" else send)

        return watched


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Serves the demo shop on a free loopback port; its key and its records are in `folder`.

    Raises:
        TimeoutError: it did not start.
    """
    door = socket.create_server(("127.0.0.1", 0))
    # asyncio does so only for sockets of its own. Otherwise an answer in two parts waits 40 ms.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    shop = Shop(f"http://127.0.0.1:{door.getsockname()[1]}")
    app = shop.watching(create_app(shop.origin, folder))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise TimeoutError("The demo shop did not start.")
            time.sleep(0.01)
        yield shop
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        door.close()
