"""Writing files so that a crash, or a second installer, leaves the old or the new, whole."""

import fcntl
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbutton.browsers.problems import SetupError
from rbutton.browsers.telling import Teller


def write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Puts `content` at `path`: whoever looks sees the old file or the new one, whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_folder(path: Path, mode: int = 0o700) -> list[Path]:
    """Makes `path` and what is missing above it; answers the folders it made, outermost first."""
    made: list[Path] = []
    while not path.is_dir():
        made.insert(0, path)
        path = path.parent
    for folder in made:
        folder.mkdir(mode=mode, exist_ok=True)  # another installer may have just done so
    return made


def private_folder(path: Path) -> list[Path]:
    """Makes `path`, for its user alone, or checks that it is; answers the folders it made.

    Raises:
        SetupError: it belongs to someone else, or others may look into it.
    """
    made = make_folder(path)
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise SetupError(
            f"{path} belongs to someone else.",
            "Run this as the person whose browser it is for, without sudo.",
        )
    if status.st_mode & 0o077:
        raise SetupError(
            f"{path} is open to other users of this machine; your keys will be in it.",
            f"Type: chmod 700 {shlex.quote(str(path))}",
        )
    return made


def public_folder(path: Path) -> list[Path]:
    """Makes `path`, for all to read, or checks that only root can write in it.

    Answers the folders it made.

    Raises:
        SetupError: others than root may change what everyone would run.
    """
    made = make_folder(path, 0o755)
    for folder in (path, *path.parents):
        status = folder.stat()
        # A group that may write is Debian's `staff` in /usr/local: root's own choice.
        if status.st_uid != 0 or status.st_mode & 0o002:
            raise SetupError(
                f"Others than root can change {folder}, and everyone would run what is in it.",
                f"Type: chown root {shlex.quote(str(folder))} && "
                f"chmod o-w {shlex.quote(str(folder))}",
            )
    return made


def copy_tree(source: Path, target: Path, *, for_all: bool = False) -> None:
    """Makes `target` a copy of the folder `source`, whole, replacing what was there.

    Args:
        for_all: everyone may read it, whatever the modes in `source`.

    A folder cannot be replaced in one step: for the time of two renames there is none, and a
    crash just then leaves none. The next installation mends that.
    """
    fresh = target.with_name(f"{target.name}.new")
    old = target.with_name(f"{target.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    if for_all:
        for each in (fresh, *fresh.rglob("*")):
            each.chmod(0o755 if each.is_dir() else 0o644)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def only_one(lock: Path, teller: Teller) -> Iterator[None]:
    """Holds `lock`, waiting for another installation to finish first."""
    descriptor = _try_lock(lock)
    if descriptor is None:
        with teller.working("Another installation is at work: waiting for it"):
            while (descriptor := _try_lock(lock)) is None:
                time.sleep(0.1)
    try:
        yield
    finally:
        # Gone before it is let go: who waited for this file finds it unlinked and makes another.
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def remove_lock(lock: Path) -> None:
    """Removes a lock file, unless someone holds it."""
    if lock.exists() and (descriptor := _try_lock(lock)) is not None:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _try_lock(lock: Path) -> int | None:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == lock.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
