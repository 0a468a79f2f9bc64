"""The ledger: append-only, chained, shared, and whole after a kill."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from rbutton.person.errors import PersonError
from rbutton.person.ledger import Kind, Ledger, Record, Sent
from tests import processes

AT = "2026-11-22T10:00:00Z"
BEFORE, AFTER = "2026-11-22T09:59:59Z", "2026-11-22T10:00:01Z"
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
    """In order, byte for byte, by site, also in the view of who opens the file anew."""
    bodies = [b"", b"\x00\xff", "⊂⊃".encode(), b"x" * 65_536]
    with Ledger(path).writing() as writing:
        made = [writing.append("policy", AT, SHOP, f"{n}", body) for n, body in enumerate(bodies)]
        made.append(writing.append("sealed", AT, NEWS, "9", b"s"))
        assert writing.of_origin(SHOP) == made[:4]
    ledger = Ledger(path)
    assert ledger.all() == made
    assert [record.seq for record in made] == [1, 2, 3, 4, 5]
    assert ledger.of_origin(NEWS) == made[4:]
    assert ledger.of_origin("https://other.example") == []
    assert ledger.first_fault() is None


# What was sent


def by(who: str) -> bytes:
    """The body of a `sent` record."""
    return b'{"by": "%s"}' % who.encode()


def test_what_was_sent_is_found_by_time_and_by_name(path: Path) -> None:
    """Lately to anybody, or at any time to a name; who sent it, and no other kinds of record."""
    with Ledger(path).writing() as writing:
        for origin, at, who in (
            ("https://a.one.example", BEFORE, "touch"),
            ("https://two.example", BEFORE, "touch"),
            ("https://b.one.example", AT, "click"),
            ("https://two.example", AFTER, "retry"),
        ):
            writing.append("policy", at, origin, origin, b"{}")
            writing.append("sent", at, origin, origin, by(who))
        inside = writing.sent(since=AT, containing="one.example")
    assert inside == Ledger(path).sent(since=AT, containing="one.example")
    assert inside == [
        Sent(BEFORE, "https://a.one.example", "touch", answered=False),
        Sent(AT, "https://b.one.example", "click", answered=False),
        Sent(AFTER, "https://two.example", "retry", answered=False),
    ]
    assert [sent.at for sent in Ledger(path).sent(since=AFTER, containing="no.example")] == [AFTER]


@pytest.mark.parametrize(
    ("kind", "answered"),
    [
        ("sealed", True),
        ("declined", True),
        ("refused", True),
        ("withdraw", True),
        ("response", False),
        ("sent", False),
    ],
)
def test_what_was_sent_is_answered_by_its_own_answer(
    path: Path, kind: Kind, answered: bool
) -> None:
    """Of the same agreement with the same site."""
    with Ledger(path).writing() as writing:
        writing.append("sent", BEFORE, SHOP, "a", by("touch"))
        writing.append("sent", AT, SHOP, "b", by("touch"))
        writing.append("sent", AT, NEWS, "a", by("touch"))
        writing.append(kind, AFTER, SHOP, "a", by("retry"))
    found = Ledger(path).sent(since=BEFORE, containing="none")[:3]
    assert [sent.answered for sent in found] == [answered, False, False]


def test_a_ledger_of_0_1_0_is_used_as_it_is(path: Path) -> None:
    """What it lacks it gets with the first write, and 0.1.0 still takes it."""
    with Ledger(path).writing() as writing:
        writing.append("sent", AT, SHOP, "a", by("touch"))
    for index in ("record_sent", "record_offered"):
        change(path, f"DROP INDEX {index}")
    ledger = Ledger(path)
    assert [sent.origin for sent in ledger.sent(since=AT, containing="x")] == [SHOP]
    assert indexes(path) == {"record_origin"}
    with ledger.writing() as writing:
        writing.append("sent", AFTER, NEWS, "b", by("touch"))
    assert indexes(path) == {"record_origin", "record_sent", "record_offered"}
    assert [sent.origin for sent in ledger.sent(since=AT, containing="x")] == [SHOP, NEWS]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def indexes(path: Path) -> set[str]:
    """The indexes in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return {row[1] for row in connection.execute("PRAGMA index_list(record)")}


# Its user's alone

MAKING = """
import os, sys
from pathlib import Path
from rbutton.person.ledger import Ledger
os.umask(0)
with Ledger(Path(sys.argv[1])).writing() as writing:
    writing.append("policy", "2026-11-22T10:00:00Z", "https://shop.example", "a", b"")
"""
CREATED = re.compile(r'"([^"]*ledger[^"]*)", [A-Z_|]*O_CREAT[A-Z_|]*, (\d+)\) = \d')


