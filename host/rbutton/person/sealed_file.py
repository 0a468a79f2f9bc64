"""A file under a passphrase: Argon2id makes the key, ChaCha20-Poly1305 seals chunk by chunk.

docs/backup.md has its bytes. Chunks count themselves, and the last one says so (STREAM, Hoang,
Reyhanitabar, Rogaway and Vizár 2015): none can be changed, moved, left out or cut off unseen, and
no more than one is ever in memory. Chunk 0 is empty: it tells a wrong passphrase from damage.
"""

import io
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import Field

from rbutton.person import files
from rbutton.person.errors import PersonError
from rbutton.terms import documents
from rbutton.terms.encoding import Text, b64u, from_b64u
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.models import Closed, build

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

VERSION = 1
_MAGIC = b"rbutton backup "
_FIRST_LINE = re.compile(rb"rbutton backup ([1-9][0-9]{0,8})\n")
_LONGEST_HEADER = 1_024
_SALT = 16
_CHUNK = 65_536
_TAG = 16


class Cost(Closed):
    """What a guess at the passphrase costs; the members of Argon2 (RFC 9106).

    The bounds are for a file from a stranger: they are checked before any of it is spent.

    Attributes:
        memory: KiB.
    """

    memory: Annotated[int, Field(ge=8, le=1_048_576)]
    passes: Annotated[int, Field(ge=1, le=16)]
    lanes: Annotated[int, Field(ge=1, le=16)]


#: RFC 9106, section 4, the second recommended option.
RECOMMENDED = Cost(memory=65_536, passes=3, lanes=4)


class _Header(Cost):
    """The file's second line."""

    kdf: Literal["argon2id"]
    salt: Text
    cipher: Literal["chacha20-poly1305"]


@dataclass(frozen=True)
class SealedFile:
    """One that was opened: its passphrase was right.

    Attributes:
        beginning: its first two lines, which every chunk answers for, and chunk 0.
    """

    path: Path
    beginning: bytes
    _key: bytes = field(repr=False)

    @property
    def _header(self) -> bytes:
        return self.beginning[:-_TAG]

    @classmethod
    def open(cls, path: Path, passphrase: str) -> "SealedFile":
        """Derive the key and try it.

        Raises:
            PersonError: "backup": it cannot be read, is none of ours, or of a newer kind; its
                header is damaged; or the passphrase is another one.
        """
        with _opened(path) as file, _told(path):
            header = _header_of(file, path)
            check = file.read(_TAG)
        if len(check) < _TAG:
            raise _cut(path)
        members = _members(header, path)
        key = _key(passphrase, from_b64u(members.salt), members)
        try:
            ChaCha20Poly1305(key).decrypt(_nonce(0, last=False), check, header)
        except InvalidTag:
            raise PersonError(
                "backup",
                f"The passphrase is not that of {path}, or the first {len(header) + _TAG} bytes of "
                "the file are damaged: the two look alike.",
                "Type the passphrase again. If you are sure of it, use another copy of the file.",
            ) from None
        return cls(path, header + check, key)

    @contextmanager
    def content(self) -> Iterator[IO[bytes]]:
        """What was sealed, to be read from its beginning.

        Raises:
            PersonError: "backup": it cannot be read, was cut, or is damaged. Also from `read`.
        """
        with _opened(self.path) as file:
            with _told(self.path):
                same = file.read(len(self.beginning)) == self.beginning
            if not same:
                raise _damaged(self.path, "it was changed while it was read")
            yield io.BufferedReader(_Content(self, file), _CHUNK)

    def _chunk(self, file: IO[bytes], number: int) -> tuple[bytes, bool]:
        """The next chunk, and whether it is the last.

        Raises:
            InvalidTag: it is not what was sealed.
        """
        with _told(self.path):
            sealed = file.read(_CHUNK + _TAG)
            last = len(sealed) < _CHUNK + _TAG or not _more(file)
        cipher = ChaCha20Poly1305(self._key)
        if last and len(sealed) == _CHUNK + _TAG:
            try:
                cipher.decrypt(_nonce(number, last=False), sealed, self._header)
            except InvalidTag:
                pass
            else:
                raise _cut(self.path)
        if not sealed:
            raise _cut(self.path)
        return cipher.decrypt(_nonce(number, last=last), sealed, self._header), last


def check(path: Path) -> None:
    """Whether it is such a file at all, before anybody is asked for its passphrase.

    Raises:
        PersonError: "backup": as `SealedFile.open`, but for the passphrase.
    """
    with _opened(path) as file, _told(path):
        header = _header_of(file, path)
    _members(header, path)


