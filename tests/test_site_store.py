"""The store by itself, on both databases: made once, brought up to date, bounded, swept."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rbutton.site import database, schema
from rbutton.site.errors import StoreError
from rbutton.site.store import KEPT_AT_LEAST, Store
from rbutton.terms import agreement, notice
from rbutton.terms.encoding import time_text
from tests import processes
from tests.postgresql import Cluster
from tests.shops import NOW, Shop, policy, proffer
from tests.sites import compact, header_of, raw_jws, raw_signature

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
Open = Callable[..., Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    made: str = request.getfixturevalue("postgresql").url()
    return made


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    stores: list[Store] = []

    def make(**options: Any) -> Store:
        stores.append(Store(url, **options))
        return stores[-1]

    yield make
    for one in stores:
        one.close()


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Iterator[Shop]:
    one = Shop(tmp_path / "store.sqlite3", policy(), url=url)
    yield one
    one.close()


def reopened(shop: Shop, store: Store) -> None:
    shop.store.close()
    shop.store = store


AT_ONCE = """if True:
    import sys
    from rbutton.site.store import KEPT_AT_LEAST, Store
    input()
    print(len(Store(sys.argv[1]).agreements()))
"""


def test_workers_that_start_at_once_make_it_once(url: str) -> None:
    assert set(processes.at_once(AT_ONCE, [[url]] * 6)) == {"0\n"}


def test_one_that_comes_while_another_makes_it_waits(postgresql: Cluster) -> None:
    """And finds it made; without waiting it would fail on tables that are half there."""
    url = postgresql.url()
    engine = database.engine(url)
    with ThreadPoolExecutor(1) as thread, postgresql.connect("postgres") as server:
        with engine.begin() as connection:
            schema.bring_up_to_date(connection)
            later = thread.submit(Store, url)
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while not later.done() and not server.execute(waiting).fetchall():
                pass
        store = later.result(processes.PATIENCE)
    assert not store.agreements()
    store.close()
    engine.dispose()


def old(connection: Any, binary: str) -> None:
    """The tables as they were before there was a version, with one agreement of each state."""
    connection.execute(
        "CREATE TABLE emanciterms_answer (id VARCHAR(43) NOT NULL, state VARCHAR(16) NOT NULL, "
        "at VARCHAR(20) NOT NULL, until VARCHAR(20), "
        f"body {binary} NOT NULL, forget VARCHAR(20), PRIMARY KEY (id))"
    )
    connection.execute("CREATE INDEX ix_emanciterms_answer_forget ON emanciterms_answer (forget)")
    connection.execute(
        "CREATE TABLE emanciterms_notice (under VARCHAR(43) NOT NULL, hash VARCHAR(43) NOT NULL, "
        f"at VARCHAR(20) NOT NULL, body {binary} NOT NULL, answer {binary} NOT NULL, "
        "PRIMARY KEY (under))"
    )
    for state in ("sealed", "superseded", "withdrawn"):
        connection.execute(
            "INSERT INTO emanciterms_answer VALUES "
            f"('{state}', '{state}', '2026-01-01T00:00:00Z', NULL, CAST('x' AS {binary}), NULL)"
        )
    connection.execute(
        "INSERT INTO emanciterms_notice VALUES ('withdrawn', 'h', '2026-02-01T00:00:00Z', 'x', 'x')"
    )


def test_one_of_an_older_release_is_brought_up_to_date_once(
    tmp_path: Path, postgresql: Cluster
) -> None:
    """By many workers at once, and nothing is lost."""
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as connection:
        old(connection, "BLOB")
    connection.close()
    made = postgresql.url()
    database = made.removeprefix("postgresql://rbutton@/").partition("?")[0]
    with postgresql.connect(database) as server:
        old(server, "BYTEA")
    for one in (f"sqlite:///{path}", made):
        assert set(processes.at_once(AT_ONCE, [[one]] * 6)) == {"3\n"}
        store = Store(one)
        ended = {kept.state: kept.ended for kept in store.agreements()}
        assert ended["sealed"] is None
        assert ended["withdrawn"] == "2026-02-01T00:00:00Z"
        assert ended["superseded"] is not None
        store.close()


def test_one_of_a_newer_release_is_left_alone(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    monkeypatch.setattr(schema, "_STEPS", schema._STEPS[:1])
    with pytest.raises(StoreError, match=r"version 2.*Update"):
        opened()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("zebra", "URL is none"),
        ("mysql://root@localhost/shop", "SQLite or PostgreSQL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////no/such/folder/store.sqlite3", "cannot be opened"),
        ("postgresql://ada:secret@127.0.0.1:1/shop", "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_told_without_its_password(bad: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as told:
        Store(bad)
    assert "secret" not in str(told.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"zebra" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{path}")


def test_a_full_store_takes_nothing_new_and_answers_what_it_knows(shop: Shop, opened: Open) -> None:
    reopened(shop, opened(most=3))
    known = proffer(shop.policy)
    first = shop.post(known.body)
    for _ in range(2):
        assert shop.post(proffer(shop.policy).body).status == 200
    for terms in ("SD-BASE-DP", "mine-as-well"):
        refused = shop.post(proffer(shop.policy, terms).body)
        assert refused.status == 503
        assert dict(refused.headers)["Retry-After"]
        assert b"code" not in refused.body
    assert shop.post(known.body) == first
    told = notice.withdraw(known.id, known.key, NOW)
    assert shop.post(told.body).status == 200
    assert len(shop.kept) == 3


def test_no_document_is_larger_than_a_row_may_be(shop: Shop) -> None:
    """Padded as far as the protocol lets a stranger."""
    offered = proffer(shop.policy)
    header = compact(header_of(offered.key)).ljust(3_000)
    body = raw_jws(
        offered.signed.payload, raw_signature(offered.key, offered.signed.payload, header)
    )
    assert shop.post(body.ljust(65_536)).status == 200
    (kept,) = shop.store.agreements()
    assert 4_000 < len(kept.body) < 13_000


def test_what_was_taken_back_meanwhile_is_not_accepted(shop: Shop) -> None:
    """Two workers have both read that it is open; one takes it back, then the other accepts it."""
    shop.policy = policy(accepts=["SD-BASE"], counter=["SD-BASE"])
    offered = proffer(shop.policy, "do-not-track")
    accepted = agreement.read(offered.accepts(shop.post(offered.body).body))
    told = notice.withdraw(offered.id, offered.key, NOW)
    assert shop.post(told.body).status == 200
    assert shop.store.accept(accepted, NOW).state == "voided"
    assert not shop.kept


class TestRetention:
    def ended(self, shop: Shop) -> dict[str, str]:
        """One agreement that is withdrawn, one replaced, one that ended by itself, one in force."""
        withdrawn, replaced, by_itself = (proffer(shop.policy) for _ in range(3))
        for body in (withdrawn.body, replaced.body, by_itself.resigned(until=time_text(NOW + DAY))):
            assert shop.post(body).status == 200
        shop.post(notice.withdraw(withdrawn.id, withdrawn.key, NOW).body)
        new = shop.post(proffer(shop.policy).resigned(supersedes=replaced.id))
        return {kept.state: kept.id for kept in shop.store.agreements()} | {
            "new": agreement.read(new.body).id
        }

    def later(self, shop: Shop, days: int) -> set[str]:
        """What is left when somebody else comes so much later."""
        shop.now = NOW + days * DAY
        passing = proffer(shop.policy, "mine-as-well", now=shop.now)
        shop.post(passing.body)
        return set(shop.kept)

    def test_what_has_ended_is_dropped_after_its_time(self, shop: Shop, opened: Open) -> None:
        reopened(shop, opened(keep_ended=100 * DAY))
        ended = self.ended(shop)
        assert len(shop.kept) == 4
        assert len(self.later(shop, 99)) == 4
        assert self.later(shop, 102) == {ended["new"]}
        assert shop.store.notice(ended["withdrawn"]) is None

    def test_or_kept_for_good(self, shop: Shop) -> None:
        self.ended(shop)
        assert len(self.later(shop, 4000)) == 4

    def test_a_counter_is_accepted_in_time_though_what_it_replaces_ran_out(
        self, shop: Shop, opened: Open
    ) -> None:
        """Right after the counter was made: it is kept until the last moment for accepting."""
        shop.policy = policy(counter=["SD-BASE-DP"])
        reopened(shop, opened(keep_ended=KEPT_AT_LEAST))
        old = shop.post(proffer(shop.policy).resigned(until=time_text(NOW + 2 * MINUTE)))
        shop.now = NOW + MINUTE
        offered = proffer(shop.policy, "mine-as-well", now=shop.now)
        replaces = {"supersedes": agreement.read(old.body).id}
        countered = shop.post(offered.resigned(**replaces))
        self.later(shop, 36)
        shop.now = NOW + 37 * DAY
        assert shop.post(offered.accepts(countered.body)).status == 200
        with pytest.raises(ValueError, match="38 days"):
            opened(keep_ended=KEPT_AT_LEAST - DAY)

    def test_what_was_dropped_never_comes_back(self, shop: Shop, opened: Open) -> None:
        reopened(shop, opened(keep_ended=KEPT_AT_LEAST))
        gone = proffer(shop.policy)
        sealed = shop.post(gone.body)
        shop.post(notice.withdraw(gone.id, gone.key, NOW).body)
        self.later(shop, 40)
        for replayed in (gone.body, sealed.body):
            assert shop.post(replayed).status in (400, 409, 410)
        assert not shop.kept


def test_a_list_a_page_at_a_time_misses_nothing(shop: Shop) -> None:
    """Many of them in one second."""
    for number in range(11):
        shop.now = NOW + timedelta(seconds=number // 4)
        shop.post(proffer(shop.policy).body)
    shop.post(proffer(shop.policy, "mine-as-well").body)
    whole = shop.store.agreements()
    assert len(whole) == 11
    pages, last = [], None
    while page := shop.store.agreements(after=last, limit=3):
        pages += page
        last = page[-1]
    assert pages == whole
    assert shop.store.latest(4) == whole[:-5:-1]


def test_what_is_committed_is_on_disk(postgresql: Cluster) -> None:
    """A server that was told to acknowledge early is not taken at its word."""
    made = postgresql.url()
    database = made.removeprefix("postgresql://rbutton@/").partition("?")[0]
    with postgresql.connect("postgres") as server:
        server.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = off')
    store = Store(made)
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()
