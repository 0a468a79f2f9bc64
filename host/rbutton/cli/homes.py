"""The person's home, for commands."""

from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.terms_file import had_first_run


def existing() -> Home:
    """The home of whoever runs the command.

    Raises:
        PersonError: "home": nothing was ever kept in it, or it cannot be used.
    """
    home = Home.of_environment()
    # Terms that are gone are an error of another kind, and no reason not to save the rest.
    if not had_first_run(home):
        raise PersonError(
            "home",
            f"There is no {home.terms_file} yet.",
            "It is written when the button first starts: load the button and start the "
            "browser, or, where nothing is installed yet, run: python3 install_host.py",
        )
    home.open()
    return home


def existing_or_new() -> Home:
    """The same; its folders are made where they are missing."""
    home = Home.of_environment()
    home.open()
    return home
