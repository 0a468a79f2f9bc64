"""`python -m tests.bench.kit_server ours|bare FOLDER URL WORKERS`: prints its port, and serves.

`bare` reads the body, writes it with one INSERT in the same database set up in the same way, and
answers a fixed body: what is left of a seal when nothing is verified, compared or signed.
"""

import os
import socket
import sys
from pathlib import Path

import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from rbutton.site import database, serving
from rbutton.terms.encoding import b64u
from rbutton.terms.policy import ENDPOINT_PATH

_ANSWER = b"x" * 2_000


def create_bare() -> ASGIApp:
    """The server that ours is held against."""
    engine = database.engine(os.environ["BENCH_URL"])
    writing = engine.execution_options(rbutton_writes=True)

    def keep(body: bytes) -> None:
        with writing.begin() as connection:
            insert = text("INSERT INTO bare VALUES (:id, :body)")
            connection.execute(insert, {"id": b64u(os.urandom(32)), "body": body})

    async def answer(request: Request) -> Response:
        await run_in_threadpool(keep, await request.body())
        return Response(_ANSWER, media_type="application/jose+json")

    return Starlette(routes=[Route(ENDPOINT_PATH, answer, methods=["POST"])])


def _make_bare(url: str) -> None:
    engine = database.engine(url)
    kind = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
    with engine.execution_options(rbutton_writes=True).begin() as connection:
        connection.execute(
            text(f"CREATE TABLE bare (id VARCHAR(43) NOT NULL PRIMARY KEY, body {kind} NOT NULL)")
        )
    engine.dispose()


def _main(which: str, site: str, url: str, workers: str) -> None:
    if which == "ours":
        serving.serve(
            Path(site),
            "127.0.0.1",
            0,
            int(workers),
            lambda address: print(address.rpartition(":")[2], flush=True),
            warn=lambda what: print(what, file=sys.stderr),
        )
        return
    _make_bare(url)
    os.environ["BENCH_URL"] = url
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as door:
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(door.getsockname()[1], flush=True)
        uvicorn.run(
            "tests.bench.kit_server:create_bare",
            factory=True,
            fd=door.fileno(),
            workers=int(workers),
            log_level="warning",
        )


if __name__ == "__main__":
    _main(*sys.argv[1:])
