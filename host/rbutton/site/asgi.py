"""The endpoint in front of any ASGI application."""

from dataclasses import replace

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbutton.site.messages import Request, Response, is_page, problem
from rbutton.site.site import Site
from rbutton.terms.documents import MAX_BYTES
from rbutton.terms.policy import ANNOUNCEMENT, ENDPOINT_PATH, POLICY_PATH

#: Seconds that a body may take to come.
PATIENCE = 10.0


class EmanciTerms:
    """`app`, made ⊃: announces the policy on its pages, serves it, and answers what is posted.

    It has to be the outermost of what changes paths, as the two paths are the origin's own.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == POLICY_PATH:
            await _send(send, self._site.published(scope["method"]), scope["method"])
        elif scope["path"] == ENDPOINT_PATH:
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, _announcing(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = None
        with anyio.move_on_after(PATIENCE) as waiting:
            body = await _read(receive)
        if waiting.cancelled_caught:
            late = problem(408, f"The body took longer than {PATIENCE:.0f} seconds.")
            await _send(send, _closing(late, scope), scope["method"])
        if body is None:
            return
        content_type = Headers(scope=scope).get("content-type", "")
        address = (scope.get("client") or ("",))[0]
        request = Request(scope["method"], content_type, body, address)
        response = await run_in_threadpool(self._site.answer, request)
        if len(body) > MAX_BYTES:
            response = _closing(response, scope)
        await _send(send, response, scope["method"])


async def _read(receive: Receive) -> bytes | None:
    """The body, as much of it as counts; None where the client went away in the middle."""
    body = bytearray()
    more = True
    while more and len(body) <= MAX_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body[: MAX_BYTES + 1])


def _closing(response: Response, scope: Scope) -> Response:
    """`response`, after which no other comes: the rest of the request is never read."""
    if scope["http_version"] not in ("1.0", "1.1"):
        return response
    return replace(response, headers=(*response.headers, ("Connection", "close")))


def _announcing(send: Send) -> Send:
    async def announced(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            # ASGI wants names in lower case; Django sends them as they are.
            kinds = (value for name, value in headers if name.lower() == b"content-type")
            if is_page(next(kinds, b"").decode("latin-1")):
                message["headers"] = [*headers, (b"link", ANNOUNCEMENT.encode())]
        await send(message)

    return announced


async def _send(send: Send, response: Response, method: str) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})
