"""What is said above what holds, while there is a mistake in `terms.toml`."""

from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile, problem_of
from rbutton.shipped.roster import catalogue


def in_one_line(home: Home, file: TermsFile) -> str | None:
    """The mistake, its line, and what holds meanwhile; None where there is none."""
    wrong = problem_of(home, catalogue().documents)
    if wrong is None:
        return None
    if file.knows_good:
        holds = "Until it is mended, what was right before holds."
    else:
        holds = "Until it is mended, both signals go out everywhere and nothing is offered."
    return f"There is a mistake: {wrong.message} {wrong.fix} {holds}"
