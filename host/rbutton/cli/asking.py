"""What a command asks the person for: a passphrase, or yes or no."""

import getpass
import sys
from argparse import ArgumentParser
from pathlib import Path

from rbutton.person.errors import PersonError

_LONGEST = 4_096


class NothingToAsk(PersonError):
    """There is no terminal, or an empty answer: the command line has to say more."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__("usage", message, fix)


def add_passphrase_file(parser: ArgumentParser) -> None:
    """The option by which a script gives it."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="take the passphrase from the first line of this file (-: of standard input)",
    )


def passphrase(file: Path | None, *, twice: bool) -> str:
    """The first line of `file` ("-": of standard input), or what is typed on the terminal.

    Args:
        file: None asks.
        twice: a slip of the finger would lock the person out.

    Raises:
        NothingToAsk: there is none.
    """
    if file:
        found = _first_line(file)
    elif sys.stdin.isatty():
        found = getpass.getpass("Passphrase: ")
        if twice and found and getpass.getpass("The same again: ") != found:
            raise NothingToAsk("The two are not the same.", "Nothing was done. Start again.")
    else:
        raise NothingToAsk(
            "There is no terminal to ask for the passphrase on.",
            "Give --passphrase-file FILE, or --passphrase-file - for standard input.",
        )
    if not found:
        raise NothingToAsk("The passphrase is empty.", "Nothing was done. Give one.")
    return found


def yes(question: str) -> bool:
    """Whether the person types "y" or "yes".

    Raises:
        NothingToAsk: there is no terminal.
    """
    if not sys.stdin.isatty():
        raise NothingToAsk("There is no terminal to ask you on.", "Add --yes to go ahead.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _first_line(file: Path) -> str:
    try:
        if str(file) == "-":
            line = sys.stdin.buffer.readline(_LONGEST)
        else:
            with file.open("rb") as opened:
                line = opened.readline(_LONGEST)
        return line.rstrip(b"\r\n").decode("utf-8")
    except OSError as error:
        raise NothingToAsk(
            f"{file} cannot be read: {error.strerror}.", "Give a file with the passphrase in it."
        ) from None
    except UnicodeDecodeError:
        raise NothingToAsk(f"The passphrase in {file} is not UTF-8.", "Save it as UTF-8.") from None
