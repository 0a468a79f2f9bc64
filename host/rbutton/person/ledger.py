"""The ledger: every signed byte and what became of it, append-only and hash-chained.

Each record's digest covers all of it, its body by hash; each head covers the digest and the head
before. So a record can be erased later, its digest kept, and the chain still verifies. What an
erased one was, nobody can tell any more: neither its site nor whether it was erased with reason.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from rbutton.person.errors import PersonError
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import sha256

#: policy: the bytes of a policy that a proffer rests on. proffer: signed by the person, not sent
#: yet. sent: handed to a browser for sending, body {"by": …}. response: what came back where
#: nothing was sealed, body as `decisions.response` has it. sealed: signed by both. declined,
#: refused: the site's answer. countered: the site's counter-offer to the proffer that `agreement`
#: names; counter-accepted, counter-declined: what the person said to it, body {"by", "counter"}.
#: accepted: that counter, signed by both; delivered, undeliverable: what the site said to that.
#: replaced: a later agreement took its place, body {"by": its id}. withdraw: the person's notice
#: that ends what `agreement` names. acknowledged, notice-refused: the site's answer to that.
#: erased: forgotten, all else is empty.
Kind = Literal[
    "policy",
    "proffer",
    "sent",
    "response",
    "sealed",
    "declined",
    "refused",
    "countered",
    "counter-accepted",
    "counter-declined",
    "accepted",
    "delivered",
    "undeliverable",
    "replaced",
    "withdraw",
    "acknowledged",
    "notice-refused",
    "erased",
]

#: Of the file, as SQLite keeps it for us (`user_version`).
VERSION = 1
_SCHEMA = """
CREATE TABLE record (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  origin TEXT NOT NULL,
  agreement TEXT NOT NULL,
  body BLOB NOT NULL,
  digest BLOB NOT NULL,
  head BLOB NOT NULL
) STRICT;
CREATE INDEX record_origin ON record (origin, seq);
"""
#: Ledgers of 0.1.0 have none of these. The next write makes them: one that cannot be written to
#: can still be read.
_INDEXES = (
    "record_offered ON record (seq, origin) WHERE kind IN ('proffer', 'accepted')",
    "record_sent ON record (at, origin) WHERE kind = 'sent'",
)
_COLUMNS = "seq, kind, at, origin, agreement, body"
_ALL = f"SELECT {_COLUMNS} FROM record ORDER BY seq"  # noqa: S608 - no value in it, nor below
_ALL_WITH_CHAIN = f"SELECT {_COLUMNS}, digest, head FROM record ORDER BY seq"  # noqa: S608
_LINKS = (
    f"SELECT {_COLUMNS}, digest, head FROM record "  # noqa: S608
    "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 500"
)
_ERASE = (
    "UPDATE record SET kind = 'erased', at = '', origin = '', agreement = '', body = x'' "
    "WHERE origin = ?"
)
_OF_ORIGIN = f"SELECT {_COLUMNS} FROM record WHERE origin = ? ORDER BY seq"  # noqa: S608
_SENT = """
SELECT at, origin, body, EXISTS (
  SELECT 1 FROM record AS answer
  WHERE answer.origin = asked.origin AND answer.agreement = asked.agreement
    AND answer.kind IN ('sealed', 'declined', 'refused', 'countered', 'withdraw')
) FROM record AS asked
WHERE kind = 'sent' AND (at >= ? OR instr(origin, ?)) ORDER BY at, origin
"""
#: Beyond every `seq`.
_NO_SEQ = 2**63 - 1
_OFFERED_TOTAL = (
    "SELECT count(*) FROM record WHERE kind IN ('proffer', 'accepted') AND instr(origin, ?)"
)
_OFFERED = f"""
WITH proffer AS (
  SELECT seq, origin, agreement FROM record
  WHERE kind IN ('proffer', 'accepted') AND instr(origin, ?) AND seq < ?
  ORDER BY seq DESC LIMIT ?
)
SELECT proffer.seq, {", ".join(f"record.{name}" for name in _COLUMNS.split(", "))}
FROM proffer CROSS JOIN record
ON record.origin = proffer.origin AND record.agreement = proffer.agreement
WHERE record.kind <> 'policy'
ORDER BY proffer.seq DESC, record.seq
"""  # noqa: S608 - no value in it


@dataclass(frozen=True)
class Record:
    """One line of the ledger.

    Attributes:
        seq: 1, 2, 3, …
        at: RFC 3339, UTC.
        origin: the site's.
        agreement: the id of the agreement it is about.
        body: exact bytes, as signed or received.
    """

    seq: int
    kind: Kind
    at: str
    origin: str
    agreement: str
    body: bytes

    @property
    def digest(self) -> bytes:
        members = {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "origin": self.origin,
            "agreement": self.agreement,
            "body": sha256(self.body),
        }
        return hashlib.sha256(canonical(members)).digest()

    def made(self, digest: bytes) -> bool:
        """Whether the digest may be this record's: of an erased one it cannot be told."""
        if self.kind == "erased":
            return (self.at, self.origin, self.agreement, self.body) == ("", "", "", b"")
        return self.digest == digest


