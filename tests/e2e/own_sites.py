"""⊃ sites that behave as a test wants: announced so or so, with any policy and any answer."""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests import sites

Answer = Callable[[sites.Site, bytes], Response]
LINK = "</.well-known/emanciterms.json>; rel=emanciterms"
LINK_ELEMENT = '<link rel="emanciterms" href="/.well-known/emanciterms.json">'


def signs(site: sites.Site, body: bytes) -> Response:
    """200, both signatures."""
    return Response(site.countersign(body), media_type="application/jose+json")


def declines(site: sites.Site, body: bytes) -> Response:
    """403, with words of its own."""
    return told(sites.problem(403, "declined", "We only sign\u202e on <b>Tuesdays</b>."))


def is_down(site: sites.Site, body: bytes) -> Response:
    """503, which is no answer."""
    return Response("later", status_code=503)


def told(answer: dict[str, Any]) -> Response:
    """One of `tests.sites`' answers, over HTTP."""
    return Response(
        base64.b64decode(answer["body"]),
        status_code=answer["status"],
        media_type=answer["headers"]["content-type"],
    )


def create_app(origin: str, **how: Any) -> Starlette:
    """The site of an origin, with a name and key that all of them share."""
    return create_app_of(sites.Site(origin=origin, name="Example Shop"), **how)


def create_app_of(
    site: sites.Site,
    *,
    answer: Answer = signs,
    by_header: bool = True,
    policy: Callable[[sites.Site], bytes] = sites.Site.policy,
    quiet: str | None = None,
    headers: Mapping[str, str] | None = None,
    extra: Sequence[Route] = (),
) -> Starlette:
    """A site of one page, which sets a cookie and a validator that must not come back.

    Args:
        site: who signs.
        answer: what its endpoint does.
        by_header: False announces by the link element.
        policy: its bytes.
        quiet: a path whose page announces nothing.
        headers: of its page, beside its own.
        extra: routes that come before its own.
    """
    marks = {"Set-Cookie": "known=42; Path=/", "ETag": '"known-42"'}

    async def page(request: Request) -> Response:
        told = request.url.path != quiet
        link = "" if by_header or not told else LINK_ELEMENT
        return HTMLResponse(
            f"<!doctype html><title>shop</title>{link}"
            '<input aria-label="something to type in"><p>Hello</p><a href="/">on</a>',
            headers=marks | dict(headers or {}) | ({"Link": LINK} if by_header and told else {}),
        )

    async def serve_policy(_: Request) -> Response:
        return Response(policy(site), media_type="application/json", headers=marks)

    async def endpoint(request: Request) -> Response:
        # In a thread: one that takes its time holds up this answer alone.
        return await run_in_threadpool(answer, site, await request.body())

    return Starlette(
        routes=[
            *extra,
            Route("/.well-known/emanciterms.json", serve_policy),
            Route("/.well-known/emanciterms", endpoint, methods=["POST"]),
            Route("/{path:path}", page),
        ]
    )


def by_name(**how: Any) -> Callable[[str], Any]:
    """A site for every host name that is asked for, all of them with these ways."""

    def make(_: str) -> Any:
        known: dict[bytes, Starlette] = {}

        async def app(scope: Any, receive: Any, send: Any) -> None:
            host = dict(scope["headers"])[b"host"]
            if host not in known:
                known[host] = create_app(f"https://{host.decode('ascii')}", **how)
            await known[host](scope, receive, send)

        return app

    return make


def that(**how: Any) -> Callable[[str], Callable[..., Awaitable[None]]]:
    """`create_app` with these ways, for `recorder.Site`."""
    return partial(create_app, **how)
