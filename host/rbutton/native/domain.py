"""The answer to `domain` of docs/native.md: whose host that is."""

from typing import Any

from rbutton.terms.errors import InvalidDocument

_LONGEST = 253


def domain(members: dict[str, Any]) -> dict[str, Any]:
    """The registrable domain of a host; None for an address, a lone name or a public suffix.

    Raises:
        InvalidDocument: it is not as docs/native.md has it.
    """
    from rbutton.decisions.proffer import registrable_domain

    host = members.get("host")
    if members.keys() != {"host"} or not isinstance(host, str) or not 0 < len(host) <= _LONGEST:
        raise InvalidDocument("the request is not about a host")
    # Of a public suffix nobody is the owner: a name below it is a domain of its own.
    below = f"x.{host}"
    try:
        found, under = (registrable_domain(f"https://{one}") for one in (host, below))
    except ValueError:
        raise InvalidDocument("the request is not about a host") from None
    if "://" in found or under == below:
        return {"domain": None}
    return {"domain": found}
