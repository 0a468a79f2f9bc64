"""The requests of docs/native.md that are about a site, and the one that changes a setting."""

import base64
import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rbutton.terms.encoding import Hash, Origin, Text, Time
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.notice import Uuid


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise InvalidDocument("is not base64") from None


Body = Annotated[bytes, BeforeValidator(_from_base64)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Policy(_Message):
    """The bytes a site served as its policy, and when."""

    at: Time
    body: Body


class FailedPolicy(_Message):
    """What became of a fetch that brought no policy."""

    at: Time
    failed: Literal["not-found", "status", "timeout", "network", "too-large"]
    status: int | None = None


class Visit(_Message):
    origin: Origin
    announced: bool
    policy: Policy | FailedPolicy | None


class Offer(_Message):
    """`own`: terms of the person's own. `renew`: in place of what is in force.

    `seen`: the View's `offering` or `offering_own`, as the person saw it; nothing else is signed by
    that press.
    """

    origin: Origin
    policy: Policy
    by: Literal["click", "touch", "retry"]
    own: bool = False
    renew: bool = False
    seen: Hash | None = None

    @model_validator(mode="after")
    def _by_click(self) -> Self:
        if self.by != "click" and (self.own or self.renew):
            raise InvalidDocument("has own terms, or a renewal, that nobody asked for")
        if self.renew and self.seen is None:
            raise InvalidDocument("has a renewal, and not what the person saw of it")
        return self


class AnswerCounter(_Message):
    """`counter`: the id of what the site wants instead. `always`: the same another time too."""

    origin: Origin
    counter: Hash
    by: Literal["accept", "always", "decline"]


class Note(_Message):
    """The policy whose changes the person has seen."""

    origin: Origin
    policy: Policy


class Headers(_Message):
    content_type: Text | None = Field(default=None, alias="content-type")
    retry_after: Text | None = Field(default=None, alias="retry-after")
    date: Text | None = None


class Reply(_Message):
    """What came back on a post."""

    status: int
    headers: Headers
    body: Body


class FailedReply(_Message):
    """A post that brought nothing back."""

    failed: Literal["timeout", "network", "too-large"]


class Withdraw(_Message):
    origin: Origin
    agreement: Hash
    policy: Policy | None
    by: Literal["click", "retry"]


class Forget(_Message):
    """`sure`: do it; else only what would be erased. `anyway`: even what is in force."""

    origin: Origin
    sure: bool
    anyway: bool = False


class Agreements(_Message):
    """`after`: the `next` of an earlier page. `find`: part of an origin."""

    after: Annotated[int, Field(ge=1)] | None
    find: Annotated[Text, Field(max_length=1_000)] | None


class OneAgreement(_Message):
    origin: Origin
    agreement: Hash


class SaysOf(_Message):
    origin: Origin


class Heard(_Message):
    """What a page announced: values of `Tk`, the address of requests for consent, a myterms.json.

    Addresses and values are a stranger's and not checked here.
    """

    origin: Origin
    tk: Annotated[list[Text], Field(max_length=8)]
    consent: Text | None
    myterms: bool


Asked = Literal["status", "gpc", "eff", "myterms", "status-id", "consent"]


class Answer(_Message):
    """What came from one address."""

    what: Asked
    url: Text
    status: int
    type: Text | None
    body: Body


class NoAnswer(_Message):
    """An address from which nothing came that could be read."""

    what: Asked
    url: Text
    failed: Literal["timeout", "network", "too-large"]


class Look(_Message):
    origin: Origin
    by: Literal["click", "visit"]
    answer: Answer | NoAnswer | None


class ReplyTo(_Message):
    """`notice`: the id of the notice that was posted, if it was one."""

    origin: Origin
    agreement: Hash
    notice: Uuid | None = None
    reply: Reply | FailedReply


class Set(_Message):
    """`value` null takes the key out."""

    key: Annotated[Text, Field(max_length=1_000)]
    value: str | list[str] | list[list[str]] | None


class Grant(_Message):
    """One of the exceptions in `terms.toml`."""

    site: Text
    targets: list[Text] | None
    until: Time | None


class Revoke(_Message):
    """`targets` left out: whatever they are."""

    site: Text
    targets: list[Text] | None = None


class Edit(_Message):
    """`edit`: the `id` of `Settings.loosened`."""

    edit: Text
