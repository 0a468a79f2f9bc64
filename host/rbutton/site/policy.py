"""The site's own policy: what it says of itself, signs with and accepts (protocol, section 2)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.terms import policy
from rbutton.terms.encoding import sha256, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey


@dataclass(frozen=True)
class SitePolicy:
    """A policy and the key behind it. Make one with `SitePolicy.of`.

    Attributes:
        origin: the site's web origin.
        name: of who runs the site.
        contact: a mailto: or https: URL, or "".
        accepts: ids of the roster documents it signs as they are.
        expires: when agents shall stop relying on it, or None.
        key: what the site signs with.
        body: the bytes served; agreements name their hash, so every worker must serve the same.
    """

    origin: str
    name: str
    contact: str
    accepts: frozenset[str]
    expires: datetime | None
    key: Ed25519PrivateKey
    body: bytes

    @classmethod
    def of(
        cls,
        *,
        origin: str,
        name: str,
        key: Ed25519PrivateKey,
        accepts: Iterable[str],
        contact: str = "",
        expires: datetime | None = None,
    ) -> "SitePolicy":
        """The policy of a site that signs these roster documents.

        Args:
            expires: a fixed moment, with its zone; one reckoned from the start of a process gives
                each worker a policy of its own.

        Raises:
            ValueError: an agent would not take it, or `accepts` has an id the roster has not.
        """
        ids = frozenset(accepts)
        unknown = sorted(ids - catalogue().documents.keys())
        if unknown:
            raise ValueError(f"accepts: not in the roster: {', '.join(unknown)}")
        if expires is not None and expires.tzinfo is None:
            raise ValueError("expires: has no time zone")
        members: dict[str, Any] = {
            "emanciterms": 1,
            "origin": origin,
            "controller": {"name": name, **({"contact": contact} if contact else {})},
            "keys": [PublicKey.of(key).model_dump()],
            "accepts": sorted(ids),
            "negotiates": True,
            **({"expires": time_text(expires)} if expires is not None else {}),
        }
        body = json.dumps(members, ensure_ascii=False, indent=1).encode()
        try:
            # As an agent reads it; whether it has expired is not a matter of its form.
            past = datetime.min.replace(tzinfo=UTC)
            policy.read(body, origin, catalogue().vocabulary, past)
        except InvalidDocument as error:
            raise ValueError(str(error)) from None
        return cls(origin, name, contact, ids, expires, key, body)

    @cached_property
    def jwk(self) -> PublicKey:
        """The public half of `key`."""
        return PublicKey.of(self.key)

    @cached_property
    def sha256(self) -> str:
        """What agreements made under this policy name it by."""
        return sha256(self.body)
