"""What the site signed and declined, so that the same payload always gets the same answer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rbutton.site import database, schema
from rbutton.site.errors import StoreError
from rbutton.site.room import Room
from rbutton.site.states import TABLE, State
from rbutton.site.tables import ANSWER, NOTICE
from rbutton.terms import agreement
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.encoding import from_time_text, time_text

#: Both signed these, whatever came after.
_AGREEMENTS = ("sealed", "superseded", "withdrawn")
#: How long after its `answer_by` a counter is remembered: who signed it in time may come late.
COUNTER_WAITS = timedelta(days=30)
#: Agreements that have ended are kept so long at least: what a counter replaces was in force about
#: when it was made, and is looked for when it is accepted.
KEPT_AT_LEAST = agreement.COUNTER_STANDS + COUNTER_WAITS + timedelta(days=1)
#: The rows that a store takes where nobody said how many.
MOST = 1_000_000
#: How often a worker drops what may be forgotten.
_SWEEPS = timedelta(minutes=1)
#: Of PostgreSQL's advisory locks: one worker sweeps, the others go on.
_SWEEP_LOCK = 0x656D616E63697466


@dataclass(frozen=True)
class Kept:
    """An answer as it was first given.

    Attributes:
        id: the agreement's, or of what was never one.
        state: as `states` has it.
        at: when it was given, RFC 3339 UTC.
        until: when an agreement ends by itself, RFC 3339 UTC, or None.
        body: the JWS signed by both, the counter, or the problem document of a decline.
        ended: when it ended, or will by itself, RFC 3339 UTC, or None.
    """

    id: str
    state: State
    at: str
    until: str | None
    body: bytes
    ended: str | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether both signed it and nothing has ended it."""
        return self.state == "sealed" and (self.until is None or from_time_text(self.until) > now)


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


class NotKept(Exception):
    """What a notice is about is not kept here."""


class StoreFull(Exception):
    """The store has as many rows as it may."""


