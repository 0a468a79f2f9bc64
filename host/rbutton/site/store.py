"""What the site signed and declined, so that the same payload always gets the same answer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.encoding import time_text

State = Literal["sealed", "superseded", "withdrawn", "declined"]

#: Seconds a worker waits for another one's transaction; each takes a few milliseconds.
PATIENCE = 10

_METADATA = MetaData()
#: One row an answered payload; its id as primary key makes the first answer the only one.
#: Times are RFC 3339 text in UTC: the same in every database, and in order as text.
_ANSWER = Table(
    "emanciterms_answer",
    _METADATA,
    Column("id", String(43), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", String(20), nullable=False),
    Column("until", String(20)),
    Column("body", LargeBinary, nullable=False),
    # Only a decline has it: afterwards the proffer has expired, and is refused for that.
    Column("forget", String(20), index=True),
)
#: One row a withdrawn agreement: the notice that ended it, and what it was answered with.
_NOTICE = Table(
    "emanciterms_notice",
    _METADATA,
    Column("under", String(43), primary_key=True),
    Column("hash", String(43), nullable=False),
    Column("at", String(20), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Kept:
    """An answer as it was first given.

    Attributes:
        id: the agreement's.
        state: `superseded` is an agreement that a later one replaced, `withdrawn` one that the
            person ended.
        at: when it was given, RFC 3339 UTC.
        until: when an agreement ends by itself, RFC 3339 UTC, or None.
        body: the JWS signed by both, or the problem document of a decline.
    """

    id: str
    state: State
    at: str
    until: str | None
    body: bytes


@dataclass(frozen=True)
class KeptNotice:
    """The notice that ended an agreement.

    Attributes:
        under: the id of the agreement.
        hash: of the notice's payload.
        at: when it came, RFC 3339 UTC.
        body: the notice as it came, a JWS signed by the person.
        answer: the JWS it was acknowledged with.
    """

    under: str
    hash: str
    at: str
    body: bytes
    answer: bytes


class NotInForce(Exception):
    """What a proffer `supersedes` is not an agreement in force here."""


class Store:
    """The answers, in any database that SQLAlchemy reaches; made there where it is new.

    Several threads and processes may use one. What a method that writes was given is on disk when
    it returns.

    Args:
        url: `sqlite:////var/lib/shop/emanciterms.sqlite3`, or `postgresql+psycopg://…`.

    Raises:
        ValueError: an SQLite database in memory, which forgets.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        with self._writing() as connection:
            for table in (_ANSWER, _NOTICE):
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _ANSWER.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def known(self, agreement_id: str, now: datetime) -> Kept | None:
        """The answer this payload got, unless it is a decline that may be forgotten."""
        query = select(_ANSWER).where(
            _ANSWER.c.id == agreement_id,
            or_(_ANSWER.c.forget.is_(None), _ANSWER.c.forget >= time_text(now)),
        )
        with self._engine.begin() as connection:
            return _first(connection, query)

    def seal(self, signed: SignedAgreement, now: datetime) -> Kept:
        """Keep an agreement signed by both, and end the one it replaces.

        Returns:
            What is kept: another body, where another worker answered this payload first.

        Raises:
            NotInForce: of what it replaces; nothing is kept.
        """
        kept = Kept(signed.id, "sealed", time_text(now), signed.agreement.until, signed.body)
        return self._first_answer(kept, None, signed.agreement.supersedes)

    def decline(self, agreement_id: str, body: bytes, now: datetime, forget: datetime) -> Kept:
        """Keep a decline until `forget`, and drop those whose time has come.

        Returns:
            What is kept: another answer, where another worker gave one first.
        """
        kept = Kept(agreement_id, "declined", time_text(now), None, body)
        with self._writing() as connection:
            connection.execute(delete(_ANSWER).where(_ANSWER.c.forget < time_text(now)))
        return self._first_answer(kept, time_text(forget), None)

    def withdraw(self, notice: KeptNotice) -> KeptNotice:
        """Keep the notice that ends an agreement, which is never in force again.

        Returns:
            What is kept: another notice, where one came earlier.
        """
        try:
            with self._writing() as connection:
                connection.execute(insert(_NOTICE).values(vars(notice)))
                ended = update(_ANSWER).where(_ANSWER.c.id == notice.under)
                connection.execute(ended.values(state="withdrawn"))
        except IntegrityError:
            with self._engine.begin() as connection:
                query = select(_NOTICE).where(_NOTICE.c.under == notice.under)
                first = connection.execute(query).one()._mapping
            return KeptNotice(
                *(first["under"], first["hash"], first["at"]),
                *(bytes(first["body"]), bytes(first["answer"])),
            )
        return notice

    def agreements(self) -> list[Kept]:
        """Every agreement signed by both, oldest first."""
        query = select(_ANSWER).where(_ANSWER.c.state != "declined")
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(_ANSWER.c.at, _ANSWER.c.id))
            return [_kept(row._mapping) for row in rows]

    def _first_answer(self, kept: Kept, forget: str | None, supersedes: str | None) -> Kept:
        values = {**vars(kept), "forget": forget}
        try:
            with self._writing() as connection:
                connection.execute(insert(_ANSWER).values(values))
                if supersedes is not None:
                    _supersede(connection, supersedes, kept.at)
        except IntegrityError:
            with self._engine.begin() as connection:
                first = _first(connection, select(_ANSWER).where(_ANSWER.c.id == kept.id))
            if first is None:
                raise
            return first
        return kept

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        writing = self._engine.execution_options(rbutton_writes=True)
        with writing.begin() as connection:
            yield connection


def _supersede(connection: Connection, agreement_id: str, now: str) -> None:
    # The row's lock decides between two that replace the same agreement: the second finds none.
    old = update(_ANSWER).where(
        _ANSWER.c.id == agreement_id,
        _ANSWER.c.state == "sealed",
        or_(_ANSWER.c.until.is_(None), _ANSWER.c.until > now),
    )
    if connection.execute(old.values(state="superseded")).rowcount != 1:
        raise NotInForce


def _first(connection: Connection, query: Any) -> Kept | None:
    row = connection.execute(query).first()
    return None if row is None else _kept(row._mapping)


def _kept(row: Any) -> Kept:
    return Kept(row["id"], row["state"], row["at"], row["until"], bytes(row["body"]))


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url)
    # A connection a transaction: none crosses a fork, none is left open. Python's driver would
    # begin transactions by itself and late; None leaves that to us.
    engine = create_engine(
        url, poolclass=NullPool, connect_args={"isolation_level": None, "timeout": PATIENCE}
    )
    path = engine.url.database
    if not path or path == ":memory:":
        raise ValueError("the store needs a file: sqlite:////var/lib/shop/emanciterms.sqlite3")
    # Only the site's to read; SQLite gives its journal the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        # DELETE, as WAL may lose data with several processes (SQLite before 3.51.3); EXTRA also
        # syncs the folder, so that a journal cannot come back after a power cut.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads and then writes fails at once where another one writes;
        # IMMEDIATE waits for it first.
        writes = connection.get_execution_options().get("rbutton_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
