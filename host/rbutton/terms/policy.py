"""A site's ⊃ policy: what it says of itself at a well-known place (protocol, section 2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Strict

from rbutton.terms import documents
from rbutton.terms.clauses import Value, Vocabulary
from rbutton.terms.encoding import Name, Origin, Text, Time, Version, from_time_text, sha256
from rbutton.terms.errors import InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey, check_public_key
from rbutton.terms.models import Open, build

POLICY_PATH = "/.well-known/emanciterms.json"
ENDPOINT_PATH = "/.well-known/emanciterms"
#: The value of the `Link` header that announces the policy.
ANNOUNCEMENT = f'<{POLICY_PATH}>; rel="emanciterms"'


def _check_contact(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.netloc if parts.scheme == "https" else parts.scheme == "mailto" and parts.path:
        return text
    raise InvalidDocument("is not a mailto: or https: URL")


class Controller(Open):
    """Who runs the site, in its own words: shown as "calls itself …"."""

    name: Name
    contact: Annotated[Text, AfterValidator(_check_contact)] = ""
    jurisdiction: Name = ""


class Key(Open):
    """A key as published: whether it is one we can use is decided afterwards."""

    kty: Text
    crv: Text = ""
    x: Text = ""


class Document(Open):
    """The policy's members. An absent one has an empty default; null is a wrong type."""

    emanciterms: Version
    origin: Origin
    controller: Controller
    keys: list[Key] = Field(default_factory=list)
    accepts: list[Text] = Field(default_factory=list)
    limits: dict[str, Value] = Field(default_factory=dict)
    negotiates: Annotated[bool, Strict()] = False
    promise: dict[str, Any] = Field(default_factory=dict)
    expires: Time = ""


@dataclass(frozen=True)
class Policy:
    """A valid policy and the bytes it was read from.

    Attributes:
        keys: the Ed25519 keys fit for use; none means no proffer.
        limits: the clauses that the reader's vocabulary knows; others are ignored.
    """

    body: bytes
    document: Document
    keys: tuple[PublicKey, ...]
    limits: dict[str, Value]

    @property
    def sha256(self) -> str:
        """Of the bytes as served: what an agreement's `site.policy` is."""
        return sha256(self.body)

    @property
    def name(self) -> str:
        return self.document.controller.name

    def accepts_all(self, ids: list[str]) -> bool:
        """Whether the site says it signs every one of these roster agreements as it is."""
        return set(ids) <= set(self.document.accepts)


def read(body: bytes, origin: str, vocabulary: Vocabulary, now: datetime) -> Policy:
    """Read a policy served by `origin`.

    Raises:
        InvalidDocument: malformed, meant for another origin, expired, or not of version 1.
    """
    members = documents.parse(body, "policy")
    document = build(Document, members, "policy")
    if document.origin != origin:
        raise InvalidDocument("the policy's origin is another one than it was read from")
    if document.expires and from_time_text(document.expires) <= now:
        raise InvalidDocument("the policy has expired")
    return Policy(body, document, _usable(document.keys), _known(document.limits, vocabulary))


def _usable(keys: list[Key]) -> tuple[PublicKey, ...]:
    usable = []
    for key in keys:
        if (key.kty, key.crv) == ("OKP", "Ed25519"):
            try:
                public = PublicKey(kty="OKP", crv="Ed25519", x=key.x)
                usable.append(check_public_key(public))
            except InvalidDocument:
                continue
    return tuple(usable)


def _known(limits: dict[str, Value], vocabulary: Vocabulary) -> dict[str, Value]:
    known = {}
    for name, value in limits.items():
        try:
            vocabulary.check({name: value})
        except UnknownTerms:
            continue
        known[name] = value
    return known
