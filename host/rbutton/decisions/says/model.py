"""What is shown of what a site says (docs/native.md, "Says")."""

from typing import Literal

from pydantic import Field

from rbutton.decisions.rows import Shown
from rbutton.person.settings import Look

#: agreement: both signed it. promise: made to everyone. claim: only said. request: wants consent.
#: unclear: something was said that cannot be read.
Kind = Literal["agreement", "promise", "claim", "request", "unclear"]


class Detail(Shown):
    """One member of a document, in the site's own words."""

    label: str
    value: str


class Line(Shown):
    """One thing that is said.

    Attributes:
        text: one sentence.
        at: when it was read last, RFC 3339.
        source: where.
        raw: the bytes as text that can be shown.
    """

    kind: Kind
    text: str
    at: str
    source: str
    details: list[Detail] = Field(default_factory=list)
    raw: str


class Says(Shown):
    """All that a site says.

    Attributes:
        look: when it may be asked for more.
        due: how many addresses would be asked now.
        note: what was asked, and when it can be again.
    """

    origin: str
    look: Look
    due: int
    contradictions: list[str]
    lines: list[Line]
    note: str
