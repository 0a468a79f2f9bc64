"""The small file by which a browser finds the host, and the launcher it names."""

import base64
import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

from rbutton import shipped
from rbutton.browsers import files
from rbutton.browsers.places import Places
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
    words = [str(python), "-I", "-m", "rbutton.native", *places.host_arguments()]
    script = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    files.write(places.launcher, script, places.program_mode)


def write_command(places: Places, python: Path) -> None:
    """The program a person types: `rbutton`, for this installation's home."""
    home = "" if places.home is None else f"export RBUTTON_HOME={shlex.quote(str(places.home))}\n"
    words = shlex.join([str(python), "-I", "-m", "rbutton.cli"])
    files.write(places.command, f'#!/bin/sh\n{home}exec {words} "$@"\n', places.program_mode)


def trouble(
    manifest: Path, family: Family, launcher: Path, extension: Path | None = None
) -> str | None:
    """What keeps the extension in that folder from reaching `launcher` by `manifest`, or None."""
    found = read(manifest)
    if found is None:
        return f"{manifest} is not the r-button's"
    if found.get("path") != str(launcher):
        return f"it is registered with another program, {found.get('path')}"
    if found != json.loads(text_for(family, launcher, extension)):
        return f"{manifest} is not as it was written"
    return None


def read(manifest: Path) -> dict[str, object] | None:
    """The host manifest at that path, or None where there is none of our host."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("name") == HOST else None
