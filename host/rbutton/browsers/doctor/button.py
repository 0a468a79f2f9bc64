"""The copy of the extension that browsers load."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rbutton.browsers import environment, files
from rbutton.browsers.doctor.again import again
from rbutton.browsers.places import Places
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.finding import Finding, ok, problem

_WHERE = "from rbutton import shipped; print(shipped.folder('extension'))"


def look(where: Places, record: Record) -> Iterator[Finding]:
    """Whether it is there, of the host's version, and file for file as it was installed."""
    host = version_of(record)
    version = version_in(where.extension)
    damaged = None if version is None or version != host else _damaged(where, record)
    if version is None or damaged is not None:
        yield problem(
            "extension-folder-damaged",
            f"The folder that browsers load the button from is missing or damaged: "
            f"{where.extension if damaged is None else damaged}.",
            again(where),
            mend=lambda: _copy(where, record),
        )
    elif version != host:
        yield problem(
            "extension-folder-other-version",
            f"{where.extension} has version {version} of the button; the agent is {host}.",
            again(where),
            mend=lambda: _copy(where, record),
        )
    else:
        yield ok("extension-folder", f"The button's folder fits the agent: {where.extension}.")


def version_of(record: Record) -> str:
    """The host's version: a build's name is that and a hash."""
    return record.build.rpartition("-")[0]


def version_in(folder: Path) -> str | None:
    """The version of the extension in a folder; None where there is none that can be read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return str(manifest["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _damaged(where: Places, record: Record) -> Path | None:
    """The first file that is missing or changed; None where none is, or nobody can tell.

    What lies there beside them does no harm: browsers leave notes of their own in that folder.
    """
    try:
        source = _source(where, record)
    except (OSError, subprocess.SubprocessError):
        return None  # the host's Python does not run, which is told
    for shipped in files.copied(source):
        installed = where.extension / shipped.relative_to(source)
        try:
            if not installed.is_file() or installed.stat().st_size != shipped.stat().st_size:
                return installed
            if installed.read_bytes() != shipped.read_bytes():
                return installed
        except OSError:
            return installed
    return None


def _source(where: Places, record: Record) -> Path:
    """Where the environment has the extension.

    Raises:
        OSError, subprocess.SubprocessError: its Python does not run, or has none.
    """
    told = subprocess.run(
        [environment.python(where.data / f"env-{record.build}"), "-I", "-c", _WHERE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
        encoding="utf-8",
    )
    return Path(told.stdout.rstrip("\n"))


def _copy(where: Places, record: Record) -> str:
    """Copy it anew from where the environment has it: that needs no network."""
    try:
        source = _source(where, record)
    except (OSError, subprocess.SubprocessError):
        raise SetupError(f"{where.extension} could not be copied anew.", again(where)) from None
    files.copy_tree(source, where.extension, for_all=where.for_all)
    return f"{where.extension} was copied anew. Press the button's reload arrow in the browser."
