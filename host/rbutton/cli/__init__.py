"""The `rbutton` command: thin, over the rooms below."""

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from rbutton import __version__
from rbutton.cli import site
from rbutton.cli.commands import NO, NOT_SET_UP, USAGE, show_verbs
from rbutton.person.errors import PersonError

try:
    from rbutton.cli import (
        agreements,
        build,
        doctor,
        export,
        forget,
        import_,
        signals,
        sites,
        terms,
        verify,
        withdraw,
    )
except ModuleNotFoundError as error:
    # A site's owner installs nothing of a person's.
    if (error.name or "").startswith("rbutton"):
        raise
    _PERSONS: tuple[ModuleType, ...] = ()
else:
    _PERSONS = (
        terms,
        signals,
        agreements,
        sites,
        withdraw,
        forget,
        verify,
        export,
        import_,
        doctor,
        build,
    )

_EXIT = {"usage": USAGE, "backup": NO, "config": NO, "unknown-agreement": NO}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="rbutton",
        description="Your own terms, and who signed them.",
        epilog=None if _PERSONS else "The commands for a person: python3 install_host.py",
    )
    parser.add_argument("--version", action="version", version=__version__)
    show_verbs(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    for verb in (*_PERSONS, site):
        verb.add(commands)
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except PersonError as error:
        print(f"rbutton: {error.message} {error.fix}", file=sys.stderr)
        return _EXIT.get(error.code, NOT_SET_UP)
    # Ctrl-C, and Ctrl-D at a question.
    except (KeyboardInterrupt, EOFError):
        print("\nrbutton: Stopped.", file=sys.stderr)
        return NO
    return code
