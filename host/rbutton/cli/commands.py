"""What every command has in common."""

import sys
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import argparse

#: What `ArgumentParser.add_subparsers` makes.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

#: Exit codes: done; the answer is no; the command line is wrong; the machine is not set up.
DONE, NO, USAGE, NOT_SET_UP = 0, 1, 2, 3


def show_verbs(parser: "argparse.ArgumentParser") -> None:
    """Without one of its verbs, `parser` lists them; so it is wrong usage all the same."""

    def run(_: "argparse.Namespace") -> int:
        parser.print_help(sys.stderr)
        return USAGE

    parser.set_defaults(run=run)


def count(number: int, thing: str) -> str:
    """ "1 record", "2,000 records"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