class Store:
    """The answers, in SQLite or PostgreSQL; made there where it is new.

    Several threads and processes may use one. What a method that writes was given is on disk when
    it returns.

    Args:
        url: `sqlite:////var/lib/shop/emanciterms.sqlite3`, or `postgresql://user@host/database`.
        keep_ended: for how long agreements that have ended are kept; None: for good.
        most: how many rows it takes; no document of the exchange is larger than 13 kB.

    Raises:
        ValueError: `keep_ended` is shorter than `KEPT_AT_LEAST`.
        StoreError: the database cannot be reached or used.
    """

    def __init__(self, url: str, *, keep_ended: timedelta | None = None, most: int = MOST) -> None:
        if keep_ended is not None and keep_ended < KEPT_AT_LEAST:
            raise ValueError(f"ended agreements are kept for {KEPT_AT_LEAST.days} days at least")
        self._engine = database.engine(url)
        self._keep_ended = keep_ended
        self._room = Room(most)
        self._swept: datetime | None = None
        try:
            with self._reading() as connection:
                current = schema.is_current(connection)
            if not current:
                with self._writing() as connection:
                    schema.bring_up_to_date(connection)
        except StoreError:
            self.close()
            raise
        except SQLAlchemyError as error:
            self.close()
            said = str(getattr(error, "orig", None) or error).strip()
            raise StoreError(
                f"The store at {database.place(self._engine)} cannot be used: {said}\n"
                "Check that the database is there and running, and that this user may make tables "
                "in it."
            ) from error

    def close(self) -> None:
        """Let go of the database; what is asked afterwards opens it again."""
        self._engine.dispose()

    def known(self, agreement_id: str, now: datetime) -> Kept | None:
        """The answer this payload got, unless it may be forgotten."""
        query = select(ANSWER).where(
            ANSWER.c.id == agreement_id,
            or_(ANSWER.c.forget.is_(None), ANSWER.c.forget >= time_text(now)),
        )
        with self._reading() as connection:
            return _first(connection, query)

    def seal(self, signed: SignedAgreement, now: datetime) -> Kept:
        """Keep an agreement signed by both, and end the one it replaces.

        Returns:
            What is kept: another body, where another worker answered this payload first.

        Raises:
            NotInForce: of what it replaces; nothing is kept.
            StoreFull: nothing is kept.
        """
        until = signed.agreement.until
        kept = Kept(signed.id, "sealed", time_text(now), until, signed.body, until)

        def write(connection: Connection) -> None:
            _insert(connection, kept)
            _supersede(connection, signed.agreement.supersedes, kept.at)

        return self._first_answer(kept, now, write)

    def counter(self, made: SignedAgreement, now: datetime) -> Kept:
        """Keep the answer to a proffer: a counter, signed by the site alone.

        Returns:
            What is kept for the proffer: another answer, where another worker gave one first.

        Raises:
            NotInForce: what the proffer replaces; nothing is kept.
            StoreFull: nothing is kept.
        """
        at, offered = time_text(now), made.agreement.answers
        assert offered is not None
        forget = time_text(from_time_text(made.agreement.answer_by) + COUNTER_WAITS)
        answer = Kept(offered, "countered", at, None, made.body)

        def write(connection: Connection) -> None:
            if not _may_be_replaced(connection, made.agreement.supersedes):
                raise NotInForce
            _insert(connection, answer, forget)
            _insert(connection, Kept(made.id, "offered", at, None, made.body), forget)

        return self._first_answer(answer, now, write, rows=2)

    def accept(self, signed: SignedAgreement, now: datetime) -> Kept:
        """Keep a counter of ours that the person has signed too; end the agreement it replaces.

        Returns:
            What is kept: another body or state, where something else came first.

        Raises:
            NotInForce: of what it replaces; nothing is kept.
            NotKept: it is no counter that is remembered.
        """
        until = signed.agreement.until
        sealed = update(ANSWER).where(ANSWER.c.id == signed.id, ANSWER.c.state == "offered")
        at = time_text(now)
        after = TABLE["offered"]["accepted"]
        values = {"state": after, "at": at, "until": until, "ended": until}
        with self._writing() as connection:
            changed = connection.execute(sealed.values(**values, body=signed.body, forget=None))
            if changed.rowcount == 1:
                _supersede(connection, signed.agreement.supersedes, at)
            found = _first(connection, select(ANSWER).where(ANSWER.c.id == signed.id))
        if found is None:
            raise NotKept
        return found

    def decline(self, agreement_id: str, body: bytes, now: datetime, forget: datetime) -> Kept:
        """Keep a decline until `forget`.

        Returns:
            What is kept: another answer, where another worker gave one first.

        Raises:
            StoreFull: nothing is kept.
        """
        kept = Kept(agreement_id, "declined", time_text(now), None, body)
        return self._first_answer(
            kept, now, lambda connection: _insert(connection, kept, time_text(forget))
        )

    def withdraw(self, notice: KeptNotice) -> KeptNotice:
        """Keep the notice that ends an agreement or voids a counter: never in force again.

        Returns:
            What is kept: another notice, where one came earlier.

        Raises:
            NotKept: what it is about; nothing is kept.
        """
        query = select(ANSWER).where(ANSWER.c.id == notice.under).with_for_update()
        try:
            with self._writing() as connection:
                connection.execute(insert(NOTICE).values(vars(notice)))
                ended = _first(connection, query)
                after = TABLE[ended.state].get("withdraw") if ended else None
                if ended is None or after is None:
                    raise NotKept
                _end(connection, ended, after, notice.at)
        except IntegrityError:
            with self._reading() as connection:
                earlier = select(NOTICE).where(NOTICE.c.under == notice.under)
                return _kept_notice(connection.execute(earlier).one()._mapping)
        return notice

    def notice(self, agreement_id: str) -> KeptNotice | None:
        """The notice that ended this agreement, if one did."""
        with self._reading() as connection:
            row = connection.execute(select(NOTICE).where(NOTICE.c.under == agreement_id)).first()
        return None if row is None else _kept_notice(row._mapping)

    def agreements(self, *, after: Kept | None = None, limit: int | None = None) -> list[Kept]:
        """Agreements signed by both, oldest first.

        Args:
            after: the last of the page before; None: from the start.
            limit: how many at most; None: all of them.
        """
        query = select(ANSWER).where(ANSWER.c.state.in_(_AGREEMENTS))
        if after is not None:
            query = query.where(tuple_(ANSWER.c.at, ANSWER.c.id) > (after.at, after.id))
        return self._list(query.order_by(ANSWER.c.at, ANSWER.c.id).limit(limit))

    def number_of_agreements(self) -> int:
        """How many were signed by both, those that ended among them."""
        kept = ANSWER.c.state.in_(_AGREEMENTS)
        with self._reading() as connection:
            query = select(func.count()).select_from(ANSWER).where(kept)
            return connection.execute(query).scalar_one()

    def latest(self, limit: int) -> list[Kept]:
        """The agreements that came last, newest first."""
        query = select(ANSWER).where(ANSWER.c.state.in_(_AGREEMENTS))
        return self._list(query.order_by(ANSWER.c.at.desc(), ANSWER.c.id.desc()).limit(limit))

    def _list(self, query: Select[Any]) -> list[Kept]:
        with self._reading() as connection:
            return [_kept(row._mapping) for row in connection.execute(query)]

    def _first_answer(
        self, kept: Kept, now: datetime, write: Callable[[Connection], None], rows: int = 1
    ) -> Kept:
        """Keep an answer by `write`, or read the one that another worker gave first."""
        self._sweep(now)
        if not self._room.take(rows, now, self._count):
            raise StoreFull
        try:
            with self._writing() as connection:
                write(connection)
        except IntegrityError:
            with self._reading() as connection:
                first = _first(connection, select(ANSWER).where(ANSWER.c.id == kept.id))
            if first is None:
                raise
            return first
        return kept

    def _count(self) -> int:
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(ANSWER)).scalar_one()

    def _sweep(self, now: datetime) -> None:
        """Drop what may be forgotten, now and then."""
        if self._swept is not None and abs(now - self._swept) < _SWEEPS:
            return
        self._swept = now
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                ours = text("SELECT pg_try_advisory_xact_lock(:lock)")
                if not connection.execute(ours, {"lock": _SWEEP_LOCK}).scalar_one():
                    return
            connection.execute(delete(ANSWER).where(ANSWER.c.forget < time_text(now)))
            if self._keep_ended is not None:
                old = ANSWER.c.ended < time_text(now - self._keep_ended)
                notices = NOTICE.c.under.in_(select(ANSWER.c.id).where(old))
                connection.execute(delete(NOTICE).where(notices))
                connection.execute(delete(ANSWER).where(old))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        writing = self._engine.execution_options(rbutton_writes=True)
        with writing.begin() as connection:
            yield connection


