"""Mistakes in `terms.toml`: one that is there, and one that is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def asked_for(home: Home) -> Iterator[TermsFile]:
    """A change of the file: what is refused while that is right was wrong to ask for.

    Raises:
        PersonError: nothing was changed.
    """
    file = TermsFile(home, catalogue().documents)
    if wrong := problem_of(home, catalogue().documents):
        raise wrong
    try:
        yield file
    except Mistake as error:
        # Of a line that was never written, the number says nothing.
        raise PersonError("usage", error.said, error.fix) from None
