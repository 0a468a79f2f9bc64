"""What `rbutton site serve` runs: the two addresses, and nothing else."""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rbutton.site import folder
from rbutton.site.asgi import EmanciTerms
from rbutton.site.errors import SiteError, sentence
from rbutton.terms.encoding import time_text

# The worker processes are new ones: this is how they learn the folder.
_FOLDER = "RBUTTON_SITE"
_DEMO_PAGE = "RBUTTON_SITE_DEMO_PAGE"

_PAGE = b"""<!doctype html>
<meta charset="utf-8">
<title>A page that announces</title>
<h1>This site takes your terms</h1>
<p>Click anywhere in this page, and look at the button.</p>
"""


def serve(
    site_folder: Path,
    host: str,
    port: int,
    workers: int,
    listening: Callable[[str], None],
    *,
    warn: Callable[[str], None],
    demo_page: bool = False,
) -> None:
    """Answer until a signal ends it.

    Args:
        site_folder: where the site is.
        host: a name or an address of this machine.
        port: 0 takes any that is free.
        workers: processes.
        listening: told the address, once it is taken.
        warn: told what is not right, and does not keep it from being served.
        demo_page: there is a page at `/`, too.

    Raises:
        SiteError: the folder or the address cannot be used.
    """
    # Here once, so that what is wrong is said once and not by each worker.
    folder.store(site_folder).close()
    policy = folder.policy(site_folder)
    if not policy.negotiates:
        raise SiteError(
            f"{site_folder / folder.FILE} says negotiates = false: this site signs with nobody. "
            "Upload its file instead, or take that line out."
        )
    if policy.expires and policy.expires <= datetime.now(UTC):
        # What was signed can still be fetched again, and ended.
        warn(
            f"{site_folder / folder.FILE}: expires is past: {time_text(policy.expires)}. No button "
            "takes this policy, and no new terms are signed. Put a later time there, or take the "
            "line out, then start this again."
        )
    os.environ[_FOLDER] = str(site_folder.absolute())
    os.environ[_DEMO_PAGE] = "1" if demo_page else ""
    with _door(host, port) as door:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{door.getsockname()[1]}"
        if demo_page and policy.origin != address:
            raise SiteError(
                f"{site_folder / folder.FILE} says origin = {policy.origin}, and the page would be "
                f"at {address}: no button takes that policy there. Make another folder for trying, "
                f"with --origin {address}"
            )
        listening(address)
        uvicorn.run(
            "rbutton.site.serving:create_app",
            factory=True,
            fd=door.fileno(),
            workers=workers,
            log_level="warning",
        )


def _door(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        door = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        why = sentence(getattr(error, "strerror", error))
        raise SiteError(
            f"Port {port} of {host} cannot be listened on: {why} Choose another with --port or "
            "--host, or end the program that has it."
        ) from None
    # asyncio does so only for sockets of its own. Otherwise an answer in two parts waits 40 ms.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def create_app() -> ASGIApp:
    """The application of one worker.

    Raises:
        SiteError: the folder cannot be used.
    """
    page = _page if os.environ.get(_DEMO_PAGE) else _nothing
    return EmanciTerms(page, folder.site(os.environ[_FOLDER]))


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["path"] != "/":
        await _nothing(scope, receive, send)
        return
    await HTMLResponse(_PAGE)(scope, receive, send)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
