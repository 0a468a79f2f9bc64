"""The sites that a command names."""

from rbutton.decisions.plain import escaped
from rbutton.person.errors import PersonError
from rbutton.person.settings_parsing import site_named


def one(written: str, *, everywhere: str) -> str:
    """The name of a site, "*." and one, or that in an address.

    Args:
        written: as it was typed.
        everywhere: what to do where all sites are meant.

    Raises:
        PersonError: "usage": it names none.
    """
    if (name := site_named(written)) is not None:
        return name
    shown = f"“{escaped(written.encode('utf-8', 'replace'), 100)}”"
    if written.strip() in ("*", "*."):
        raise PersonError("usage", f"{shown} is every site, and no name of one.", everywhere)
    if (without := site_named(written.strip().rstrip("."))) is not None:
        raise PersonError("usage", f"{shown} ends with a dot.", f"Write it without: {without}")
    raise PersonError(
        "usage",
        f"{shown} is not the name of a site.",
        f'Write a host name such as news.example or "*.example". {everywhere}',
    )
