"""The endpoint in front of any ASGI site."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbutton.site.endpoint import answer, published
from rbutton.site.messages import Request, Response
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.terms.documents import MAX_BYTES
from rbutton.terms.policy import ENDPOINT_PATH, POLICY_PATH

ANNOUNCEMENT = f'<{POLICY_PATH}>; rel="emanciterms"'


class EmanciTerms:
    """`app`, made ⊃: announces the policy on its pages, serves it, and answers what is posted.

    It has to be the outermost of what changes paths, as the two paths are the origin's own.
    """

    def __init__(self, app: ASGIApp, policy: SitePolicy, store: Store) -> None:
        self._app = app
        self._policy = policy
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == POLICY_PATH:
            await _send(send, published(scope["method"], self._policy), scope["method"])
        elif scope["path"] == ENDPOINT_PATH:
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, _announcing(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        content_type = Headers(scope=scope).get("content-type", "")
        request = Request(scope["method"], content_type, body)
        response = await run_in_threadpool(answer, request, self._policy, self._store)
        if len(body) > MAX_BYTES and scope["http_version"] in ("1.0", "1.1"):
            # The rest is never read, so this connection cannot be used again.
            response = replace(response, headers=(*response.headers, ("Connection", "close")))
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


def _announcing(send: Send) -> Send:
    async def announced(message: Message) -> None:
        if message["type"] == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type == "text/html":
                headers.append("Link", ANNOUNCEMENT)
        await send(message)

    return announced


async def _send(send: Send, response: Response, method: str) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})
