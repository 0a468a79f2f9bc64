"""The person's folders: theirs alone, writable, and with room on the disk."""

import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from rbutton.browsers import files
from rbutton.browsers.environment import FULL
from rbutton.browsers.places import Places
from rbutton.finding import Finding, ok, problem, warning

LEAST = 1_000_000
"""Fewer free bytes than this, and the next record of the ledger may not fit."""


def look(where: Places) -> Iterator[Finding]:
    """What is wrong with the data and the config folder, or that nothing is."""
    found = [each for folder in _folders(where) for each in _folder(folder)]
    found += _disks(_folders(where))
    yield from found
    there = [str(folder) for folder in _folders(where) if folder.exists()]
    if there and not found:
        told = " and ".join(there)
        yield ok("folders", f"Your folders are open to you alone: {told}.")


def _folders(where: Places) -> list[Path]:
    return list(dict.fromkeys((where.data, where.config)))


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        found = folder.stat()
    except FileNotFoundError:
        nearest = _nearest(folder)
        if not os.access(nearest, os.W_OK | os.X_OK):
            yield problem(
                "read-only",
                f"{folder} cannot be made: {nearest} cannot be written to.",
                "Make it writable for you, or set RBUTTON_HOME to a folder that is.",
            )
        return
    except OSError as error:
        yield problem(
            "folder-unusable",
            f"{folder} cannot be looked at: {error.strerror}.",
            "Make every folder above it one that you may enter.",
        )
        return
    if not stat.S_ISDIR(found.st_mode):
        yield problem(
            "folder-unusable", f"{folder} is not a folder.", "Move it away, and install again."
        )
        return
    if not files.POSIX:
        return  # Windows: what is in the person's own folder is theirs by its access list
    if found.st_uid != os.geteuid():
        yield problem(
            "folder-not-yours",
            f"{folder} belongs to another user.",
            f"If it is yours, type: sudo chown -R $USER {shlex.quote(str(folder))}",
        )
        return
    if mode := stat.S_IMODE(found.st_mode) & 0o077:
        yield problem(
            "folder-open",
            f"{folder} can be entered by others (mode {mode:03o} too much), so the agent refuses "
            "to use it.",
            f"Type: chmod 700 {shlex.quote(str(folder))}",
            mend=lambda: _close(folder),
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        yield problem(
            "read-only",
            f"{folder} cannot be written to.",
            "Make it writable for you, or the disk it is on.",
        )


def _close(folder: Path) -> str:
    folder.chmod(0o700)
    return f"{folder} is open to you alone now."


def _disks(folders: list[Path]) -> Iterator[Finding]:
    seen = set()
    for folder in folders:
        try:
            nearest = _nearest(folder)
            disk = nearest.stat().st_dev
            free = shutil.disk_usage(nearest).free
            left = _files_left(nearest)
        except OSError:
            continue  # told of above
        if disk in seen:
            continue
        seen.add(disk)
        if left == 0:
            yield _full(folder, "no file can be added to it")
        elif free < LEAST:
            yield _full(folder, f"{free // 1000:,} kB are free")
        elif free < FULL:
            yield warning(
                "disk-nearly-full",
                f"The disk with {folder} is nearly full: {free // 1_000_000:,} MB are free.",
                "Make room before it is full: then nothing more can be signed.",
            )


def _files_left(folder: Path) -> int | None:
    """How many can be added to that disk; None where it has no such limit."""
    if not files.POSIX:
        return None
    room = os.statvfs(folder)
    return room.f_favail if room.f_files else None


def _full(folder: Path, why: str) -> Finding:
    return problem(
        "disk-full",
        f"The disk with {folder} is full: {why}.",
        "Make room. Nothing can be signed before, as nothing could be kept.",
    )


def _nearest(path: Path) -> Path:
    """The path itself, or what of it is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
