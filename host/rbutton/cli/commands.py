"""What every command has in common."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import argparse

#: What `ArgumentParser.add_subparsers` makes.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

#: Exit codes: done; the answer is no; the command line is wrong; the machine is not set up.
DONE, NO, USAGE, NOT_SET_UP = 0, 1, 2, 3


def count(number: int, thing: str) -> str:
    """ "1 record", "2,000 records"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
