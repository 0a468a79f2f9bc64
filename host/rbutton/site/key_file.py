"""The site's signing key, in a file that only its owner can read."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rbutton.site.errors import KeyFileError, a_link


def load(path: Path) -> Ed25519PrivateKey:
    """The key in `path`: PKCS #8, PEM (RFC 5958, RFC 8410), not encrypted.

    Raises:
        FileNotFoundError: there is none.
        KeyFileError: others can read it, it cannot be read, or it is no such key.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            # Elsewhere the mode says nothing about who may read.
            if os.name == "posix" and mode & 0o077:
                raise KeyFileError(
                    f"{path} can be read or written by others (mode {mode:04o}). Whoever read it "
                    f"can sign as this site. If nobody did: chmod 600 {path}"
                )
            pem = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(
            f"{path} is not an unencrypted Ed25519 key in PEM. It was left as it was: put the key "
            "back from a backup, or move the file away to start with a new key."
        )
    return key


def load_or_create(path: Path) -> Ed25519PrivateKey:
    """The key in `path`, made first where there is none.

    What is there is never overwritten; of several processes that start at once, all get one key.

    Raises:
        KeyFileError: the file cannot be used, or not be made, or is a link to nowhere.
    """
    try:
        return load(path)
    except FileNotFoundError:
        pass
    try:
        _make(path, os.link)
        return load(path)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be made: {error.strerror}.") from None


def renew(path: Path) -> None:
    """Put a new key in place of the one in `path`, which is gone then.

    Raises:
        KeyFileError: it cannot be made, or there is a link; the old one is still there.
    """
    try:
        _make(path, os.replace)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be replaced: {error.strerror}.") from None


def _make(path: Path, put: Callable[[str, Path], None]) -> None:
    if path.is_symlink():
        raise KeyFileError(a_link(path))
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    # mkstemp makes it 0600; the name appears with the whole key in it, or not at all.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        put(name, path)
    except FileExistsError:
        return
    finally:
        Path(name).unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    # The new name must outlive a power cut: what it signs will.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
