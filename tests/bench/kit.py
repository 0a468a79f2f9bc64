"""What the ⊃ kit costs a site: seals a second, and what a long record adds to a look-up."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert

from rbutton.shipped.roster import catalogue
from rbutton.site import folder
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.site.tables import ANSWER
from rbutton.terms import agreement
from rbutton.terms.encoding import sha256, time_text
from rbutton.terms.keys import person_key
from rbutton.terms.policy import ENDPOINT_PATH
from tests import postgresql
from tests.bench.ratio import Other, Ratio, in_turn

_WORKERS = (1, 2, 4)
#: Posts in one round, by so many clients at once.
_POSTS, _CLIENTS = 160, 8
_FEW, _MANY = 1_000, 100_000
_SITE = """
origin = "https://shop.example"
name = "Example Shop Ltd"
accepts = ["SD-BASE-DP"]
store = "{url}"
[rate]
burst = 1000000
per_minute = 1000000
"""


def measure(where: Path) -> Iterator[Ratio]:
    """On both databases; the other server answers a fixed body, with one INSERT before it."""
    with postgresql.running() as cluster:
        for name in ("SQLite", "PostgreSQL"):
            for workers in _WORKERS:
                site = where / f"{name}-{workers}"
                site.mkdir()
                url = f"sqlite:///{site}/store.sqlite3" if name == "SQLite" else cluster.url()
                yield from _seals(name, workers, site, url)
            urls = [
                f"sqlite:///{where}/{size}.sqlite3" if name == "SQLite" else cluster.url()
                for size in (_FEW, _MANY)
            ]
            yield from _lookups(name, urls)


def _seals(name: str, workers: int, site: Path, url: str) -> Iterator[Ratio]:
    (site / folder.FILE).write_text(_SITE.format(url=url))
    policy = folder.policy(site)
    bare = f"sqlite:///{site}/bare.sqlite3" if name == "SQLite" else url
    with (
        _serving(site, url, workers, "ours") as ours,
        _serving(site, bare, workers, "bare") as other,
    ):
        clients = ThreadPoolExecutor(_CLIENTS)

        def round_at(port: int) -> float:
            bodies = [_proffer(policy) for _ in range(_POSTS)]
            before = perf_counter()
            shares = [bodies[start::_CLIENTS] for start in range(_CLIENTS)]
            list(clients.map(lambda share: _post(port, share), shares))
            return (perf_counter() - before) * 1000 / _POSTS

        with clients:
            yield from in_turn(
                "kit",
                f"a seal on {name}, {workers} worker{'' if workers == 1 else 's'}",
                lambda: round_at(ours),
                Other("a fixed body after one INSERT", lambda: round_at(other)),
                rounds=9,
            )


def _post(port: int, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for body in bodies:
        connection.request("POST", ENDPOINT_PATH, body, {"Content-Type": "application/jose+json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()


def _proffer(policy: SitePolicy) -> bytes:
    nonce, now = os.urandom(32), datetime.now(UTC)
    return agreement.proffer(
        terms=[catalogue().documents["SD-BASE-DP"]],
        site=agreement.Site(
            origin=policy.origin, name=policy.name, jwk=policy.jwk, policy=policy.sha256
        ),
        key=person_key(bytes(32), nonce, policy.origin),
        nonce=nonce,
        now=now,
    ).body


@contextmanager
def _serving(site: Path, url: str, workers: int, which: str) -> Iterator[int]:
    arguments = [which, str(site), url, str(workers)]
    command = [sys.executable, "-m", "tests.bench.kit_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def _lookups(name: str, urls: list[str]) -> Iterator[Ratio]:
    few, many = (_filled(url, size) for url, size in zip(urls, (_FEW, _MANY), strict=True))
    numbers = count()
    now = datetime.now(UTC)

    def status(store: Store, size: int) -> float:
        agreement_id = sha256(f"{next(numbers) * 7919 % size}".encode())
        before = perf_counter()
        kept = store.known(agreement_id, now)
        took = (perf_counter() - before) * 1000
        assert kept
        return took

    def page(store: Store) -> float:
        middle = store.known(sha256(b"500"), now)
        before = perf_counter()
        found = store.agreements(after=middle, limit=50)
        took = (perf_counter() - before) * 1000
        assert len(found) == 50
        return took

    against = f"the same with {_FEW:,}"
    yield from in_turn(
        "kit",
        f"status of one of {_MANY:,} on {name}",
        lambda: status(many, _MANY),
        Other(against, lambda: status(few, _FEW)),
        rounds=200,
    )
    yield from in_turn(
        "kit",
        f"a page of 50 of {_MANY:,} on {name}",
        lambda: page(many),
        Other(against, lambda: page(few)),
        rounds=200,
    )
    few.close()
    many.close()


def _filled(url: str, size: int) -> Store:
    """A store of so many agreements, of the size they have; nothing here reads them."""
    store = Store(url)
    start = datetime.now(UTC) - timedelta(days=400)
    body = os.urandom(2_000)
    rows = [
        {
            "id": sha256(f"{number}".encode()),
            "state": "sealed",
            "at": time_text(start + timedelta(seconds=number)),
            "body": body,
        }
        for number in range(size)
    ]
    with store._writing() as connection:
        connection.execute(insert(ANSWER), rows)
    return store
