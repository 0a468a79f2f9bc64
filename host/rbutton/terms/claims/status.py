"""The tracking status resource of W3C's Tracking Preference Expression (section 6.5)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from rbutton.terms import documents
from rbutton.terms.claims import tk
from rbutton.terms.encoding import Text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.models import Open, build

#: Of the whole site; with a status-id behind it, of some of its resources.
PATH = "/.well-known/dnt/"


def _check_tracking(text: str) -> str:
    if len(text) != 1 or not ((text.isascii() and text.isalpha()) or text in "!?"):
        raise InvalidDocument("is not a tracking status value")
    if text == "U":
        raise InvalidDocument("is a value that only a header may have")
    return tk.known(text)


class Status(Open):
    """Its members; an absent one has an empty default, null is a wrong type."""

    tracking: Annotated[Text, AfterValidator(_check_tracking)]
    compliance: list[Text] = Field(default_factory=list)
    qualifiers: Text = ""
    controller: list[Text] = Field(default_factory=list)
    same_party: list[Text] = Field(default_factory=list, alias="same-party")
    audit: list[Text] = Field(default_factory=list)
    policy: Text = ""
    config: Text = ""


def read(body: bytes) -> Status:
    """Read one.

    Raises:
        InvalidDocument: malformed, or a member is of the wrong type.
    """
    return build(Status, documents.parse(body, "tracking status"), "tracking status")
