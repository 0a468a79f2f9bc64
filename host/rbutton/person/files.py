"""Writing a small file so that a crash leaves the old one or the new one, never half of one."""

import os
import tempfile
from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace `path` (what it links to, if it is a link) in one step, on disk when this returns."""
    target = path.resolve()
    temporary = _beside(target, text, mode)
    temporary.replace(target)
    _sync(target.parent)


def create(path: Path, text: str, *, mode: int = 0o600) -> bool:
    """Make `path` with its whole text, or leave what is there.

    Returns:
        Whether it was made here: of two processes at once, one sees True.
    """
    temporary = _beside(path, text, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    _sync(path.parent)
    return True


def _beside(path: Path, text: str, mode: int) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
