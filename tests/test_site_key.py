"""The site's signing key in its file."""

import os
import stat
from collections.abc import Callable
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

from rbutton.site import folder, key_file
from rbutton.site.errors import KeyFileError
from tests import processes
from tests.commands import rbutton
from tests.shops import ORIGIN, Shop, proffer


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


# A site that had a key, and lost it.

FRESH = f'origin = "{ORIGIN}"\nname = "Example Shop Ltd"\naccepts = ["SD-BASE-DP"]\n'


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A folder with a `site.toml` alone."""
    where = tmp_path / "site"
    where.mkdir()
    (where / folder.FILE).write_text(FRESH)
    return where


@pytest.fixture
def lost(fresh: Path) -> Path:
    """One whose store has an agreement, and whose key is gone."""
    shop = Shop(fresh / folder.STORE, folder.policy(fresh))
    assert shop.post(proffer(shop.policy, "SD-BASE-DP").body).status == 200
    (fresh / folder.KEY).unlink()
    return fresh


@pytest.mark.parametrize("use", [folder.site, folder.policy, folder.policy_to_read])
def test_a_key_that_is_gone_is_not_made_anew(lost: Path, use: Callable[[Path], object]) -> None:
    """Else no agreement would be the site's any more, and nobody would have been told."""
    with pytest.raises(KeyFileError, match=r"gone, and 1 agreement .*backup.*--new-key"):
        use(lost)
    assert not (lost / folder.KEY).exists()


def test_the_keys_before_it_tell_of_it_too(fresh: Path) -> None:
    folder.policy(fresh)
    folder.change_key(fresh)
    (fresh / folder.KEY).unlink()
    with pytest.raises(KeyFileError, match=f"{folder.FORMER} names keys before it.*--new-key"):
        folder.site(fresh)


def test_a_store_elsewhere_tells_of_it_too(lost: Path, tmp_path: Path) -> None:
    elsewhere = (lost / folder.STORE).rename(tmp_path / "elsewhere.sqlite3")
    (lost / folder.FILE).write_text(f'{FRESH}store = "sqlite:///{elsewhere}"\n')
    with pytest.raises(KeyFileError, match="1 agreement"):
        folder.policy(lost)


@pytest.mark.parametrize("settings_too", [False, True], ids=["key", "key and site.toml"])
def test_a_new_one_is_made_on_purpose(lost: Path, settings_too: bool) -> None:
    if settings_too:
        (lost / folder.FILE).unlink()
    new = ("--origin", ORIGIN, "--name", "x") if settings_too else ()
    refused = rbutton(None, "site", "init", lost, *new)
    assert refused.returncode == 3
    assert "--new-key" in refused.stderr
    made = rbutton(None, "site", "init", lost, "--new-key", *new)
    assert made.returncode == 0, made.stderr
    assert "a lost key signed counts as another's" in made.stdout
    folder.site(lost).store.close()
    assert '"foreign"' in rbutton(None, "site", "export", lost, "--json").stdout


def test_looking_for_agreements_makes_no_store(fresh: Path, tmp_path: Path) -> None:
    """Nor does the export, which only reads, make a key."""
    elsewhere = tmp_path / "elsewhere.sqlite3"
    for text in (FRESH, f'{FRESH}store = "sqlite:///{elsewhere}"\n'):
        (fresh / folder.FILE).write_text(text)
        folder.policy_to_read(fresh)
        assert [one.name for one in fresh.iterdir()] == [folder.FILE]
        assert not elsewhere.exists()
    assert rbutton(None, "site", "export", fresh, "--csv").returncode == 0
    assert not (fresh / folder.KEY).exists()


def test_workers_that_start_at_once_on_a_fresh_folder_get_one_key(fresh: Path) -> None:
    code = """if True:
        import sys
        from rbutton.site import folder
        input()
        print(folder.site(sys.argv[1]).policy.jwk.thumbprint)
    """
    assert len(set(processes.at_once(code, [[fresh]] * 6))) == 1
