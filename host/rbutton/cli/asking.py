"""What a command asks the person for: a passphrase, or yes or no."""

import getpass
import sys
from argparse import ArgumentParser
from pathlib import Path

from rbutton.person.errors import PersonError

_LONGEST = 4_096
#: Characters of a passphrase; whoever has the file can try shorter ones at leisure.
_FEW = 12


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
        twice: it is a new one: a slip of the finger would lock the person out, and a short one
            is warned of.

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
    if twice and len(found) < _FEW:
        print(
            f"The passphrase has fewer than {_FEW} characters: whoever gets the file may find it "
            "by trying. Several words are better.",
            file=sys.stderr,
        )
        if not file and not yes("Take it all the same?"):
            raise NothingToAsk("Nothing was done.", "Start again with a longer one.")
    return found


def yes(question: str, without: str = "Add --yes to go ahead.") -> bool:
    """Whether the person types "y" or "yes".

    Args:
        question: one sentence.
        without: what to do where there is no terminal.

    Raises:
        NothingToAsk: there is no terminal.
    """
    if not sys.stdin.isatty():
        raise NothingToAsk(f"There is no terminal to ask you on: “{question}”", without)
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
