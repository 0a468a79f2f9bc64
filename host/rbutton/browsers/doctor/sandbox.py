"""Browsers in a sandbox, which keeps them from starting a program of the person's."""

from collections.abc import Iterator, Mapping

from rbutton.browsers.here import Found
from rbutton.browsers.places import Places
from rbutton.browsers.sandboxes import Flatpak, Snap
from rbutton.finding import Finding, ok, warning


def look(found: Found, where: Places, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the person has let it out; nothing of a browser that is in none.

    Args:
        where: of the installation.
    """
    sandbox = found.sandbox
    if sandbox is None:
        return
    here = f"{found.browser.title} is here as a {sandbox.kind}, {sandbox.name}"
    if found.why_not is not None:
        yield warning(
            "sandboxed-browser",
            f"{here}: it cannot start the agent, as {found.why_not}.",
            f"Use a {found.browser.title} that is in no sandbox, such as the one of your "
            "distribution's packages or of its maker.",
        )
        return
    if where.for_all and isinstance(sandbox, Flatpak):
        yield warning(
            "sandboxed-browser",
            f"{here}: its sandbox keeps it from what is installed for everyone.",
            "If you want the r-button in it, install it for yourself: in the r-button's folder, "
            "type: python3 install_host.py",
        )
        return
    permitted = sandbox.is_permitted(environ)
    if permitted:
        yield ok("sandbox-permitted", f"{here}, and you let it start the agent.")
        return
    asks = " It asks you when the button first starts the agent; say yes."
    yield warning(
        "sandboxed-browser",
        f"{here}: its sandbox keeps it from starting the agent until you permit it."
        f"{asks if isinstance(sandbox, Snap) and permitted is None else ''}",
        f"Type: {sandbox.permission(where)}",
    )
