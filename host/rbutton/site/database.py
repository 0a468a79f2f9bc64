"""Reaching the database: SQLite in a file, or PostgreSQL, so that what is committed is on disk."""

import os
import weakref
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from rbutton.site.errors import StoreError

#: Seconds a worker waits for another one's transaction; each takes a few milliseconds.
PATIENCE = 10

_FORMS = "sqlite:////var/lib/shop/emanciterms.sqlite3 or postgresql://user@host/database"
_DRIVER_MISSING = (
    "PostgreSQL's driver is not installed here. In the r-button's folder, type: "
    '.venv/bin/pip install ".[site-postgresql]"'
)


def engine(url: str) -> Engine:
    """An engine for the store; nothing is connected yet.

    Its transactions write where they have the execution option `rbutton_writes`.

    Raises:
        StoreError: the URL is none that the store can use, or its file cannot be made.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(f"The store's URL is none. It is written like {_FORMS}") from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgresql(parsed.set(drivername="postgresql+psycopg"))
        case _:
            raise StoreError(f"The store is in SQLite or PostgreSQL: {_FORMS}")


def is_there(url: str) -> bool:
    """False of SQLite's file where there is none, which `engine` would make."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return True  # for `engine` to refuse
    if parsed.get_backend_name() != "sqlite":
        return True
    return not parsed.database or Path(parsed.database).exists()


def place(of: Engine) -> str:
    """Where it is, without its password."""
    return of.url.render_as_string(hide_password=True)


def _postgresql(url: URL) -> Engine:
    try:
        made = create_engine(
            url,
            # A connection that the server has dropped is noticed before it is used.
            pool_pre_ping=True,
            pool_timeout=PATIENCE,
            connect_args={"connect_timeout": PATIENCE},
        )
    except ModuleNotFoundError:
        raise StoreError(_DRIVER_MISSING) from None

    @event.listens_for(made, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        # "off" would acknowledge what a crash may still lose; anything stricter is left alone.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
            cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()

    # A server that loads the site and then forks would share the sockets.
    ours = weakref.ref(made)

    def _in_child() -> None:
        if engine := ours():
            engine.dispose(close=False)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_child)
    return made


def _sqlite(url: URL) -> Engine:
    path = url.database
    if not path or path == ":memory:" or path.startswith("file:"):
        raise StoreError(f"The store needs a file: {_FORMS}")
    # A connection a transaction: none crosses a fork, none is left open. Python's driver would
    # begin transactions by itself and late; None leaves that to us.
    made = create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        connect_args={"isolation_level": None, "timeout": PATIENCE},
    )
    # Only the site's to read; SQLite gives its journal the same mode.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened for writing: {error.strerror}. Its folder has to be there "
            "and belong to the user that the server runs as."
        ) from None

    @event.listens_for(made, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        # DELETE, as WAL may lose data with several processes (SQLite before 3.51.3); EXTRA also
        # syncs the folder, so that a journal cannot come back after a power cut.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads and then writes fails at once where another one writes;
        # IMMEDIATE waits for it first.
        writes = connection.get_execution_options().get("rbutton_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made
