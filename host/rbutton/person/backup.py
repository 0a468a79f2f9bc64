"""What is in a backup, line by line (docs/backup.md): a first line, then a line a record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import Field

from rbutton import __version__
from rbutton.person import sealed_file
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Kind, Ledger, Link, Record, Tail, next_head
from rbutton.person.sealed_file import Cost, SealedFile
from rbutton.person.seed import Seed
from rbutton.person.terms_file import FIX_TOO_LARGE, MAX_BYTES
from rbutton.person.verification import Progress, Verification, verified
from rbutton.terms import documents
from rbutton.terms.encoding import Hash, Text, Time, b64u, from_b64u, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.models import Closed, build

#: No record's body is larger: all that comes from a site is capped so (protocol).
_LARGEST_BODY = documents.MAX_BYTES
_LONGEST_LINE = 1_048_576
_LONGEST_TEXT = 524_288
_MOST_RECORDS = 10_000_000


@dataclass(frozen=True)
class Contents:
    """What a backup says of itself in its first line.

    Attributes:
        made: when.
        by: the version of the r-button that wrote it.
        terms: the bytes of `terms.toml`, None where there was none.
        last_good: those of the last good one.
        seed: 32 bytes; None where none was made yet.
        tail: how many records follow, and where their chain ends.
    """

    made: str
    by: str
    terms: bytes | None
    last_good: bytes | None
    seed: bytes | None
    tail: Tail


@dataclass(frozen=True)
class Written:
    """A backup that is on disk, and how many agreements are in it."""

    contents: Contents
    agreements: int


def write(
    home: Home,
    path: Path,
    passphrase: str,
    now: datetime,
    progress: Progress,
    *,
    replace: bool = False,
    cost: Cost = sealed_file.RECOMMENDED,
) -> Written:
    """Everything of the person's, in one file under a passphrase.

    Every record is checked on the way: what is written can be read back.

    Raises:
        BadRecord: the ledger is damaged.
        PersonError: something of the person's cannot be read, or the file not written. There is
            no file then.
    """
    ledger = Ledger(home.data / "ledger.sqlite3")
    contents = Contents(
        made=time_text(now),
        by=__version__,
        terms=read_if_there(home.terms_file),
        last_good=read_if_there(home.last_good),
        seed=Seed(home).kept(),
        tail=ledger.tail(),
    )
    verification = Verification()
    with sealed_file.writing(path, passphrase, replace=replace, cost=cost) as file:
        file.write(_first_line(contents))
        for link in verified(ledger, contents.tail, progress, verification):
            file.write(_line(link))
    return Written(contents, len(verification.agreements))


class Backup:
    """A backup that was opened.

    Every method raises `PersonError` ("backup") when the file cannot be read, or holds what no
    r-button writes.
    """

    def __init__(self, sealed: SealedFile) -> None:
        self._sealed = sealed
        with sealed.content() as file:
            self.contents = self._first(file)

    @property
    def path(self) -> Path:
        return self._sealed.path

    def links(self) -> Iterator[Link]:
        """Its records, oldest first; at the end it is known that the chain is whole."""
        tail, head = self.contents.tail, b""
        with self._sealed.content() as file:
            self._first(file)
            for number in range(1, tail.records + 1):
                try:
                    record, digest = _record(_next_line(file), number)
                except InvalidDocument as error:
                    raise self.bad(f"its record {number} cannot be read: {error}") from None
                head = next_head(head, digest)
                yield Link(record, digest, head)
            if file.read(1):
                raise self.bad("it goes on after its last record")
        if head != tail.head:
            raise self.bad("its records are not those of the ledger it was made from")

    def bad(self, why: str) -> PersonError:
        """The passphrase was right, and still this is nothing to take in."""
        return PersonError(
            "backup", f"{self.path} cannot be used: {why}.", "Nothing was taken from it."
        )

    def _first(self, file: IO[bytes]) -> Contents:
        try:
            members = documents.parse(
                _next_line(file),
                "first line",
                max_bytes=_LONGEST_LINE,
                max_characters=_LONGEST_TEXT,
            )
            first = build(_First, members, "first line")
            return Contents(
                made=first.made,
                by=first.by,
                terms=_bytes(first.terms),
                last_good=_bytes(first.last_good),
                seed=_bytes(first.seed),
                tail=Tail(first.records, from_b64u(first.head)),
            )
        except InvalidDocument as error:
            raise self.bad(str(error)) from None


class _First(Closed):
    made: Time
    by: Annotated[Text, Field(max_length=40)]
    terms: Text | None
    last_good: Text | None
    seed: Hash | None
    records: Annotated[int, Field(ge=0, le=_MOST_RECORDS)]
    head: Text


class _Kept(Closed):
    seq: int
    kind: Text
    at: Text
    origin: Text
    agreement: Text
    body: Text


class _Erased(Closed):
    seq: int
    kind: Literal["erased"]
    digest: Hash


def read_if_there(path: Path) -> bytes | None:
    """The bytes of a file of terms; None where there is none.

    Raises:
        PersonError: "config": it cannot be read, or is too large to be one.
    """
    try:
        with path.open("rb") as file:
            found = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PersonError(
            "config", f"{path} cannot be read: {error.strerror}.", "Make it readable."
        ) from None
    if len(found) > MAX_BYTES:
        raise PersonError("config", f"{path} is larger than {MAX_BYTES:,} bytes.", FIX_TOO_LARGE)
    return found


def _first_line(contents: Contents) -> bytes:
    return _as_line(
        {
            "made": contents.made,
            "by": contents.by,
            "terms": _text(contents.terms),
            "last_good": _text(contents.last_good),
            "seed": _text(contents.seed),
            "records": contents.tail.records,
            "head": b64u(contents.tail.head),
        }
    )


def _line(link: Link) -> bytes:
    record = link.record
    if record.kind == "erased":
        return _as_line({"seq": record.seq, "kind": record.kind, "digest": b64u(link.digest)})
    return _as_line(
        {
            "seq": record.seq,
            "kind": record.kind,
            "at": record.at,
            "origin": record.origin,
            "agreement": record.agreement,
            "body": b64u(record.body),
        }
    )


def _record(line: bytes, number: int) -> tuple[Record, bytes]:
    members = documents.parse(
        line, "line", max_bytes=_LONGEST_LINE, max_characters=2 * _LARGEST_BODY
    )
    if members.get("seq") != number:
        raise InvalidDocument("the line has another number")
    if members.get("kind") == "erased":
        erased = build(_Erased, members, "line")
        return Record(number, "erased", "", "", "", b""), from_b64u(erased.digest)
    kept = build(_Kept, members, "line")
    body = from_b64u(kept.body)
    if len(body) > _LARGEST_BODY:
        raise InvalidDocument(f"the line's body is larger than {_LARGEST_BODY:,} bytes")
    # Whether its kind is one is for `Verification` to say.
    kind: Kind = kept.kind  # type: ignore[assignment]
    record = Record(number, kind, kept.at, kept.origin, kept.agreement, body)
    return record, record.digest


def _next_line(file: IO[bytes]) -> bytes:
    line = file.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise InvalidDocument("the line has no end")
    return line


def _as_line(members: dict[str, str | int | None]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64u(data)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else from_b64u(text)
