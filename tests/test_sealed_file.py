"""The file under a passphrase: whole or refused, and each fault in its own words."""

import errno
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from rbutton.person import sealed_file
from rbutton.person.errors import PersonError
from rbutton.person.sealed_file import Cost, SealedFile
from rbutton.terms.encoding import b64u, from_b64u
from tests import processes
from tests.homes import CHEAP, PASSPHRASE

CHUNK, TAG = 65_536, 16
SIZES = [0, 1, TAG, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "backup"


def seal(path: Path, data: bytes, passphrase: str = PASSPHRASE, **options: Any) -> bytes:
    """The bytes of the file, which is written in pieces."""
    with sealed_file.writing(path, passphrase, **{"cost": CHEAP, **options}) as file:
        for start in range(0, len(data), 10_007):
            file.write(data[start : start + 10_007])
    return path.read_bytes()


def unseal(path: Path, passphrase: str = PASSPHRASE) -> bytes:
    """All that was sealed."""
    with SealedFile.open(path, passphrase).content() as file:
        return file.read()


def refused(path: Path, passphrase: str = PASSPHRASE) -> str:
    """What is wrong, in a sentence."""
    with pytest.raises(PersonError) as caught:
        unseal(path, passphrase)
    assert caught.value.code == "backup"
    assert str(path) in caught.value.message
    return caught.value.message


def as_documented(data: bytes, passphrase: str) -> bytes:
    """What docs/backup.md says, with `cryptography` alone."""
    magic, _, rest = data.partition(b"\n")
    assert magic == b"rbutton backup 1"
    second, _, chunks = rest.partition(b"\n")
    header = data[: len(magic) + len(second) + 2]
    members = json.loads(second)
    assert (members["kdf"], members["cipher"]) == ("argon2id", "chacha20-poly1305")
    key = Argon2id(
        salt=from_b64u(members["salt"]),
        length=32,
        iterations=members["passes"],
        lanes=members["lanes"],
        memory_cost=members["memory"],
    ).derive(unicodedata.normalize("NFC", passphrase).encode())
    sealed = [chunks[:TAG]]
    sealed += [chunks[i : i + CHUNK + TAG] for i in range(TAG, len(chunks), CHUNK + TAG)]
    opened = b""
    for number, chunk in enumerate(sealed):
        last = number == len(sealed) - 1
        nonce = number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
        opened += ChaCha20Poly1305(key).decrypt(nonce, chunk, header)
    return opened


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_comes_back(path: Path, size: int) -> None:
    """At every size around that of a chunk; also to a reader that knows the document alone."""
    data = os.urandom(size)
    assert as_documented(seal(path, data), PASSPHRASE) == data
    assert unseal(path) == data


def test_the_default_cost_is_that_of_the_rfc(path: Path) -> None:
    """RFC 9106, second recommended option: 64 MiB, 3 passes, 4 lanes; a fresh salt each time."""
    with sealed_file.writing(path, PASSPHRASE) as file:
        file.write(b"x")
    members = json.loads(path.read_bytes().splitlines()[1])
    assert (members["memory"], members["passes"], members["lanes"]) == (64 * 1024, 3, 4)
    assert len(from_b64u(members["salt"])) == 16
    assert unseal(path) == b"x"
    salts = {json.loads(seal(path, b"", replace=True).splitlines()[1])["salt"] for _ in range(5)}
    assert len(salts) == 5


def test_a_passphrase_is_the_same_in_every_spelling_of_unicode(path: Path) -> None:
    """A Mac's keyboard composes otherwise than Linux'."""
    seal(path, b"mine", "Z\u006f\u0308e\u0301")
    assert unseal(path, "Z\u00f6\u00e9") == b"mine"


def test_another_passphrase_is_told_as_what_it_may_be(path: Path) -> None:
    """Wrong, or a damaged beginning: both are said."""
    seal(path, b"mine")
    for other in ("", "wrong", PASSPHRASE + " ", PASSPHRASE.upper()):
        told = refused(path, other)
        assert "passphrase is not that of" in told
        assert "damaged" in told


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_was_cut_is_told(path: Path, size: int) -> None:
    """Wherever it was cut: with the right passphrase nothing comes out that is not all."""
    whole = seal(path, os.urandom(size))
    start = whole.index(b"\n", 17) + 1
    ends = {start - 1, start, start + TAG - 1, start + TAG, len(whole) - 1, len(whole) - TAG}
    ends |= set(range(start + TAG, len(whole), CHUNK + TAG))
    ends |= {end + 1 for end in ends}
    for end in sorted(ends & set(range(16, len(whole)))):
        path.write_bytes(whole[:end])
        assert "damaged" in refused(path)
        assert "passphrase" not in refused(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda whole: whole[:0], "is not a backup"),
        (lambda whole: b"PK\x03\x04" + whole, "is not a backup"),
        (lambda whole: b"rbutton backup 01\n" + whole, "is not a backup"),
        (lambda whole: whole.replace(b"backup 1", b"backup 2", 1), "newer r-button"),
        (lambda whole: whole.replace(b"backup 1\n", b"backup 10\n", 1), "newer r-button"),
        (lambda whole: whole.replace(b"backup 1\n", b"backup 9999999999\n", 1), "is not a backup"),
        (lambda whole: whole + b"x", "damaged: from byte"),
    ],
    ids=["empty", "a zip", "no number", "2", "10", "too long a number", "more at the end"],
)
def test_what_is_not_ours_and_what_is_newer_is_told(
    path: Path, change: Callable[[bytes], bytes], told: str
) -> None:
    """Before a passphrase matters."""
    path.write_bytes(change(seal(path, b"mine")))
    assert told in refused(path)


