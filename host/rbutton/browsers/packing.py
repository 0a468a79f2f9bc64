"""The extension as one file, for browsers' stores and for Firefox: the same bytes each time."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from rbutton.browsers.table import Family

NOT_THEIRS: dict[Family, dict[str, tuple[str, ...]]] = {
    # `key` is the development id's: a store refuses it and gives an id of its own.
    Family.CHROMIUM: {"": ("key", "browser_specific_settings"), "background": ("scripts",)},
    Family.GECKO: {"": ("key", "minimum_chrome_version"), "background": ("service_worker",)},
}
"""What each family has no use for, by the member of `manifest.json` that it is in."""

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the first that a zip can tell."""


def packed(extension: Path, family: Family) -> bytes:
    """The extension in that folder as a zip, which Firefox calls an XPI.

    Raises:
        OSError: a file cannot be read.
    """
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in _files(extension):
            name = path.relative_to(extension).as_posix()
            data = path.read_bytes()
            if name == "manifest.json":
                data = _manifest(data, family)
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system = 3  # Unix, on any machine
            entry.external_attr = 0o100644 << 16
            # Stored, as what deflate makes of it differs between versions of zlib.
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return content.getvalue()


def _files(folder: Path) -> list[Path]:
    return sorted(
        (
            path
            for path in folder.rglob("*")
            if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ),
        key=lambda path: path.relative_to(folder).as_posix().encode(),
    )


def _manifest(data: bytes, family: Family) -> bytes:
    manifest: dict[str, Any] = json.loads(data)
    for member, names in NOT_THEIRS[family].items():
        part = manifest[member] if member else manifest
        for name in names:
            del part[name]
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