def _insert(connection: Connection, kept: Kept, forget: str | None = None) -> None:
    connection.execute(insert(ANSWER).values({**vars(kept), "forget": forget}))


def _stands(agreement_id: str) -> list[Any]:
    """Nobody ended it. It may have run out: what replaces it then is not in force beside it."""
    return [ANSWER.c.id == agreement_id, ANSWER.c.state == "sealed"]


def _may_be_replaced(connection: Connection, agreement_id: str | None) -> bool:
    if agreement_id is None:
        return True
    query = select(ANSWER.c.id).where(*_stands(agreement_id))
    return connection.execute(query).first() is not None


def _supersede(connection: Connection, agreement_id: str | None, now: str) -> None:
    if agreement_id is None:
        return
    # The row's lock decides between two that replace the same agreement: the second finds none.
    old = update(ANSWER).where(*_stands(agreement_id))
    after = TABLE["sealed"]["replaced"]
    ended = case((ANSWER.c.ended < now, ANSWER.c.ended), else_=now)
    if connection.execute(old.values(state=after, ended=ended)).rowcount != 1:
        raise NotInForce


def _end(connection: Connection, kept: Kept, after: State, now: str) -> None:
    ended = min(kept.ended or now, now)
    values = {"state": after, "ended": ended, "forget": None}
    connection.execute(update(ANSWER).where(ANSWER.c.id == kept.id).values(values))
    if kept.state == "countered":
        # Its counter with it, unless that is an agreement already.
        made = agreement.read(kept.body).id
        still = update(ANSWER).where(ANSWER.c.id == made, ANSWER.c.state == "offered")
        connection.execute(still.values(values))


def _first(connection: Connection, query: Any) -> Kept | None:
    row = connection.execute(query).first()
    return None if row is None else _kept(row._mapping)


def _kept(row: Mapping[Any, Any]) -> Kept:
    body = bytes(row["body"])
    return Kept(row["id"], row["state"], row["at"], row["until"], body, row["ended"])


def _kept_notice(row: Mapping[Any, Any]) -> KeptNotice:
    body, answer = bytes(row["body"]), bytes(row["answer"])
    return KeptNotice(row["under"], row["hash"], row["at"], body, answer)
