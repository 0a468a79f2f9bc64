"""Writing a small file so that a crash leaves the old one or the new one, never half of one."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rbutton.person.errors import PersonError

POSIX = os.name == "posix"
"""Whether files have owners and modes. On Windows an access list says who may do what, and what is
in the person's own folder is theirs."""


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


def open_to_others(found: os.stat_result) -> int:
    """The bits of its mode that let others in; 0 where there are no modes."""
    return stat.S_IMODE(found.st_mode) & 0o077 if POSIX else 0


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
            if POSIX:
                os.fchmod(file.fileno(), mode)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _sync(folder: Path) -> None:
    if not POSIX:
        return  # Windows opens no folder
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def whole(path: Path, *, replace: bool) -> Iterator[IO[bytes]]:
    """A file of any size, 0600, that has its name from the end of the block on, or never.

    Args:
        path: of the file.
        replace: also where there is one already (what it links to, if it is a link).

    Raises:
        PersonError: "backup": there is one already, or it is a device or a folder. "home": it
            cannot be written. What was there is still there.
    """
    import tempfile

    target = path.resolve() if replace else path
    if replace and target.exists() and not target.is_file():
        raise PersonError("backup", f"{path} is not a file.", "Give the name of a file.")
    with _told(path):
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if replace:
                temporary.replace(target)
            else:
                _name(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync(target.parent)


def _name(temporary: Path, path: Path) -> None:
    """Give it a name that nothing has yet."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _taken(path) from None
    except OSError:
        # A stick's file system may know no second name for a file.
        if path.exists():
            raise _taken(path) from None
        temporary.rename(path)
    else:
        temporary.unlink()


def _taken(path: Path) -> PersonError:
    return PersonError("backup", f"{path} is there already.", "Give another name.")
