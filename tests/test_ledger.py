"""The ledger: append-only, chained, shared, and whole after a kill."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rbutton.person.errors import PersonError
from rbutton.person.ledger import Ledger, Record
from tests import processes

AT = "2026-11-22T10:00:00Z"
SHOP, NEWS = "https://shop.example", "https://news.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger will be."""
    return tmp_path / "ledger.sqlite3"


def filled(path: Path, count: int = 5) -> Ledger:
    """A ledger with records of two sites."""
    ledger = Ledger(path)
    with ledger.writing() as writing:
        for number in range(count):
            origin = (SHOP, NEWS)[number % 2]
            writing.append("proffer", AT, origin, f"agreement-{number}", b"body %d" % number)
    return ledger


def change(path: Path, statement: str) -> None:
    """What somebody does who has the file and SQLite."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_records_come_back_as_they_were_put_in(path: Path) -> None:
    """In order, byte for byte, by site and by kind, also in another process's view."""
    bodies = [b"", b"\x00\xff", "⊂⊃".encode(), b"x" * 65_536]
    with Ledger(path).writing() as writing:
        made = [writing.append("policy", AT, SHOP, f"{n}", body) for n, body in enumerate(bodies)]
        made.append(writing.append("sealed", AT, NEWS, "9", b"s"))
        assert writing.of_origin(SHOP) == made[:4]
        assert writing.of_kinds("sealed", "declined") == made[4:]
    ledger = Ledger(path)
    assert ledger.all() == made
    assert [record.seq for record in made] == [1, 2, 3, 4, 5]
    assert ledger.of_origin(NEWS) == made[4:]
    assert ledger.of_kinds("policy") == made[:4]
    assert ledger.of_origin("https://other.example") == []
    assert ledger.first_fault() is None


