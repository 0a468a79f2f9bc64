"""What was read of sites: exact bytes, where and when, so that it can be shown and not asked again.

No evidence, as nobody signed it, and no part of the ledger or of a backup: what is lost here can be
read again. A damaged file is begun anew. It says which sites the person had to do with, so it is
bounded, and `rbutton forget` erases a site from it.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rbutton.person.errors import PersonError
from rbutton.terms.encoding import from_time_text, time_text

#: tk: a response's `Tk`, joined by ", " if there were several. consent-link: the address a page
#: names for its requests for consent. myterms-link: a page said that there is a myterms.json.
#: policy: the ⊃ policy. status: the tracking status of the whole site; status-id: of what a `Tk`
#: names. The others are what was served at their addresses.
What = Literal[
    "tk",
    "consent-link",
    "myterms-link",
    "policy",
    "status",
    "gpc",
    "eff",
    "myterms",
    "status-id",
    "consent",
]
#: said: bytes of the right kind. absent: 404 or 410. web-page, other-type: something else was
#: served. too-large: more than is read. status, timeout, network: no answer.
Outcome = Literal[
    "said", "absent", "web-page", "other-type", "too-large", "status", "timeout", "network"
]

#: No address is asked again before.
WEEK = timedelta(days=7)
#: Where there was no answer.
HOUR = timedelta(hours=1)

#: The oldest go first.
MAX_ROWS = 5_000
MAX_BYTES = 16 * 1024 * 1024
#: Of what stands at one address: as it is, and as it was before.
MAX_VERSIONS = 3
#: Of one site, however many addresses it names; those that it named go first.
MAX_OF_SITE = 40

VERSION = 1
_SCHEMA = """
CREATE TABLE seen (
  origin TEXT NOT NULL,
  what TEXT NOT NULL,
  url TEXT NOT NULL,
  first TEXT NOT NULL,
  last TEXT NOT NULL,
  outcome TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX seen_origin ON seen (origin, what);
"""
_COLUMNS = "origin, what, url, first, last, outcome, body"
_OF_ORIGIN = f"SELECT {_COLUMNS} FROM seen WHERE origin = ? ORDER BY rowid DESC"  # noqa: S608 - no value in it, nor below
_SAME = "FROM seen WHERE origin = ? AND what = ? AND url = ? AND outcome = ? AND body = ?"
_KEEP = f"INSERT INTO seen ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
# What is kept gets a new row each time: a clock that was ahead once keeps nothing out.
_TRIM_VERSIONS = """
DELETE FROM seen WHERE rowid IN (
  SELECT rowid FROM seen WHERE origin = ? AND what = ? AND url = ?
  ORDER BY rowid DESC LIMIT -1 OFFSET ?
)
"""
_TRIM_SITE = """
DELETE FROM seen WHERE rowid IN (
  SELECT rowid FROM seen WHERE origin = ?
  ORDER BY what IN ('status-id', 'consent'), rowid DESC LIMIT -1 OFFSET ?
)
"""
_TRIM_ALL = """
DELETE FROM seen WHERE rowid IN (
  SELECT rowid FROM (
    SELECT rowid, row_number() OVER newest AS number, sum(length(body)) OVER newest AS size
    FROM seen WINDOW newest AS (ORDER BY rowid DESC)
  ) WHERE number > ? OR size > ?
)
"""


@dataclass(frozen=True)
class Seen:
    """What came from one address, or in one header.

    Attributes:
        url: where it was read; of a header or a link, the origin.
        first: when it was first so, RFC 3339 in UTC.
        last: when it last was.
        body: exact bytes; empty but with `said`.
    """

    origin: str
    what: What
    url: str
    first: str
    last: str
    outcome: Outcome
    body: bytes

    @property
    def silent(self) -> bool:
        """There was no answer."""
        return self.outcome in ("status", "timeout", "network")

    @property
    def again(self) -> datetime:
        """From when it may be asked again, UTC."""
        return from_time_text(self.last) + (HOUR if self.silent else WEEK)

    def fresh(self, now: datetime) -> bool:
        """Whether it is too soon to ask again; not by a clock that was ahead then."""
        return from_time_text(self.last) <= now < self.again


class SeenOfSites:
    """One SQLite file, shared by the hosts of every browser profile.

    Every method raises `PersonError` ("seen") when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = threading.Lock()

    def keep(
        self, origin: str, what: What, *, url: str, outcome: Outcome, body: bytes, now: datetime
    ) -> None:
        """Keep what was read; what is the same as before only gets a later date."""
        at = time_text(now)
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            same = (origin, what, url, outcome, body)
            before = connection.execute(f"SELECT first {_SAME}", same).fetchone()
            # A new row, and so the newest also of those of this second.
            connection.execute(f"DELETE {_SAME}", same)
            first = before[0] if before else at
            connection.execute(_KEEP, (origin, what, url, first, at, outcome, body))
            connection.execute(_TRIM_VERSIONS, (origin, what, url, MAX_VERSIONS))
            connection.execute(_TRIM_SITE, (origin, MAX_OF_SITE))
            (rows,) = connection.execute("SELECT count(*) FROM seen").fetchone()
            (size,) = connection.execute("SELECT sum(length(body)) FROM seen").fetchone()
            if rows > MAX_ROWS or size > MAX_BYTES:
                # Some more than must go, so that it is not each time.
                connection.execute(_TRIM_ALL, (MAX_ROWS * 9 // 10, MAX_BYTES * 9 // 10))
            connection.execute("COMMIT")

    def of_origin(self, origin: str) -> list[Seen]:
        """What was read of one site, newest first."""
        return self._rows(_OF_ORIGIN, origin)

    def origins(self) -> list[str]:
        """The sites of which something was read."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            found = connection.execute("SELECT DISTINCT origin FROM seen ORDER BY origin")
            return [origin for (origin,) in found]

    def forget(self, origins: Collection[str]) -> int:
        """Erase all that was read of these sites: how many rows. No bytes of them stay."""
        if not self._path.exists():
            return 0
        erased = 0
        with self._open() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            for origin in origins:
                found = connection.execute("DELETE FROM seen WHERE origin = ?", (origin,))
                erased += found.rowcount
            connection.execute("VACUUM")
        return erased

    def _rows(self, statement: str, *values: Any) -> list[Seen]:
        if not self._path.exists():
            return []
        with self._open() as connection:
            return [Seen(*row) for row in connection.execute(statement, values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time:
            try:
                with closing(self._connect()) as connection:
                    yield connection
            except sqlite3.DatabaseError as error:
                if not isinstance(error, sqlite3.OperationalError):
                    self._discard()
                raise self._unusable(error) from error
            except OSError as error:
                raise self._unusable(error) from error

    def _connect(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # No database, or a damaged one.
            self._discard()
            return _connect(self._path)

    def _discard(self) -> None:
        for name in (self._path.name, f"{self._path.name}-journal"):
            self._path.with_name(name).unlink(missing_ok=True)

    def _unusable(self, error: Exception) -> PersonError:
        return PersonError(
            "seen",
            f"{self._path} cannot be used: {error}.",
            "Check the disk's free space, or remove that file: it has only what was read of sites.",
        )


def _connect(path: Path) -> sqlite3.Connection:
    # SQLite would make it as the umask has it.
    with suppress(FileExistsError):
        path.touch(0o600, exist_ok=False)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
        # A power cut may cost what was read last, or the file: it is no record.
        connection.execute("PRAGMA synchronous = OFF")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            connection.execute("BEGIN IMMEDIATE")
            # Another release's: begun anew, as nothing in it is worth translating.
            connection.execute("DROP TABLE IF EXISTS seen")
            for statement in _SCHEMA.strip().split(";")[:-1]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection
