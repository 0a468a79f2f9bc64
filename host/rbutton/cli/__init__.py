"""The `rbutton` command: thin, over the rooms below."""

import argparse
import os
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


_FOR_PERSONS = "The commands for a person: python3 install_host.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _told(arguments)
    except BrokenPipeError:
        # Whoever read has enough, such as `head`. What is left would be written at the exit.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return NO


def _told(arguments: Sequence[str]) -> int:
    """The exit code; what is wrong is a sentence."""
    try:
        return _written(arguments)
    except PersonError as error:
        print(f"rbutton: {error.message} {error.fix}", file=sys.stderr)
        return _EXIT.get(error.code, NOT_SET_UP)
    except ModuleNotFoundError as error:
        if not _is_for_persons(error) or arguments[0] == "site":
            raise
        print(f"rbutton: {error.name} is not installed here. {_FOR_PERSONS}", file=sys.stderr)
        return NOT_SET_UP
    # Ctrl-C, and Ctrl-D at a question.
    except (KeyboardInterrupt, EOFError):
        print("\nrbutton: Stopped.", file=sys.stderr)
        return NO


def _written(arguments: Sequence[str]) -> int:
    """The exit code, once all that was printed is with its reader."""
    try:
        return _run(arguments)
    finally:
        sys.stdout.flush()


def _run(arguments: Sequence[str]) -> int:
    verbs = _loaded(arguments)
    parser = argparse.ArgumentParser(
        prog="rbutton",
        description="Your own terms, and who signed them.",
        epilog=_FOR_PERSONS if len(verbs) == 1 else None,
    )
    parser.add_argument("--version", action="version", version=__version__)
    show_verbs(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    for verb in verbs:
        verb.add(commands)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def _loaded(arguments: Sequence[str]) -> list[ModuleType]:
    """The verb that is asked for, else all there are, which takes longer than most of them run."""
    asked = next(iter(arguments), None)
    if asked in VERBS:
        return [_module(VERBS[asked])]
    try:
        return [*map(_module, VERBS.values())]
    except ModuleNotFoundError as error:
        if not _is_for_persons(error):
            raise
        return [_module("site")]


def _is_for_persons(missing: ModuleNotFoundError) -> bool:
    # A site's owner installs nothing of a person's.
    return not (missing.name or "").startswith("rbutton")


def _module(name: str) -> ModuleType:
    return import_module(f"rbutton.cli.{name}")
