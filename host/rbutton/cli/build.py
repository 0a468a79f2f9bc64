"""`rbutton build`: packs the extension for the browsers' stores."""

import json
from argparse import Namespace
from pathlib import Path

from rbutton import shipped
from rbutton.browsers import files
from rbutton.browsers.packing import packed
from rbutton.browsers.table import Family
from rbutton.cli.commands import DONE, Commands
from rbutton.person.errors import PersonError

#: What each family's stores call the file.
_SUFFIXES = {Family.CHROMIUM: "zip", Family.GECKO: "xpi"}


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "build",
        help="pack the extension for the browsers' stores",
        description="Writes rbutton-VERSION.zip for Chromium's kin and rbutton-VERSION.xpi for "
        "Firefox's, unsigned. The same extension gives the same bytes each time.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", nargs="?", default=Path(), help="where to (default: .)"
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Write both files.

    Raises:
        PersonError: "build": one could not be written.
    """
    extension = shipped.folder("extension")
    version = json.loads((extension / "manifest.json").read_text("utf-8"))["version"]
    for family, suffix in _SUFFIXES.items():
        target = options.folder / f"rbutton-{version}.{suffix}"
        try:
            files.write(target, packed(extension, family), 0o644)
        except OSError as error:
            raise PersonError(
                "build",
                f"{target} cannot be written: {error.strerror}.",
                "Name a folder that you can write to.",
            ) from None
        print(target)
    return DONE
