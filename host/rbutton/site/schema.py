"""Making the tables, and bringing an older release's up to date: one worker of several does."""

from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, text

from rbutton.site.errors import StoreError
from rbutton.terms.encoding import time_text

#: What each version adds to the one before. Published steps never change.
_STEPS: tuple[tuple[str, ...], ...] = (
    (
        # The tables were there before there was a version: hence IF NOT EXISTS.
        (
            "CREATE TABLE IF NOT EXISTS emanciterms_answer (id VARCHAR(43) NOT NULL PRIMARY KEY,"
            " state VARCHAR(16) NOT NULL, at VARCHAR(20) NOT NULL, until VARCHAR(20),"
            " body {bytes} NOT NULL, forget VARCHAR(20))"
        ),
        "CREATE INDEX IF NOT EXISTS ix_emanciterms_answer_forget ON emanciterms_answer (forget)",
        (
            "CREATE TABLE IF NOT EXISTS emanciterms_notice (under VARCHAR(43) NOT NULL PRIMARY KEY,"
            " hash VARCHAR(43) NOT NULL, at VARCHAR(20) NOT NULL, body {bytes} NOT NULL,"
            " answer {bytes} NOT NULL)"
        ),
    ),
    (
        "ALTER TABLE emanciterms_answer ADD COLUMN ended VARCHAR(20)",
        "CREATE INDEX ix_emanciterms_answer_ended ON emanciterms_answer (ended)",
        "CREATE INDEX ix_emanciterms_answer_at ON emanciterms_answer (at, id)",
        "UPDATE emanciterms_answer SET ended = until",
        # When a later one replaced it, nobody wrote down.
        "UPDATE emanciterms_answer SET ended = '{now}' WHERE state = 'superseded'",
        (
            "UPDATE emanciterms_answer SET ended = (SELECT n.at FROM emanciterms_notice n"
            " WHERE n.under = emanciterms_answer.id) WHERE state = 'withdrawn'"
        ),
    ),
)
_VERSION_TABLE = "emanciterms_schema"
#: Of PostgreSQL's advisory locks; the number is ours alone.
_LOCK = 0x656D616E63697465


def is_current(connection: Connection) -> bool:
    """Whether nothing is left to do.

    Raises:
        StoreError: a newer release made the tables.
    """
    return _version(connection) == len(_STEPS)


def bring_up_to_date(connection: Connection) -> None:
    """Do what is left, in a transaction that writes.

    Raises:
        StoreError: a newer release made the tables.
    """
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        # SQLite's transaction keeps others out by itself. Many rows may take their time.
        connection.execute(text("SELECT set_config('lock_timeout', '0', true)"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    version = _version(connection)
    values = {"bytes": "BYTEA" if postgresql else "BLOB", "now": time_text(datetime.now(UTC))}
    for step in _STEPS[version:]:
        for statement in step:
            connection.execute(text(statement.format(**values)))
    if version == 0:
        connection.execute(text(f"CREATE TABLE {_VERSION_TABLE} (version INTEGER NOT NULL)"))
        connection.execute(text(f"INSERT INTO {_VERSION_TABLE} VALUES (0)"))  # noqa: S608 - ours
    update = text(f"UPDATE {_VERSION_TABLE} SET version = :version")  # noqa: S608 - ours
    connection.execute(update, {"version": len(_STEPS)})


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return 0
    found = connection.execute(text(f"SELECT version FROM {_VERSION_TABLE}"))  # noqa: S608 - ours
    version = int(found.scalar_one())
    if version > len(_STEPS):
        raise StoreError(
            f"The store's tables are of version {version}, and this release knows {len(_STEPS)}. "
            "Update the r-button on this machine, or give it a database of its own."
        )
    return version
