"""The site's signing key in its file."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rbutton.site import key_file
from rbutton.site.errors import KeyFileError
from tests import processes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key.pem"


def pem(
    key: Ed25519PrivateKey | X25519PrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def test_a_new_key_is_its_owners_alone_and_stays(path: Path) -> None:
    before = os.umask(0)
    try:
        key = key_file.load_or_create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert pem(key) == path.read_bytes() == pem(key_file.load_or_create(path))


def test_other_programs_read_it(path: Path) -> None:
    """PKCS #8 in PEM, not encrypted: as `openssl genpkey -algorithm ed25519` writes it."""
    key = key_file.load_or_create(path)
    read = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(read, Ed25519PrivateKey)
    assert read.private_bytes_raw() == key.private_bytes_raw()


def test_processes_that_start_at_once_get_one_key(path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from rbutton.site import key_file
        input()
        print(key_file.load_or_create(Path(sys.argv[1])).private_bytes_raw().hex())
    """
    assert len(set(processes.at_once(code, [[path]] * 6))) == 1
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_threads_that_start_at_once_get_one_key(path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(key_file.load_or_create, [path] * 16))
    assert len({key.private_bytes_raw() for key in keys}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644])
def test_a_key_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    key_file.load_or_create(path)
    before = path.read_bytes()
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 600"):
        key_file.load_or_create(path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == mode


NO_KEYS = {
    "empty": b"",
    "half": pem(Ed25519PrivateKey.generate())[:60],
    "another kind": pem(X25519PrivateKey.generate()),
    "encrypted": pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
}


@pytest.mark.parametrize("content", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_told_and_never_overwritten(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match="left as it was"):
        key_file.load_or_create(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_or_none_around_it_is_told(path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be made"):
        key_file.load_or_create(path / "missing" / "key.pem")
    path.mkdir()
    with pytest.raises(KeyFileError, match="cannot be read"):
        key_file.load_or_create(path)
