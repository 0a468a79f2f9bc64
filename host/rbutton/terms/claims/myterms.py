"""`myterms.json`, one prototype's convention for IEEE 7012 (protocol, section 2)."""

from rbutton.terms import documents
from rbutton.terms.models import Open, build
from rbutton.terms.roster import RosterId

PATH = "/.well-known/myterms.json"


class _Agreement(Open):
    id: RosterId


class MyTerms(Open):
    """The agreements of a roster that the site says it accepts."""

    agreements: list[_Agreement]

    @property
    def ids(self) -> list[str]:
        """Each once, in the site's order."""
        return list(dict.fromkeys(one.id for one in self.agreements))


def read(body: bytes) -> MyTerms:
    """Read one.

    Raises:
        InvalidDocument: malformed, or `agreements` is missing or of the wrong type.
    """
    return build(MyTerms, documents.parse(body, "myterms.json"), "myterms.json")