def test_no_file_and_no_file_at_all(path: Path) -> None:
    """A missing one, a folder, a pipe."""
    assert "No such file" in refused(path)
    path.mkdir()
    assert "Is a directory" in refused(path)


@given(st.data())
def test_a_damaged_file_never_gives_other_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A flipped bit anywhere, chunks that change places, or are left out: refused."""
    path = tmp_path_factory.mktemp("damage") / "backup"
    whole = bytearray(seal(path, os.urandom(3 * CHUNK)))
    start = whole.index(b"\n", 17) + 1 + TAG
    chunks = [bytes(whole[i : i + CHUNK + TAG]) for i in range(start, len(whole), CHUNK + TAG)]
    match data.draw(st.sampled_from(["bit", "order", "left out", "doubled"])):
        case "bit":
            whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        case "order":
            order = data.draw(st.permutations(range(3)).filter(lambda one: one != [0, 1, 2]))
            whole[start:] = b"".join(chunks[i] for i in order)
        case "left out":
            del chunks[data.draw(st.integers(0, 2))]
            whole[start:] = b"".join(chunks)
        case "doubled":
            chunks.insert(data.draw(st.integers(0, 3)), chunks[data.draw(st.integers(0, 2))])
            whole[start:] = b"".join(chunks)
    path.write_bytes(whole)
    refused(path)


def with_header(path: Path, **changes: Any) -> None:
    """A file with other members in its header; None takes one out."""
    whole = seal(path, b"mine")
    first, second, rest = whole.split(b"\n", 2)
    members = json.loads(second) | changes
    kept = {name: value for name, value in members.items() if value is not None}
    path.write_bytes(b"\n".join([first, json.dumps(kept).encode(), rest]))


@pytest.mark.parametrize(
    "changes",
    [
        {"memory": 1_048_577},
        {"memory": 2**40},
        {"memory": 7},
        {"memory": "65536"},
        {"memory": 32, "lanes": 8},
        {"passes": 0},
        {"passes": 17},
        {"lanes": 0},
        {"lanes": 10**9},
        {"lanes": True},
        {"salt": ""},
        {"salt": "AAAA"},
        {"salt": b64u(bytes(17))},
        {"salt": "not base64url!"},
        {"salt": None},
        {"kdf": "scrypt"},
        {"cipher": "none"},
        {"more": 1},
        {"salt": "A" * 5_000},
    ],
    ids=str,
)
def test_a_header_that_asks_for_too_much_is_refused_before_it_costs(
    path: Path, changes: dict[str, Any]
) -> None:
    """A stranger's file cannot fill the memory."""
    with_header(path, **changes)
    assert "is damaged" in refused(path)


def test_the_most_that_a_header_may_ask_for_is_spent(path: Path) -> None:
    """The bounds let a stronger cost in than today's, so that a later version may raise it."""
    seal(path, b"mine", cost=Cost(memory=262_144, passes=1, lanes=16))
    assert unseal(path) == b"mine"


# The file itself


def test_it_is_its_owners_alone(path: Path) -> None:
    """0600, whatever the umask."""
    before = os.umask(0)
    try:
        seal(path, b"mine")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_replaced_unless_said(path: Path) -> None:
    """And then in one step; a link leads to what is replaced."""
    path.write_bytes(b"precious")
    with pytest.raises(PersonError, match="is there already"):
        seal(path, b"mine")
    assert path.read_bytes() == b"precious"
    link = path.with_name("link")
    link.symlink_to(path)
    seal(link, b"mine", replace=True)
    assert link.is_symlink()
    assert unseal(path) == b"mine"
    assert sorted(one.name for one in path.parent.iterdir()) == ["backup", "link"]


def test_a_file_system_without_links_simulated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick with FAT: written all the same, and still nothing is replaced unsaid."""

    def no_links(*paths: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    seal(path, b"mine")
    with pytest.raises(PersonError, match="is there already"):
        seal(path, b"other")
    assert unseal(path) == b"mine"
    assert [one.name for one in path.parent.iterdir()] == ["backup"]


def test_what_breaks_off_leaves_nothing(path: Path) -> None:
    """An error, or Ctrl-C, in the middle of a large one."""

    def write(error: type[BaseException]) -> None:
        with sealed_file.writing(path, PASSPHRASE, cost=CHEAP) as file:
            file.write(os.urandom(5 * CHUNK))
            raise error

    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            write(error)
        assert list(path.parent.iterdir()) == []


FULL = """
import resource, sys
from pathlib import Path
from rbutton.person import sealed_file
from rbutton.person.errors import PersonError
cheap = sealed_file.Cost(memory=8, passes=1, lanes=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    with sealed_file.writing(Path(sys.argv[1]), "x", cost=cheap) as file:
        for _ in range(9):
            file.write(bytes(65_536))
except PersonError as error:
    print(error.code, error.message)
"""


def test_a_file_that_cannot_grow_is_told_and_leaves_nothing(path: Path) -> None:
    """As on a full disk: a real limit, in a process of its own."""
    assert processes.run(FULL, path) == f"home {path} cannot be written: File too large.\n"
    assert list(path.parent.iterdir()) == []


def test_what_is_no_file_is_not_replaced(path: Path) -> None:
    """A folder, a pipe; as root, /dev/null."""
    path.mkdir()
    fifo = path / "fifo"
    os.mkfifo(fifo)
    for other in (path, fifo):
        with pytest.raises(PersonError, match="is not a file"):
            seal(other, b"mine", replace=True)
    assert fifo.is_fifo()
