"""The person's home, for commands."""

import sys

from rbutton.cli import mistake
from rbutton.person.home import Home
from rbutton.person.settings import Settings
from rbutton.person.terms_file import TermsFile, had_first_run
from rbutton.shipped.roster import catalogue

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


def existing_or_new() -> Home:
    """The same; its folders are made where they are missing."""
    home = Home.of_environment()
    home.open()
    return home


def in_force() -> tuple[Settings, str | None]:
    """The settings in force, before the first run what would be; and the mistake in the file."""
    home = begun()
    if home is None:
        return Settings(), None
    file = TermsFile(home, catalogue().documents)
    return file.settings, mistake.in_one_line(home, file)


def not_yet() -> str:
    """What a command that only reads says where nothing was ever kept."""
    return f"There is no {Home.of_environment().terms_file} yet. {_WRITTEN}"


def tell_not_yet(answer: str, *, as_json: bool) -> None:
    """The same after an answer; with --json, standard output is for programs."""
    print(f"{answer} {not_yet()}", file=sys.stderr if as_json else sys.stdout)
