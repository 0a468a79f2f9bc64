"""The `rbutton` command: thin, over the rooms below."""

import argparse
import sys
from collections.abc import Sequence

from rbutton import __version__
from rbutton.cli import agreements, build, doctor, export, forget, import_, verify
from rbutton.cli.commands import NO, NOT_SET_UP, USAGE
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
    for verb in (agreements, forget, verify, export, import_, doctor, build):
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