@dataclass(frozen=True)
class Link:
    """A record as it stands in the chain.

    Attributes:
        digest: as it was stored; that of an erased record is what it was before.
        head: as it was stored, the record's own included.
    """

    record: Record
    digest: bytes
    head: bytes


@dataclass(frozen=True)
class Tail:
    """The end of the chain: how many records there are, and the last head (empty before any)."""

    records: int
    head: bytes


@dataclass(frozen=True)
class Offered:
    """Some of what was offered.

    Attributes:
        total: how many there are in all.
        agreements: the records of each, oldest first; the first is the proffer, or the counter
            that was accepted. No policies.
    """

    total: int
    agreements: list[list[Record]]


@dataclass(frozen=True)
class Sent:
    """One `sent` record, as far as it matters to other sites.

    Attributes:
        at: RFC 3339, UTC.
        origin: the site's.
        by: "click", "touch" or "retry".
        answered: it was sealed, countered, declined, refused or withdrawn.
    """

    at: str
    origin: str
    by: str
    answered: bool


class Ledger:
    """One SQLite file, shared by the hosts of every browser profile, and by the threads of each.

    It is kept open, and opened anew when something other than this has changed the file: another
    host, a restored backup, a newer r-button.

    Every method raises `PersonError` ("ledger") when the file cannot be opened, read or written;
    what was acknowledged before is not touched.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._left_as: _Mark | None = None

    def __del__(self) -> None:
        self._close()

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """Read and append as one step, alone: nobody else's record comes in between.

        On disk when the block ends; nothing is kept if it raises.
        """
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for index in _INDEXES:
                    connection.execute(f"CREATE INDEX IF NOT EXISTS {index}")
                yield Writing(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def of_origin(self, origin: str) -> list[Record]:
        """All records of one site, oldest first."""
        with self._open() as connection:
            return _of_origin(connection, origin)

    def sent(self, *, since: str, containing: str) -> list[Sent]:
        """What was sent since then, or to any origin with this text in it, by time."""
        with self._open() as connection:
            return _sent(connection, since, containing)

    def offered(self, *, before: int | None, find: str, limit: int) -> Offered:
        """What was offered to origins with `find` in them, newest first.

        Args:
            before: only proffers with a lower `seq`; None begins with the newest.
            find: in lower case; empty finds all.
            limit: at most so many.
        """
        with self._open() as connection:
            total = _rows(connection, _OFFERED_TOTAL, find)[0][0]
            values = (find, _NO_SEQ if before is None else before, limit)
            rows = _rows(connection, _OFFERED, *values)
        by_proffer = groupby(rows, key=itemgetter(0))
        return Offered(total, [[Record(*row[1:]) for row in some] for _, some in by_proffer])

    def all(self) -> list[Record]:
        """Every record, oldest first."""
        with self._open() as connection:
            return [Record(*row) for row in _rows(connection, _ALL)]

    def first_fault(self) -> int | None:
        """The `seq` of the first record that does not follow from those before it, or None."""
        with self._open() as connection, closing(connection.execute(_ALL_WITH_CHAIN)) as rows:
            head = b""
            for expected, (*members, digest, stored) in enumerate(rows, 1):
                record = Record(*members)
                # The number first: one too large for JCS has no digest.
                if record.seq != expected or not record.made(digest):
                    return expected
                head = next_head(head, digest)
                if stored != head:
                    return expected
        return None

    def tail(self) -> "Tail":
        """Where the chain ends now."""
        with self._open() as connection:
            return _tail(connection)

    def links(self, *, after: int, upto: int) -> list["Link"]:
        """Records with their digests and heads, in the order of `seq`, some at a time.

        Nobody waits for who reads a long ledger so: between two calls others write.

        Args:
            after: only those with a higher `seq`.
            upto: none with a higher `seq`.
        """
        with self._open() as connection:
            rows = _rows(connection, _LINKS, after, upto)
        return [Link(Record(*members), digest, head) for *members, digest, head in rows]

    def origins(self) -> list[str]:
        """The sites of which there are records."""
        with self._open() as connection:
            found = _rows(connection, "SELECT DISTINCT origin FROM record WHERE origin <> ''")
        return [origin for (origin,) in found]

    def wipe(self) -> None:
        """Leave no bytes in the file of what was erased; they may be in its unused parts."""
        with self._open() as connection:
            connection.execute("VACUUM")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time:
            try:
                connection = self._connection
                if connection is None or not self._is_as_left():
                    connection = self._open_anew()
                if _version(connection) != VERSION:
                    self._close()
                    raise PersonError(
                        "ledger",
                        f"{self._path} was written by a newer r-button.",
                        "Update this one.",
                    )
                yield connection
                self._leave()
            except (sqlite3.Error, OSError) as error:
                self._close()
                raise PersonError(
                    "ledger",
                    f"{self._path} cannot be used: {error}.",
                    "Nothing was changed. Check the disk's free space and the file's permissions.",
                ) from error

    def _open_anew(self) -> sqlite3.Connection:
        self._close()
        # SQLite would make it as the umask has it.
        with suppress(FileExistsError):
            self._path.touch(0o600, exist_ok=False)
        # Before it is opened: what takes its place in between is noticed afterwards.
        self._left_as = _Mark.of(self._path)
        self._connection = _connect(self._path)
        return self._connection

    def _is_as_left(self) -> bool:
        try:
            return _Mark.of(self._path) == self._left_as
        except FileNotFoundError:
            return False

    def _leave(self) -> None:
        mark = _Mark.of(self._path)
        if self._left_as is None or mark.file != self._left_as.file:
            # What was written went into a file that is no longer there.
            raise OSError("another file was put in its place")
        self._left_as = mark

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()


@dataclass(frozen=True)
class _Mark:
    """Which file it is, and when it was changed by whomever: SQLite sees only its own changes."""

    file: tuple[int, int]
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "_Mark":
        found = path.stat()
        return cls((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)


class Writing:
    """Inside `Ledger.writing`: the ledger as it stands, and appending to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of_origin(self, origin: str) -> list[Record]:
        """All records of one site, oldest first."""
        return _of_origin(self._connection, origin)

    def sent(self, *, since: str, containing: str) -> list[Sent]:
        """As `Ledger.sent`."""
        return _sent(self._connection, since, containing)

    def append(self, kind: Kind, at: str, origin: str, agreement: str, body: bytes) -> Record:
        """Add a record at the end of the chain."""
        last = self.tail()
        record = Record(last.records + 1, kind, at, origin, agreement, body)
        self._insert(record, record.digest, last.head)
        return record

    def append_link(self, record: Record, digest: bytes) -> None:
        """Add a record of another ledger, its number the next one here, with that digest."""
        self._insert(record, digest, self.tail().head)

    def tail(self) -> Tail:
        """Where the chain ends."""
        return _tail(self._connection)

    def erase(self, origins: Iterable[str]) -> int:
        """Erase all records of these sites, for good: how many. `Ledger.wipe` is due afterwards."""
        self._connection.execute("PRAGMA secure_delete = ON")
        erased = 0
        for origin in origins:
            erased += self._connection.execute(_ERASE, (origin,)).rowcount
        return erased

    def _insert(self, record: Record, digest: bytes, head: bytes) -> None:
        self._connection.execute(
            f"INSERT INTO record ({_COLUMNS}, digest, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                record.seq,
                record.kind,
                record.at,
                record.origin,
                record.agreement,
                record.body,
                digest,
                next_head(head, digest),
            ),
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=10,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # WAL has a reset bug in the SQLite of Debian 12; EXTRA also syncs the folder.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        if _version(connection) == 0:
            path.chmod(0o600)
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) == 0:
                for statement in _SCHEMA.strip().split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    version: int = _rows(connection, "PRAGMA user_version")[0][0]
    return version


def _tail(connection: sqlite3.Connection) -> Tail:
    found = _rows(connection, "SELECT seq, head FROM record ORDER BY seq DESC LIMIT 1")
    return Tail(*found[0]) if found else Tail(0, b"")


def _of_origin(connection: sqlite3.Connection, origin: str) -> list[Record]:
    return [Record(*row) for row in _rows(connection, _OF_ORIGIN, origin)]


def _sent(connection: sqlite3.Connection, since: str, containing: str) -> list[Sent]:
    return [
        Sent(at, origin, str(json.loads(body)["by"]), bool(answered))
        for at, origin, body, answered in _rows(connection, _SENT, since, containing)
    ]


def _rows(connection: sqlite3.Connection, statement: str, *values: str | int) -> list[Any]:
    """All rows at once: a statement that is not read to its end keeps the file locked."""
    with closing(connection.execute(statement, values)) as cursor:
        return cursor.fetchall()


def next_head(head: bytes, digest: bytes) -> bytes:
    """The head after a record of that digest."""
    return hashlib.sha256(head + digest).digest()
