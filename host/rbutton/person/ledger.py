"""The ledger: every signed byte and what became of it, append-only and hash-chained.

Each record's digest covers all of it, its body by hash; each head covers the digest and the head
before. So a body can be erased later and the chain still verifies.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rbutton.person.errors import PersonError
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import sha256

#: policy: the bytes of a policy that a proffer rests on. proffer: signed by the person, not sent
#: yet. sent: handed to a browser for sending, body {"by": …}. response: what came back where
#: nothing was sealed, body as `decisions.response` has it. sealed: signed by both. declined,
#: refused: the site's answer.
Kind = Literal["policy", "proffer", "sent", "response", "sealed", "declined", "refused"]

_VERSION = 1
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
_COLUMNS = "seq, kind, at, origin, agreement, body"
_ALL_WITH_CHAIN = f"SELECT {_COLUMNS}, digest, head FROM record ORDER BY seq"  # noqa: S608


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


class Ledger:
    """One SQLite file, shared by the hosts of every browser profile.

    Every method raises `PersonError` ("ledger") when the file cannot be opened, read or written;
    what was acknowledged before is not touched.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """Read and append as one step, alone: nobody else's record comes in between.

        On disk when the block ends; nothing is kept if it raises.
        """
        with self._told(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def of_origin(self, origin: str) -> list[Record]:
        """All records of one site, oldest first."""
        with self._told(), closing(self._connect()) as connection:
            return _select(connection, "WHERE origin = ?", (origin,))

    def of_kinds(self, *kinds: Kind) -> list[Record]:
        """All records of these kinds, oldest first."""
        with self._told(), closing(self._connect()) as connection:
            return _of_kinds(connection, kinds)

    def all(self) -> list[Record]:
        """Every record, oldest first."""
        with self._told(), closing(self._connect()) as connection:
            return _select(connection, "", ())

    def first_fault(self) -> int | None:
        """The `seq` of the first record that does not follow from those before it, or None."""
        with self._told(), closing(self._connect()) as connection:
            head = b""
            rows = connection.execute(_ALL_WITH_CHAIN)
            for expected, (*members, digest, stored) in enumerate(rows, 1):
                record = Record(*members)
                # The number first: one too large for JCS has no digest.
                if record.seq != expected or digest != record.digest:
                    return expected
                head = _next_head(head, digest)
                if stored != head:
                    return expected
        return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # WAL has a reset bug in the SQLite of Debian 12; EXTRA also syncs the folder.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._path.chmod(0o600)
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.strip().split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")
        elif version != _VERSION:
            raise PersonError(
                "ledger", f"{self._path} was written by a newer r-button.", "Update this one."
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise PersonError(
                "ledger",
                f"{self._path} cannot be used: {error}.",
                "Nothing was changed. Check the disk's free space and the file's permissions.",
            ) from error


class Writing:
    """Inside `Ledger.writing`: the ledger as it stands, and appending to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of_origin(self, origin: str) -> list[Record]:
        """All records of one site, oldest first."""
        return _select(self._connection, "WHERE origin = ?", (origin,))

    def of_kinds(self, *kinds: Kind) -> list[Record]:
        """All records of these kinds, oldest first."""
        return _of_kinds(self._connection, kinds)

    def append(self, kind: Kind, at: str, origin: str, agreement: str, body: bytes) -> Record:
        """Add a record at the end of the chain."""
        last = self._connection.execute(
            "SELECT seq, head FROM record ORDER BY seq DESC LIMIT 1"
        ).fetchone() or (0, b"")
        record = Record(last[0] + 1, kind, at, origin, agreement, body)
        self._connection.execute(
            f"INSERT INTO record ({_COLUMNS}, digest, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                record.seq,
                record.kind,
                record.at,
                record.origin,
                record.agreement,
                record.body,
                record.digest,
                _next_head(last[1], record.digest),
            ),
        )
        return record


def _select(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> list[Record]:
    statement = f"SELECT {_COLUMNS} FROM record {where} ORDER BY seq"  # noqa: S608 - no value in it
    return [Record(*row) for row in connection.execute(statement, values)]


def _of_kinds(connection: sqlite3.Connection, kinds: tuple[Kind, ...]) -> list[Record]:
    marks = ", ".join("?" * len(kinds))
    return _select(connection, f"WHERE kind IN ({marks})", kinds)


def _next_head(head: bytes, digest: bytes) -> bytes:
    return hashlib.sha256(head + digest).digest()
