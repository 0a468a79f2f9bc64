"""Writing a small file so that a crash leaves the old one or the new one, never half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbutton.person.errors import PersonError


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace `path` (what it links to, if it is a link) in one step, on disk when this returns.

    Raises:
        PersonError: it cannot be written; what was there is still there.
    """
    with _told(path):
        target = path.resolve()
        temporary = _beside(target, text, mode)
        temporary.replace(target)
        _sync(target.parent)


def create(path: Path, text: str, *, mode: int = 0o600) -> bool:
    """Make `path` with its whole text, or leave what is there.

    Returns:
        Whether it was made here: of two processes at once, one sees True.

    Raises:
        PersonError: it cannot be written.
    """
    with _told(path):
        temporary = _beside(path, text, mode)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        _sync(path.parent)
        return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PersonError(
            "home",
            f"{path} cannot be written: {error.strerror}.",
            "Check the disk's free space and the folder's permissions.",
        ) from None


def _beside(path: Path, text: str, mode: int) -> Path:
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