def test_only_the_person_can_read_it(path: Path) -> None:
    """0600 from the first moment on, whatever the umask."""
    filled(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_ledger_is_whole(path: Path) -> None:
    """Nothing yet is no fault."""
    assert Ledger(path).all() == []
    assert Ledger(path).first_fault() is None


FORGERIES = {
    "body": ("UPDATE record SET body = x'00' WHERE seq = 3", 3),
    "kind": ("UPDATE record SET kind = 'sealed' WHERE seq = 2", 2),
    "time": ("UPDATE record SET at = '2020-01-01T00:00:00Z' WHERE seq = 4", 4),
    "origin": ("UPDATE record SET origin = 'https://evil.example' WHERE seq = 1", 1),
    "agreement": ("UPDATE record SET agreement = 'x' WHERE seq = 5", 5),
    "digest": ("UPDATE record SET digest = x'00' WHERE seq = 3", 3),
    "head": ("UPDATE record SET head = x'00' WHERE seq = 3", 3),
    "first removed": ("DELETE FROM record WHERE seq = 1", 1),
    "middle removed": ("DELETE FROM record WHERE seq = 3", 3),
    "moved": ("UPDATE record SET seq = seq + 1 WHERE seq = 5", 5),
    "moved out of all numbers": ("UPDATE record SET seq = 9223372036854775807 WHERE seq = 5", 5),
    "moved to the front": ("UPDATE record SET seq = -7 WHERE seq = 4", 1),
}


@pytest.mark.parametrize(("statement", "found"), FORGERIES.values(), ids=FORGERIES)
def test_what_was_changed_behind_its_back_is_found(path: Path, statement: str, found: int) -> None:
    """The number of the first record that is not as it was written."""
    ledger = filled(path)
    change(path, statement)
    assert ledger.first_fault() == found


def test_two_records_that_change_places_are_found(path: Path) -> None:
    """Order is part of what was written: the number alone does not make it."""
    ledger = filled(path)
    for old, new in ((2, 99), (4, 2), (99, 4)):
        change(path, f"UPDATE record SET seq = {new} WHERE seq = {old}")
    assert ledger.first_fault() == 2


def test_a_removed_record_is_found_though_the_rest_is_renumbered(path: Path) -> None:
    """A record knows its own number."""
    ledger = filled(path)
    change(path, "DELETE FROM record WHERE seq = 3")
    change(path, "UPDATE record SET seq = 3 WHERE seq = 4")
    change(path, "UPDATE record SET seq = 4 WHERE seq = 5")
    assert ledger.first_fault() == 3


def test_an_inserted_copy_is_found(path: Path) -> None:
    """A true record, at a place where it was not written."""
    ledger = filled(path)
    columns = "kind, at, origin, agreement, body, digest, head"
    change(
        path, f"INSERT INTO record (seq, {columns}) SELECT 6, {columns} FROM record WHERE seq = 5"
    )
    assert ledger.first_fault() == 6


def test_nothing_is_kept_when_the_block_fails(path: Path) -> None:
    """All of a step or none of it."""
    ledger = filled(path, 2)

    def fail() -> None:
        with ledger.writing() as writing:
            writing.append("sealed", AT, SHOP, "x", b"never")
            raise RuntimeError("between two records")

    with pytest.raises(RuntimeError, match="between"):
        fail()
    assert len(ledger.all()) == 2
    with ledger.writing() as writing:
        assert writing.append("sealed", AT, SHOP, "y", b"then").seq == 3
    assert ledger.first_fault() is None


WRITING = """
import sys
from pathlib import Path
from rbutton.person.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
input()
for number in range(int(sys.argv[3])):
    with ledger.writing() as writing:
        name = f"{sys.argv[2]}-{number}"
        seen = {record.agreement for record in writing.of_origin("https://shop.example")}
        assert name not in seen
        writing.append("sent", "2026-11-22T10:00:00Z", "https://shop.example", name, b"x" * 500)
    print(name, flush=True)
"""


def test_several_processes_at_once_lose_nothing(path: Path) -> None:
    """Every browser profile has its own host on the one ledger, the first write among them."""
    told = processes.at_once(WRITING, [[path, writer, 25] for writer in range(4)])
    acknowledged = {line for out in told for line in out.split()}
    ledger = Ledger(path)
    written = [record.agreement for record in ledger.all()]
    assert len(written) == len(set(written)) == 100
    assert set(written) == acknowledged
    assert ledger.first_fault() is None


def test_a_kill_loses_nothing_acknowledged(path: Path) -> None:
    """kill -9 at several moments: all that was said to be written is there, and the chain holds."""
    acknowledged: set[str] = set()
    for attempt, after in enumerate((1, 7, 20)):
        process = processes.start(WRITING, path, attempt, 10_000)
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        for _ in range(after):
            acknowledged.add(process.stdout.readline().strip())
        process.kill()
        rest, _ = process.communicate(timeout=processes.PATIENCE)
        # A line that the kill cut in two says nothing.
        acknowledged |= {line.strip() for line in rest.splitlines(keepends=True) if "\n" in line}
        ledger = Ledger(path)
        assert acknowledged <= {record.agreement for record in ledger.all()}
        assert ledger.first_fault() is None


def refused(action: Callable[[], object]) -> PersonError:
    """What the person is told."""
    with pytest.raises(PersonError) as caught:
        action()
    assert caught.value.code == "ledger"
    return caught.value


def test_a_newer_ledger_is_refused_and_left_alone(path: Path) -> None:
    """An old program must not write into a format it does not know."""
    ledger = filled(path)
    change(path, "PRAGMA user_version = 2")
    before = path.read_bytes()
    assert "newer" in refused(ledger.all).message
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [b"not a database, and long enough to be read as one" * 40, None],
    ids=["another file", "cut in the middle"],
)
def test_a_damaged_file_is_told_and_left_alone(path: Path, damage: bytes | None) -> None:
    """Which file, and that nothing was changed; never a new ledger over the old one."""
    ledger = filled(path, 200)
    path.write_bytes(damage or path.read_bytes()[:9_000])
    before = path.read_bytes()
    error = refused(ledger.all)
    assert str(path) in error.message
    assert "Nothing was changed" in error.fix
    refused(ledger.first_fault)
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_told(path: Path) -> None:
    """Whatever stands there, it is a sentence and no traceback."""
    path.mkdir()
    refused(Ledger(path).all)


def test_text_that_is_no_text_is_told(path: Path) -> None:
    """Bytes forged into a text column do not break the check."""
    ledger = filled(path)
    change(path, "UPDATE record SET origin = CAST(x'ff' AS TEXT) WHERE seq = 2")
    refused(ledger.first_fault)


def test_a_digest_covers_every_member() -> None:
    """Two records that differ in anything have different digests."""
    one = Record(1, "policy", AT, SHOP, "a", b"b")
    others = [
        Record(2, "policy", AT, SHOP, "a", b"b"),
        Record(1, "sealed", AT, SHOP, "a", b"b"),
        Record(1, "policy", AT[:-2] + "1Z", SHOP, "a", b"b"),
        Record(1, "policy", AT, NEWS, "a", b"b"),
        Record(1, "policy", AT, SHOP, "b", b"b"),
        Record(1, "policy", AT, SHOP, "a", b"a"),
    ]
    assert len({record.digest for record in [one, *others]}) == 7
