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
    try:
        found = registrable_domain(f"https://{host}")
        # Of a public suffix nobody is the owner: a name below it is a domain of its own.
        below = f"x.{host}"
        if "://" in found or registrable_domain(f"https://{below}") == below:
            return {"domain": None}
    except ValueError:
        raise InvalidDocument("the request is not about a host") from None
    return {"domain": found}
