"""The person's home, for commands."""

import sys

from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.terms_file import had_first_run

_WRITTEN = (
    "It is written when the button first starts: load the button and start the "
    "browser, or, where nothing is installed yet, run: python3 install_host.py"
)


def begun() -> Home | None:
    """The home of whoever runs the command; None: nothing was ever kept in it.

    Raises:
        PersonError: "home": it cannot be used.
    """
    home = Home.of_environment()
    # Terms that are gone are an error of another kind, and no reason not to save the rest.
    if not had_first_run(home) and not (home.data / "ledger.sqlite3").exists():
        return None
    home.open()
    return home


def existing() -> Home:
    """The same, for what can be done with nothing else.

    Raises:
        PersonError: "home": nothing was ever kept in it, or it cannot be used.
    """
    if home := begun():
        return home
    raise PersonError("home", f"There is no {Home.of_environment().terms_file} yet.", _WRITTEN)


def existing_or_new() -> Home:
    """The same; its folders are made where they are missing."""
    home = Home.of_environment()
    home.open()
    return home


def not_yet() -> str:
    """What a command that only reads says where nothing was ever kept."""
    return f"There is no {Home.of_environment().terms_file} yet. {_WRITTEN}"


def tell_not_yet(answer: str, *, as_json: bool) -> None:
    """The same after an answer; with --json, standard output is for programs."""
    print(f"{answer} {not_yet()}", file=sys.stderr if as_json else sys.stdout)
