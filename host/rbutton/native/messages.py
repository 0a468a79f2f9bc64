"""The requests of docs/native.md that are about a site, and the one that changes a setting."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

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
    origin: Origin
    policy: Policy
    by: Literal["click", "touch", "retry"]


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


class Agreements(_Message):
    """`after`: the `next` of an earlier page. `find`: part of an origin."""

    after: Annotated[int, Field(ge=1)] | None
    find: Annotated[Text, Field(max_length=1_000)] | None


class OneAgreement(_Message):
    origin: Origin
    agreement: Hash


class ReplyTo(_Message):
    """`notice`: the id of the notice that was posted, if it was one."""

    origin: Origin
    agreement: Hash
    notice: Uuid | None = None
    reply: Reply | FailedReply


def _check_key(key: str) -> str:
    if key not in ("signals.dnt", "signals.gpc", "proffer.negotiate", "proffer.terms"):
        raise InvalidDocument("is not a setting that can be changed here")
    return key


class Set(_Message):
    key: Annotated[Text, AfterValidator(_check_key)]
    value: str | list[list[str]]
