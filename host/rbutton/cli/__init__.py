"""The `rbutton` command: thin, over the rooms below."""

import argparse
import json
import sys
from collections.abc import Sequence

from rbutton import __version__
from rbutton.cli import agreements, build, doctor, export, forget, homes, import_, verify
from rbutton.cli.commands import DONE, NO, NOT_SET_UP, USAGE, Commands
from rbutton.person.errors import PersonError

_EXIT = {"usage": USAGE, "backup": NO}


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
    _add_agreements(commands)
    for verb in (forget, verify, export, import_, doctor, build):
        verb.add(commands)
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except PersonError as error:
        print(f"rbutton: {error.message} {error.fix}", file=sys.stderr)
        return _EXIT.get(error.code, NOT_SET_UP)
    except KeyboardInterrupt:
        print("\nrbutton: Stopped.", file=sys.stderr)
        return NO
    return code


def _add_agreements(commands: Commands) -> None:
    listing = commands.add_parser("agreements", help="what was offered, and what was signed")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=_agreements)


def _agreements(options: argparse.Namespace) -> int:
    found = agreements.listed(homes.existing())
    if options.json:
        for one in found:
            print(json.dumps(one))
    else:
        print(agreements.table(found))
    return DONE
