"""What was read of sites, on disk: bounded, as it was, and gone when forgotten."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rbutton.person import seen
from rbutton.person.errors import PersonError
from rbutton.person.seen import HOUR, WEEK, Outcome, SeenOfSites
from rbutton.terms.encoding import time_text

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SITE = "https://news.example"
GPC = f"{SITE}/.well-known/gpc.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seen.sqlite3"


@pytest.fixture
def store(path: Path) -> SeenOfSites:
    return SeenOfSites(path)


def keep(
    store: SeenOfSites,
    body: bytes,
    now: datetime = NOW,
    origin: str = SITE,
    outcome: Outcome = "said",
) -> None:
    store.keep(origin, "gpc", url=f"{origin}/gpc", outcome=outcome, body=body, now=now)


def test_what_was_read_is_kept_byte_for_byte_with_its_dates(store: SeenOfSites) -> None:
    """The same again has the later date; something else stands before it."""
    body = bytes(range(256))
    keep(store, body)
    keep(store, body, NOW + timedelta(days=1))
    keep(store, b"other", NOW + timedelta(days=2))
    newer, older = store.of_origin(SITE)
    assert (newer.body, newer.first) == (b"other", time_text(NOW + timedelta(days=2)))
    assert (older.body, older.first, older.last) == (
        body,
        time_text(NOW),
        time_text(NOW + timedelta(days=1)),
    )


def test_of_one_second_the_last_is_the_newest(store: SeenOfSites) -> None:
    for body in (b"N", b"T", b"N"):
        keep(store, body)
    assert [row.body for row in store.of_origin(SITE)] == [b"N", b"T"]


@pytest.mark.parametrize(
    ("outcome", "period"),
    [("said", WEEK), ("absent", WEEK), ("web-page", WEEK), ("timeout", HOUR), ("status", HOUR)],
)
def test_a_week_passes_before_an_address_is_asked_again(
    store: SeenOfSites, outcome: Outcome, period: timedelta
) -> None:
    """An hour, where there was no answer. A clock that was put back asks again."""
    keep(store, b"", outcome=outcome)
    (row,) = store.of_origin(SITE)
    assert row.fresh(NOW)
    assert row.fresh(NOW + period - timedelta(seconds=1))
    assert not row.fresh(NOW + period)
    assert not row.fresh(NOW - timedelta(days=1))


def test_a_site_that_says_something_else_each_time_fills_nothing(store: SeenOfSites) -> None:
    for number in range(20):
        keep(store, b"%d" % number, NOW + timedelta(seconds=number))
    assert [row.body for row in store.of_origin(SITE)] == [b"19", b"18", b"17"]


def test_a_clock_that_was_ahead_keeps_nothing_new_out(store: SeenOfSites) -> None:
    """What is read once it is right again counts, and is not asked for again and again."""
    for number in range(4):
        keep(store, b"ahead %d" % number, NOW + timedelta(days=400, seconds=number))
    keep(store, b"now", NOW)
    newest = store.of_origin(SITE)[0]
    assert newest.body == b"now"
    assert newest.fresh(NOW + HOUR)


def test_however_many_addresses_a_site_names_the_others_stay(store: SeenOfSites) -> None:
    """And of those it names, the newest: each is known by its own versions."""
    keep(store, b"gpc")
    for number in range(60):
        for body in (b"T", b"N"):
            named = f"{SITE}/.well-known/dnt/{number}"
            now = NOW + timedelta(seconds=number)
            store.keep(SITE, "status-id", url=named, outcome="said", body=body, now=now)
    rows = store.of_origin(SITE)
    assert len(rows) == seen.MAX_OF_SITE
    assert rows[-1].what == "gpc"
    assert {row.url.rpartition("/")[2] for row in rows[:10]} == {"59", "58", "57", "56", "55"}


def test_the_oldest_go_when_there_are_too_many(
    store: SeenOfSites, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MAX_ROWS", 50)
    for number in range(120):
        keep(store, b"x", NOW + timedelta(seconds=number), f"https://n{number}.example")
    origins = store.origins()
    assert 40 <= len(origins) <= 50
    assert "https://n119.example" in origins
    assert "https://n0.example" not in origins


def test_the_oldest_go_when_they_are_too_large(
    store: SeenOfSites, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MAX_BYTES", 1_000_000)
    for number in range(40):
        keep(store, b"x" * 60_000, NOW + timedelta(seconds=number), f"https://n{number}.example")
    assert 14 <= len(store.origins()) <= 16
    assert path.stat().st_size < 3_000_000


def test_what_is_forgotten_leaves_no_bytes(store: SeenOfSites, path: Path) -> None:
    keep(store, b"what the site said of itself")
    keep(store, b"what another said", origin="https://other.example")
    assert store.forget([SITE]) == 1
    assert store.of_origin(SITE) == []
    assert store.origins() == ["https://other.example"]
    remains = path.read_bytes()
    assert b"news.example" not in remains
    assert b"said of itself" not in remains
    assert b"what another said" in remains


def test_only_its_owner_can_read_it(store: SeenOfSites, path: Path) -> None:
    keep(store, b"")
    assert path.stat().st_mode & 0o777 == 0o600


def test_reading_makes_no_file(store: SeenOfSites, path: Path) -> None:
    assert (store.of_origin(SITE), store.origins(), store.forget([SITE])) == ([], [], 0)
    assert not path.exists()


@pytest.mark.parametrize(
    "damage", [b"no database at all, but long enough" * 40, b"SQLite format 3"]
)
def test_a_damaged_file_is_begun_anew(store: SeenOfSites, path: Path, damage: bytes) -> None:
    keep(store, b"lost")
    path.write_bytes(damage)
    keep(store, b"kept")
    assert [row.body for row in store.of_origin(SITE)] == [b"kept"]


def test_a_file_of_another_release_is_begun_anew(store: SeenOfSites, path: Path) -> None:
    keep(store, b"old")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    keep(store, b"new")
    assert [row.body for row in store.of_origin(SITE)] == [b"new"]


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    store = SeenOfSites(tmp_path / "missing" / "seen.sqlite3")
    with pytest.raises(PersonError) as error:
        keep(store, b"")
    assert error.value.code == "seen"
    assert str(tmp_path) in error.value.message
