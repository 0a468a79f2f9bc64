"""Who is there, as far as they say so: the `EmanciTerms` header of a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rbutton.site.policy import SitePolicy
from rbutton.site.store import Kept, Store
from rbutton.terms import agreement, header
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.errors import InvalidDocument


@dataclass(frozen=True)
class Visitor:
    """What a request says of the person behind it.

    Attributes:
        proffer: ids of the roster terms they offer here, none where they said nothing.
        kept: the agreement in force that they let the site recognise them by, or None. Whoever
            knows its id can send it, as with a cookie: it is no login.
    """

    proffer: tuple[str, ...] = ()
    kept: Kept | None = None

    @property
    def agreement(self) -> SignedAgreement | None:
        """That agreement, read."""
        return None if self.kept is None else agreement.read(self.kept.body)


def recognise(request: Any, policy: SitePolicy, store: Store, now: datetime) -> Visitor:
    """As `Site.recognise`. A header that cannot be read says nothing."""
    try:
        said = header.read(_lines(request))
    except InvalidDocument:
        return Visitor()
    kept = None if said.agreement is None else _in_force(said.agreement, policy, store, now)
    return Visitor(said.proffer, kept)


def _in_force(agreement_id: str, policy: SitePolicy, store: Store, now: datetime) -> Kept | None:
    kept = store.known(agreement_id, now)
    if kept is None or not kept.in_force(now):
        return None
    site = agreement.read(kept.body).agreement.site
    return kept if site.origin == policy.origin and policy.is_ours(site.jwk) else None


def _lines(request: Any) -> list[str]:
    """The header's lines, in whatever way a framework keeps them."""
    if not isinstance(request, Mapping):
        headers = request.headers
        several = getattr(headers, "getlist", None)
        if several is not None:
            return list(several(header.NAME))
        line = headers.get(header.NAME)
        return [] if line is None else [line]
    if "headers" in request:
        return [
            value.decode("latin-1")
            for name, value in request["headers"]
            if name.lower() == header.NAME.lower().encode()
        ]
    line = request.get(f"HTTP_{header.NAME.upper()}")
    return [] if line is None else [line]
