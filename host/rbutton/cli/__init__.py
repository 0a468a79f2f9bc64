"""The `rbutton` command: thin, over the rooms below."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from rbutton import __version__
from rbutton.cli.commands import NO, NOT_SET_UP, USAGE, show_verbs
from rbutton.person.errors import PersonError

VERBS = {
    "terms": "terms",
    "signals": "signals",
    "agreements": "agreements",
    "sites": "sites",
    "withdraw": "withdraw",
    "forget": "forget",
    "verify": "verify",
    "export": "export",
    "import": "import_",
    "doctor": "doctor",
    "build": "build",
    "site": "site",
}
"""In the order they are listed; each one's module."""

_EXIT = {"usage": USAGE, "backup": NO, "config": NO, "unknown-agreement": NO}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    verbs = _loaded(arguments)
    parser = argparse.ArgumentParser(
        prog="rbutton",
        description="Your own terms, and who signed them.",
        epilog="The commands for a person: python3 install_host.py" if len(verbs) == 1 else None,
    )
    parser.add_argument("--version", action="version", version=__version__)
    show_verbs(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    for verb in verbs:
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


def _loaded(arguments: Sequence[str]) -> list[ModuleType]:
    """The verb that is asked for, else all there are, which takes longer than most of them run."""
    asked = next(iter(arguments), None)
    try:
        return [_module(VERBS[asked])] if asked in VERBS else [*map(_module, VERBS.values())]
    except ModuleNotFoundError as error:
        # A site's owner installs nothing of a person's.
        if (error.name or "").startswith("rbutton"):
            raise
        return [_module("site")]


def _module(name: str) -> ModuleType:
    return import_module(f"rbutton.cli.{name}")
