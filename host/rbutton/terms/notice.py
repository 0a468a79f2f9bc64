"""Notices: what one side tells the other under an agreement (protocol, section 6)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self, assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AfterValidator

from rbutton.terms import documents, jws
from rbutton.terms.agreement import Agreement
from rbutton.terms.encoding import Hash, Text, Time, Version, sha256, time_text
from rbutton.terms.errors import BadSignature, InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey
from rbutton.terms.models import Closed, build


def _check_uuid(text: str) -> str:
    try:
        one_spelling = str(uuid.UUID(text)) == text
    except ValueError:
        one_spelling = False
    if not one_spelling:
        raise InvalidDocument("is not a UUID in lower case")
    return text


#: RFC 9562, in its one spelling.
Uuid = Annotated[Text, AfterValidator(_check_uuid)]


class Reason(Closed):
    """The body of a `withdraw`."""

    reason: Text | None


class Answer(Closed):
    """The body of an `acknowledge`: the id of the notice it answers."""

    re: Uuid


class _Notice(Closed):
    emanciterms: Version
    type: Literal["notice"]
    under: Hash
    id: Uuid
    made: Time


class Withdraw(_Notice):
    """Ends the agreement, or voids the proffer, whose id is `under`."""

    kind: Literal["withdraw"]
    body: Reason


class Acknowledge(_Notice):
    """Says that a notice has arrived."""

    kind: Literal["acknowledge"]
    body: Answer


Notice = Withdraw | Acknowledge
_KINDS: dict[str, type[Withdraw] | type[Acknowledge]] = {
    "withdraw": Withdraw,
    "acknowledge": Acknowledge,
}


@dataclass(frozen=True)
class SignedNotice:
    """A notice, its signature not yet verified: whose it is, only the agreement says.

    Attributes:
        body: the JWS as received or made, UTF-8 JSON.
    """

    body: bytes
    notice: Notice
    document: jws.Jws

    @property
    def hash(self) -> str:
        """`b64u(SHA-256(payload))`: the same notice has the same one."""
        return sha256(self.document.payload)

    def check_by(self, keys: Iterable[PublicKey]) -> Self:
        """This notice, if one of `keys` signed it.

        Raises:
            BadSignature: none of them did.
        """
        jws.verify(self.document, keys)
        return self


def is_notice(document: jws.Jws) -> bool:
    """Whether a document calls itself a notice."""
    return document.members.get("type") == "notice"


def read(document: jws.Jws) -> SignedNotice:
    """Read a notice; verify nothing yet.

    Raises:
        InvalidDocument: it is none.
        UnknownTerms: it is of a kind that is not known here.
        BadSignature: it has not exactly one signature.
    """
    kind = document.members.get("kind")
    if is_notice(document) and isinstance(kind, str) and kind not in _KINDS:
        raise UnknownTerms("the notice is of a kind that is not known here")
    model = _KINDS.get(kind, Withdraw) if isinstance(kind, str) else Withdraw
    notice: Notice = build(model, document.members, "notice")
    if len(document.kids) != 1:
        raise BadSignature("a notice has one signature")
    return SignedNotice(document.body, notice, document)


def withdraw(
    under: str, key: Ed25519PrivateKey, now: datetime, reason: str | None = None
) -> SignedNotice:
    """A signed `withdraw`.

    Args:
        under: the id of the agreement or proffer it ends.
        key: the key that signed that.
    """
    made = Withdraw(
        emanciterms=1,
        type="notice",
        kind="withdraw",
        under=under,
        id=str(uuid.uuid4()),
        made=time_text(now),
        body=Reason(reason=reason),
    )
    return _signed(made, key)


def acknowledge(signed: SignedNotice, key: Ed25519PrivateKey, now: datetime) -> SignedNotice:
    """A signed `acknowledge` of a notice."""
    made = Acknowledge(
        emanciterms=1,
        type="notice",
        kind="acknowledge",
        under=signed.notice.under,
        id=str(uuid.uuid4()),
        made=time_text(now),
        body=Answer(re=signed.notice.id),
    )
    return _signed(made, key)


def acknowledges(answer: SignedNotice, told: SignedNotice) -> bool:
    """Whether `answer` says that `told` has arrived."""
    match answer.notice:
        case Acknowledge(under=under, body=body):
            return under == told.notice.under and body.re == told.notice.id
        case Withdraw():
            return False
    assert_never(answer.notice)


def site_keys(agreement: Agreement, of_policy: Iterable[PublicKey]) -> set[PublicKey]:
    """The keys a site may sign a notice with: the agreement's, and those of its current policy."""
    return {agreement.site.jwk, *of_policy} - {agreement.person.jwk}


def _signed(notice: Notice, key: Ed25519PrivateKey) -> SignedNotice:
    return read(jws.parse(jws.sign(documents.canonical(notice.model_dump()), key), "notice"))
