"""The catalogue that this release ships: read from `terms/` once a process."""

from functools import cache

from rbutton.shipped import folder
from rbutton.terms.clauses import Vocabulary
from rbutton.terms.roster import Catalogue, RosterDocument

VOCABULARY_FILE = "clauses.toml"


@cache
def catalogue() -> Catalogue:
    """Vocabulary and roster documents.

    Raises:
        FileNotFoundError: the installation is incomplete.
        InvalidDocument: a shipped file was changed and is no longer valid.
    """
    terms = folder("terms")
    vocabulary = Vocabulary.parse((terms / VOCABULARY_FILE).read_text("utf-8"))
    documents = [
        RosterDocument.parse(path.read_text("utf-8"), path.name)
        for path in sorted(terms.glob("*.toml"))
        if path.name != VOCABULARY_FILE
    ]
    return Catalogue(vocabulary, documents)