def test_only_the_person_can_read_it(path: Path, tmp_path: Path) -> None:
    """0600 from the first moment on, whatever the umask; so is the journal beside it."""
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-qq", "-e", "trace=open,openat,creat", "-o", str(trace)]
    subprocess.run([*strace, sys.executable, "-P", "-c", MAKING, path], check=True)
    made = CREATED.findall(trace.read_text())
    assert {Path(name).name for name, _ in made} == {path.name, f"{path.name}-journal"}
    assert {mode for _, mode in made} == {"0600"}
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


def test_several_threads_at_once_lose_nothing(path: Path) -> None:
    """A host answers in threads: they write and read through one ledger."""
    ledger = Ledger(path)

    def write(writer: int) -> None:
        for number in range(25):
            with ledger.writing() as writing:
                writing.append("policy", AT, SHOP, f"{writer}-{number}", b"x" * 500)
            assert f"{writer}-{number}" in {one.agreement for one in ledger.of_origin(SHOP)}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len({record.agreement for record in Ledger(path).all()}) == 100
    assert ledger.first_fault() is None


def unlocked(path: Path) -> bool:
    """Whether another program can have the file to itself at once."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return False
        return True


def test_a_ledger_that_is_kept_open_locks_nothing(path: Path) -> None:
    """Between two uses another host can write at once, also when a use ended with an error."""
    ledger = filled(path, 500)
    ledger.all(), ledger.of_origin(SHOP), ledger.first_fault(), ledger.sent(since="", containing="")
    assert unlocked(path)
    change(path, "UPDATE record SET body = x'00' WHERE seq = 3")
    assert ledger.first_fault() == 3
    assert unlocked(path)
    change(path, "UPDATE record SET origin = CAST(x'ff' AS TEXT) WHERE seq = 2")
    for use in (ledger.first_fault, ledger.all):
        error = refused(use)
        assert unlocked(path)
        del error
    with ledger.writing():
        assert not unlocked(path)
    assert unlocked(path)


# What happens to the file while it is open


def other_ledger(path: Path) -> Path:
    """Another ledger, of as many records and bytes."""
    other = path.with_name("backup.sqlite3")
    with Ledger(other).writing() as writing:
        for number in range(5):
            origin = (SHOP, NEWS)[number % 2]
            writing.append("proffer", AT, origin, f"restored-{number}", b"BODY %d" % number)
    return other


def test_a_ledger_put_in_its_place_is_the_one_that_counts(path: Path) -> None:
    """By rename, as a backup is restored: read and written from then on."""
    ledger = filled(path)
    other_ledger(path).replace(path)
    assert ledger.of_origin(SHOP)[0].agreement == "restored-0"
    filled(path.with_name("third.sqlite3")).all()
    path.with_name("third.sqlite3").replace(path)
    with ledger.writing() as writing:
        assert writing.append("sealed", AT, SHOP, "new", b"").seq == 6
    assert Ledger(path).all()[-1].agreement == "new"
    assert ledger.first_fault() is None


def test_a_ledger_copied_over_it_is_the_one_that_counts(path: Path) -> None:
    """In the same file, without SQLite's knowing."""
    ledger = filled(path)
    assert ledger.of_origin(SHOP)
    shutil.copyfile(other_ledger(path), path)
    assert {one.agreement[:8] for one in ledger.all()} == {"restored"}
    assert ledger.first_fault() is None


def test_a_ledger_that_was_removed_begins_anew(path: Path) -> None:
    """What was read into memory does not live on; the new one is on disk, and the person's."""
    ledger = filled(path)
    path.unlink()
    assert ledger.all() == []
    path.unlink()
    with ledger.writing() as writing:
        assert writing.append("sealed", AT, SHOP, "a", b"").seq == 1
    assert [one.agreement for one in Ledger(path).all()] == ["a"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_into_a_file_that_went_meanwhile_is_not_acknowledged(path: Path) -> None:
    """Removed or replaced before the block ended: told, as nothing of it is on record."""
    ledger = filled(path)

    def lose(how: Callable[[], object]) -> None:
        with ledger.writing() as writing:
            writing.append("sealed", AT, SHOP, "lost", b"")
            how()

    other = other_ledger(path)
    refused(lambda: lose(lambda: other.replace(path)))
    refused(lambda: lose(path.unlink))
    assert ledger.all() == []


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
