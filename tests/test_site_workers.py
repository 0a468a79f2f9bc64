"""`rbutton site serve` as it is run: several workers, on SQLite and on a real PostgreSQL."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rbutton.site import folder
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.terms import agreement, notice
from tests import site_process
from tests.processes import PATIENCE
from tests.shops import Proffer, proffer
from tests.test_site_http import POLICY, Server

WORKERS = 3
SITE = """
origin = "{origin}"
name = "Example Shop Ltd"
accepts = ["SD-BASE", "do-not-track"]
counter = ["SD-BASE"]
store = "{store}"
[rate]
burst = 1000
"""


class Served:
    """A site that several workers serve."""

    def __init__(self, where: Path, server: Server) -> None:
        self.where = where
        self.server = server

    @property
    def policy(self) -> SitePolicy:
        return folder.policy(self.where)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = folder.store(self.where)
        yield store
        store.close()

    def proffer(self, terms: str) -> Proffer:
        return proffer(self.policy, terms, now=datetime.now(UTC))

    def at_once(self, *bodies: bytes) -> list[tuple[int, bytes]]:
        """What each is answered with, all posted at the same moment."""
        together = threading.Barrier(len(bodies), timeout=PATIENCE)

        def post(body: bytes) -> tuple[int, bytes]:
            together.wait()
            status, _, answer = self.server.post(body)
            return status, answer

        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(post, bodies))


@contextmanager
def serve(where: Path, url: str) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
    where.mkdir()
    (where / folder.FILE).write_text(SITE.format(origin="https://shop.example", store=url))
    with site_process.serving(where, WORKERS) as (server, process):
        yield Served(where, server), process


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    where = tmp_path_factory.mktemp("site") / "site"
    url = f"sqlite:///{where}/store.sqlite3"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").url()
    with serve(where, url) as (running, _):
        yield running


def test_equal_posts_at_once_are_one_row_and_one_answer(served: Served) -> None:
    """Byte for byte, whichever worker answers."""
    for terms, status in (("SD-BASE", 200), ("mine-as-well", 200)):
        offered = served.proffer(terms)
        answers = served.at_once(*[offered.body] * 24)
        assert {one for one, _ in answers} == {status}
        assert len({body for _, body in answers}) == 1
        signed = agreement.read(answers[0][1])
        assert (signed.id == offered.id) == signed.sealed == (terms == "SD-BASE")
        with served.store() as store:
            rows = [kept.id for kept in store.agreements() if kept.id == signed.id]
            assert len(rows) == signed.sealed


def test_of_several_that_replace_one_the_first_wins(served: Served) -> None:
    old = served.proffer("do-not-track")
    assert served.server.post(old.body)[0] == 200
    rivals = [served.proffer("SD-BASE") for _ in range(8)]
    answers = served.at_once(*(rival.resigned(supersedes=old.id) for rival in rivals))
    assert sorted(status for status, _ in answers) == [200] + [409] * 7
    with served.store() as store:
        states = {kept.id: kept.state for kept in store.agreements()}
    assert states[old.id] == "superseded"


def test_a_counter_accepted_and_taken_back_at_once_ends_one_way(served: Served) -> None:
    offered = served.proffer("mine-as-well")
    accepted = offered.accepts(served.server.post(offered.body)[2])
    told = notice.withdraw(agreement.read(accepted).id, offered.key, datetime.now(UTC))
    served.at_once(*[accepted, told.body] * 6)
    status = served.server.post(accepted)[0]
    assert status == 410
    with served.store() as store:
        states = {kept.id: kept.state for kept in store.agreements()}
    assert states.get(agreement.read(accepted).id) in ("withdrawn", None)


def test_all_workers_serve_one_policy(served: Served) -> None:
    bodies = {served.server.ask("GET", POLICY)[2] for _ in range(12)}
    assert bodies == {served.policy.body}


def test_it_ends_when_it_is_told_and_leaves_no_worker(tmp_path: Path) -> None:
    where = tmp_path / "site"
    with serve(where, f"sqlite:///{where}/store.sqlite3") as (running, process):
        assert running.server.ask("GET", POLICY)[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        # The end of it comes when the last process that could write to it is gone.
        assert process.stdout
        assert process.stdout.read() == ""


def test_killed_workers_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    """The supervisor starts others; what was answered before is answered the same."""
    where = tmp_path / "site"
    with serve(where, f"sqlite:///{where}/store.sqlite3") as (running, process):
        offered = [running.proffer("SD-BASE") for _ in range(12)]
        first = [running.server.post(one.body)[2] for one in offered]
        for worker in children(process.pid):
            os.kill(worker, signal.SIGKILL)
        assert [running.server.post(one.body)[2] for one in offered] == first


def children(pid: int) -> list[int]:
    """Its worker processes, and not the one that multiprocessing keeps beside them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in listed
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
