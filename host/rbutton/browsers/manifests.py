"""The small file by which a browser finds the host, and the launcher it names."""

import base64
import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

from rbutton import shipped
from rbutton.browsers import files
from rbutton.browsers.places import Places, Platform
from rbutton.browsers.table import Family

HOST = "org.rbutton.host"
"""The name under which the extension asks the browser for the host."""

RELEASE_IDS: tuple[str, ...] = ()
"""What Chromium's kin call the button from their stores, once a store has given it an id.

Beside the development id, which follows from the `key` in the repository's manifest."""


def extension_id(extension: Path | None = None) -> str:
    """The id that Chromium gives an extension whose manifest has a `key`.

    The first 16 bytes of the SHA-256 of the key (DER, SubjectPublicKeyInfo), each half-byte a
    letter from a to p. Source: Chromium, `components/crx_file/id_util.cc`.
    """
    digest = hashlib.sha256(base64.b64decode(_manifest(extension)["key"])).hexdigest()[:32]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest)


def gecko_id(extension: Path | None = None) -> str:
    """The id that Firefox and its kin give the extension: the one its manifest names."""
    return str(_manifest(extension)["browser_specific_settings"]["gecko"]["id"])


def _manifest(extension: Path | None) -> dict[str, Any]:
    folder = shipped.folder("extension") if extension is None else extension
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def path_in(folder: Path) -> Path:
    """The host's manifest in a browser's folder of manifests."""
    return folder / f"{HOST}.json"


def text_for(family: Family, launcher: Path, extension: Path | None = None) -> str:
    """The host manifest that lets the extension in that folder start `launcher`."""
    match family:
        case Family.CHROMIUM:
            return text(launcher, extension_id(extension), *RELEASE_IDS)
        case Family.GECKO:
            return gecko_text(launcher, gecko_id(extension))


def text(launcher: Path, *extensions: str) -> str:
    """The host manifest that lets extensions of those ids start `launcher`, for Chromium."""
    return _text(launcher, {"allowed_origins": [f"chrome-extension://{i}/" for i in extensions]})


def gecko_text(launcher: Path, extension: str) -> str:
    """The same for Firefox and its kin, which go by `gecko_id`."""
    return _text(launcher, {"allowed_extensions": [extension]})


def _text(launcher: Path, allowed: dict[str, list[str]]) -> str:
    manifest = {
        "name": HOST,
        "description": "The r-button: keeps your terms and signs for you.",
        "path": str(launcher),
        "type": "stdio",
        **allowed,
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def write_launcher(places: Places, python: Path) -> None:
    """The program a browser starts: the host of the environment of `python`."""
    files.write(places.launcher, _launcher_text(places, python), places.program_mode)


def python_of(places: Places) -> Path | None:
    """The Python that the launcher starts the host with; None where it is not as it was written.

    Raises:
        OSError: there is no launcher, or it cannot be read.
    """
    try:
        said = places.launcher.read_bytes().decode("utf-8")
        words = shlex.split(said.splitlines()[-1], posix=places.platform is not Platform.WINDOWS)
    except (ValueError, IndexError):
        return None
    for word in words[:2]:
        below = word.strip('"').removeprefix(f"{_FOLDER}\\").replace("\\", "/")
        python = places.data / (below if places.platform is Platform.WINDOWS else word)
        if said == _launcher_text(places, python):
            return python
    return None


def write_command(places: Places, python: Path) -> None:
    """The program a person types: `rbutton`, for this installation's home."""
    if places.platform is Platform.WINDOWS:
        lines = [] if places.home is None else [f'set "RBUTTON_HOME={_FOLDER}"']
        text = _batch(*lines, f"{_on_windows(places, python)} -I -m rbutton.cli")
    else:
        home = places.home
        export = "" if home is None else f"export RBUTTON_HOME={shlex.quote(str(home))}\n"
        words = shlex.join([str(python), "-I", "-m", "rbutton.cli"])
        text = f'#!/bin/sh\n{export}exec {words} "$@"\n'
    files.write(places.command, text, places.program_mode)


def _launcher_text(places: Places, python: Path) -> str:
    if places.platform is Platform.WINDOWS:
        # On Windows all that is the person's is in one folder.
        options = [word for word in places.host_arguments() if word.startswith("--")]
        folders = " ".join(f'{option} "{_FOLDER}"' for option in options)
        return _batch(f"{_on_windows(places, python)} -I -m rbutton.native {folders}")
    words = [str(python), "-I", "-m", "rbutton.native", *places.host_arguments()]
    return f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'


_FOLDER = "%RBUTTON_FOLDER%"
"""In a batch file: the folder above the one that it is in."""


def _batch(*lines: str) -> str:
    """A batch file: in ASCII whatever the folders are called, as cmd reads it in the code page.

    And not pip's own .exe: that takes no options for Python and none for the host, and lies in
    the environment, so that each build would have it somewhere else.
    """
    start = ("@echo off", "setlocal", 'for %%I in ("%~dp0..") do set "RBUTTON_FOLDER=%%~fI"')
    return "".join(f"{line}\r\n" for line in (*start, *lines[:-1], f"{lines[-1]} %*"))


def _on_windows(places: Places, python: Path) -> str:
    below = "\\".join(python.relative_to(places.data).parts)
    return f'"{_FOLDER}\\{below}"'


def is_damaged(manifest: Path) -> bool:
    """Whether what is there is a file that no program could have meant so."""
    if not manifest.is_file():
        return False
    try:
        json.loads(manifest.read_bytes())
    except (ValueError, RecursionError):
        return True
    except OSError:
        return False
    return False


def read(manifest: Path) -> dict[str, object] | None:
    """The host manifest at that path, or None where there is none of our host."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("name") == HOST else None


def installed(extension: Path) -> Path | None:
    """The folder, for what asks for the extension's id; None, which is our own, if it is gone."""
    return extension if (extension / "manifest.json").is_file() else None
