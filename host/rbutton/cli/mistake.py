"""Mistakes in `terms.toml`: one that is there, and one that is asked for."""

from collections.abc import Callable

from rbutton.person.errors import Mistake, PersonError
from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile, problem_of
from rbutton.shipped.roster import catalogue


def in_one_line(home: Home, file: TermsFile) -> str | None:
    """The one there is, its line, and what holds meanwhile; None where there is none."""
    wrong = problem_of(home, catalogue().documents)
    if wrong is None:
        return None
    if file.knows_good:
        holds = "Until it is mended, what was right before holds."
    else:
        holds = "Until it is mended, both signals go out everywhere and nothing is offered."
    return f"There is a mistake: {wrong.message} {wrong.fix} {holds}"


def change(home: Home, how: Callable[[], None]) -> None:
    """Do what is asked for; what is refused while the file is right was wrong to ask for.

    Raises:
        PersonError: nothing was changed.
    """
    if wrong := problem_of(home, catalogue().documents):
        raise wrong
    try:
        how()
    except Mistake as error:
        # Of a line that was never written, the number says nothing.
        raise PersonError("usage", error.said, error.fix) from None
