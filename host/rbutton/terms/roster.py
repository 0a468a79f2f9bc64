"""The roster: the catalogue of agreements that both sides can name, each with its hash."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from rbutton.terms.clauses import Clauses, Value, Vocabulary
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import Text, sha256
from rbutton.terms.errors import InvalidDocument, UnknownTerms
from rbutton.terms.models import Closed, first_fault

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def check_id(text: str) -> str:
    """An id of the roster.

    Raises:
        InvalidDocument: anything else.
    """
    if not _ID.fullmatch(text):
        raise InvalidDocument("is not 1 to 64 letters, digits, dots or hyphens")
    return text


RosterId = Annotated[Text, AfterValidator(check_id)]


class RosterDocument(Closed):
    """One agreement of the roster, as `terms/<id>.toml` has it (protocol, section 3)."""

    id: RosterId
    title: str
    summary: str
    text: str
    url: str
    clauses: dict[str, Value]

    @classmethod
    def parse(cls, toml: str, name: str) -> "RosterDocument":
        """Read one TOML file.

        Args:
            toml: the file's text.
            name: what errors call it.

        Raises:
            InvalidDocument: not TOML, or a member missing, of a wrong type, or unknown.
        """
        try:
            return cls.model_validate(tomllib.loads(toml))
        except tomllib.TOMLDecodeError as error:
            raise InvalidDocument(f"{name} is not TOML: {error}") from None
        except ValidationError as error:
            raise first_fault(error, name) from None

    @property
    def sha256(self) -> str:
        """`b64u(SHA-256(JCS(document)))`: what a signature on its id stands for."""
        return sha256(canonical(self.model_dump()))


class Catalogue:
    """The vocabulary and every roster document one side holds; it never changes.

    Raises:
        InvalidDocument: two documents with one id.
        UnknownTerms: a document with a clause or value outside the vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary, documents: Iterable[RosterDocument]) -> None:
        self.vocabulary = vocabulary
        self._documents: dict[str, RosterDocument] = {}
        for document in sorted(documents, key=lambda document: document.id):
            if document.id in self._documents:
                raise InvalidDocument(f"{document.id} is in the roster twice")
            try:
                vocabulary.check(document.clauses)
            except UnknownTerms as error:
                raise UnknownTerms(f"{document.id} {error}") from None
            self._documents[document.id] = document

    @property
    def documents(self) -> Mapping[str, RosterDocument]:
        """Id → document, by id in byte order."""
        return self._documents

    def roster_json(self) -> dict[str, Any]:
        """What `terms/roster.json` holds: all that a stranger needs to implement from."""
        return {
            "emanciterms": 1,
            "agreements": [
                {"sha256": document.sha256, "document": document.model_dump()}
                for document in self._documents.values()
            ],
        }

    def holds(self, term_id: str, digest: str, clauses: Clauses) -> bool:
        """Whether a stranger's term equals the document of that id held here: id, hash, clauses."""
        document = self._documents.get(term_id)
        return (
            document is not None and document.sha256 == digest and document.clauses == dict(clauses)
        )