class _Content(io.RawIOBase):
    """The sealed bytes as a file of their own."""

    def __init__(self, sealed: SealedFile, file: IO[bytes]) -> None:
        self._sealed = sealed
        self._file = file
        self._number = 1
        self._chunk = b""
        self._last = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._chunk and not self._last:
            at = self._file.tell()
            try:
                self._chunk, self._last = self._sealed._chunk(self._file, self._number)
            except InvalidTag:
                where = f"from byte {at:,} on it is not what was written"
                raise _damaged(self._sealed.path, where) from None
            self._number += 1
        with memoryview(buffer) as into:
            given = self._chunk[: len(into)]
            into[: len(given)] = given
        self._chunk = self._chunk[len(given) :]
        return len(given)


class Writing:
    """Inside `writing`."""

    def __init__(self, file: IO[bytes], header: bytes, key: bytes) -> None:
        self._file = file
        self._header = header
        self._cipher = ChaCha20Poly1305(key)
        self._waiting = bytearray()
        self._number = 0
        file.write(header)
        self._seal(b"", last=False)

    def write(self, data: bytes) -> None:
        """Add to what is sealed."""
        self._waiting += data
        # The last chunk is never empty, unless all is.
        while len(self._waiting) > _CHUNK:
            self._seal(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]

    def end(self) -> None:
        """Seal what is left: nothing can follow."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1


@contextmanager
def writing(
    path: Path, passphrase: str, *, replace: bool = False, cost: Cost = RECOMMENDED
) -> Iterator[Writing]:
    """Seal what is written in the block; the file is there when it ends, whole, or not at all.

    Args:
        path: of the file.
        passphrase: not empty.
        replace: also where there is one already.
        cost: of a guess at the passphrase.

    Raises:
        PersonError: "backup": there is one already. "home": it cannot be written.
    """
    salt = os.urandom(_SALT)
    members = {"kdf": "argon2id", "salt": b64u(salt), "cipher": "chacha20-poly1305"}
    second = documents.canonical(members | cost.model_dump())
    header = b"%s%d\n%s\n" % (_MAGIC, VERSION, second)
    key = _key(passphrase, salt, cost)
    with files.whole(path, replace=replace) as file:
        sealing = Writing(file, header, key)
        yield sealing
        sealing.end()


def _key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # One passphrase has several spellings in Unicode; keyboards differ in which they give.
    spelled = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    try:
        return Argon2id(
            salt=salt,
            length=32,
            iterations=cost.passes,
            lanes=cost.lanes,
            memory_cost=cost.memory,
        ).derive(spelled)
    except MemoryError:
        raise PersonError(
            "backup",
            f"There is too little memory to try the passphrase: it takes {cost.memory:,} KiB.",
            "Close other programs.",
        ) from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _header_of(file: IO[bytes], path: Path) -> bytes:
    first = file.readline(len(_MAGIC) + 10)
    match = _FIRST_LINE.fullmatch(first)
    if not match:
        raise PersonError(
            "backup",
            f"{path} is not a backup of the r-button.",
            "Give the file that rbutton export wrote.",
        )
    if int(match[1]) != VERSION:
        raise PersonError(
            "backup",
            f"{path} was written by a newer r-button: its form is {int(match[1])}, and this one "
            f"knows {VERSION}.",
            "Update this one.",
        )
    second = file.readline(_LONGEST_HEADER)
    if len(second) < _LONGEST_HEADER and not second.endswith(b"\n"):
        raise _cut(path)
    return first + second


def _members(header: bytes, path: Path) -> _Header:
    second = header.partition(b"\n")[2]
    try:
        members = build(_Header, documents.parse(second, "header"), "header")
        if len(from_b64u(members.salt)) != _SALT:
            raise InvalidDocument(f"the header's salt is not {_SALT} bytes")
        if members.memory < 8 * members.lanes:
            raise InvalidDocument("the header asks for less memory than its lanes need")
    except InvalidDocument as error:
        raise _damaged(path, str(error)) from None
    return members


def _more(file: IO[bytes]) -> bool:
    found = file.read(1)
    file.seek(-len(found), os.SEEK_CUR)
    return bool(found)


def _opened(path: Path) -> IO[bytes]:
    with _told(path):
        file = path.open("rb")
    if not file.seekable():
        file.close()
        raise PersonError("backup", f"{path} is not a file.", "Save it in a file, and give that.")
    return file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PersonError(
            "backup", f"{path} cannot be read: {error.strerror}.", "Check its path and permissions."
        ) from None


def _cut(path: Path) -> PersonError:
    return _damaged(path, "it was cut short")


def _damaged(path: Path, how: str) -> PersonError:
    return PersonError(
        "backup", f"{path} is damaged: {how}.", "Nothing was taken from it. Use another copy of it."
    )
