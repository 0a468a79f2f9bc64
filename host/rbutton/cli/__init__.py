"""The `rbutton` command: thin, over the rooms below."""

import argparse
import json
import sys
from collections.abc import Sequence

from rbutton import __version__
from rbutton.cli import agreements
from rbutton.person.errors import PersonError
from rbutton.person.home import Home

#: Exit codes: done; the answer is no; (2, wrong usage, is argparse's); the machine is not set up.
DONE, NO, NOT_SET_UP = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="rbutton", description="Your own terms, and who signed them."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("agreements", help="what was offered, and what was signed")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    home = Home.of_environment()
    try:
        if not home.terms_file.exists():
            raise PersonError(
                "home",
                f"There is no {home.terms_file} yet.",
                "It is written when the button first starts: load the button and start the "
                "browser, or, where nothing is installed yet, run: python3 install_host.py",
            )
        home.open()
        found = agreements.listed(home)
    except PersonError as error:
        print(f"rbutton: {error.message} {error.fix}", file=sys.stderr)
        return NOT_SET_UP
    if options.json:
        for one in found:
            print(json.dumps(one))
    else:
        print(agreements.table(found))
    return DONE
