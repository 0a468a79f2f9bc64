"""Writing files so that a crash, or a second installer, leaves the old or the new, whole."""

import ctypes
import glob
import importlib
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rbutton.browsers.problems import SetupError
from rbutton.browsers.telling import Teller

POSIX = os.name == "posix"
"""Whether there are owners and modes of files, as Windows has none."""


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


def link(path: Path, to: Path) -> None:
    """Makes `path` a link to `to`; whoever looks sees the old one or the new one."""
    if path.is_symlink() and path.readlink() == to:
        return
    temporary = Path(tempfile.mktemp(prefix=f".{path.name}.", dir=path.parent))  # noqa: S306
    temporary.symlink_to(to)  # fails where there is something of that name: hence no race
    temporary.replace(path)


def remove_leftovers(path: Path) -> None:
    """Removes what a `write` or `link` of `path` that was killed left beside it."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        leftover.unlink(missing_ok=True)


def make_folder(path: Path, mode: int = 0o700) -> list[Path]:
    """Makes `path` and what is missing above it; answers the folders it made, outermost first."""
    made: list[Path] = []
    while not path.is_dir():
        made.insert(0, path)
        path = path.parent
    for folder in made:
        folder.mkdir(mode=mode, exist_ok=True)  # another installer may have just done so
    return made


def check_writable(folder: Path) -> None:
    """Checks that files can be put into `folder`, or that it can be made.

    Raises:
        SetupError: they cannot.
    """
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise SetupError(
            f"{nearest} cannot be written to, and {folder} has to be. Nothing was changed.",
            "Make it writable for you, or the disk it is on.",
        )


def private_folder(path: Path) -> list[Path]:
    """Makes `path`, for its user alone, or checks that it is; answers the folders it made.

    Raises:
        SetupError: it belongs to someone else, or others may look into it.
    """
    made = make_folder(path)
    status = path.stat()
    if not POSIX:
        return made  # Windows: what is in the person's own folder is theirs by its access list
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

    Where the system cannot swap two folders in one step, there is none for the time of two
    renames, and a crash just then leaves none. The next installation mends that.
    """
    fresh, old = _beside(target)
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    if for_all:
        for each in (fresh, *fresh.rglob("*")):
            each.chmod(0o755 if each.is_dir() else 0o644)
    if target.is_dir() and not target.is_symlink() and _swap(fresh, target):
        shutil.rmtree(fresh, ignore_errors=True)
        return
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def copied(source: Path) -> Iterator[Path]:
    """The files that `copy_tree` copies."""
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not hidden:
            yield path


def remove_tree(tree: Path) -> None:
    """Removes a folder, and what an installation that was killed left of replacing it."""
    for each in (tree, *_beside(tree)):
        shutil.rmtree(each, ignore_errors=True)


def _beside(tree: Path) -> tuple[Path, Path]:
    return tree.with_name(f"{tree.name}.new"), tree.with_name(f"{tree.name}.old")


def _swap(one: Path, other: Path) -> bool:
    """Gives each the other's name, in one step; False where that cannot be done here.

    Source: renameat2(2): Linux, glibc 2.28. Some file systems lack it.
    """
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another system's library
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


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
        _let_go(lock, descriptor)


def remove_lock(lock: Path) -> None:
    """Removes a lock file, unless someone holds it."""
    if lock.exists() and (descriptor := _try_lock(lock)) is not None:
        _let_go(lock, descriptor)


def _let_go(lock: Path, descriptor: int) -> None:
    if POSIX:
        # Gone before it is let go: who waited for this file finds it unlinked and makes another.
        lock.unlink(missing_ok=True)
        os.close(descriptor)
    else:
        os.close(descriptor)
        with suppress(OSError):  # Windows removes no file that another has open
            lock.unlink()


def _try_lock(lock: Path) -> int | None:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)  # not inherited: PEP 446
    try:
        _hold(descriptor)
        if not POSIX or os.fstat(descriptor).st_ino == lock.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _hold(descriptor: int) -> None:
    """Raises BlockingIOError while another has it."""
    # Each is a part of Python on its own systems alone.
    if POSIX:
        fcntl = importlib.import_module("fcntl")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    msvcrt = importlib.import_module("msvcrt")
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        raise BlockingIOError from error
