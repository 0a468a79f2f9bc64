"""The endpoint in front of any WSGI application (PEP 3333)."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from rbutton.site.messages import Request, Response, is_page
from rbutton.site.site import Site
from rbutton.terms.documents import MAX_BYTES
from rbutton.terms.policy import ANNOUNCEMENT, ENDPOINT_PATH, POLICY_PATH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class EmanciTerms:
    """`app`, made ⊃: announces the policy on its pages, serves it, and answers what is posted.

    It has to be the outermost of what changes paths, as the two paths are the origin's own.
    """

    def __init__(self, app: "WSGIApplication", site: Site) -> None:
        self._app = app
        self._site = site

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        match environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""):
            case str(path) if path == POLICY_PATH:
                return _respond(self._site.published(method), method, start_response)
            case str(path) if path == ENDPOINT_PATH:
                request = Request(
                    method,
                    environ.get("CONTENT_TYPE", ""),
                    _body(environ),
                    environ.get("REMOTE_ADDR", ""),
                )
                return _respond(self._site.answer(request), method, start_response)
            case _:
                return self._app(environ, _announcing(start_response))


def _body(environ: "WSGIEnvironment") -> bytes:
    """The body, as much of it as counts. Without a length there is none (PEP 3333)."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if environ.get("wsgi.input_terminated"):
        length = MAX_BYTES + 1
    read: bytes = environ["wsgi.input"].read(max(0, min(length, MAX_BYTES + 1)))
    return read


def _announcing(start_response: "StartResponse") -> "StartResponse":
    def announced(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        kinds = (value for name, value in headers if name.lower() == "content-type")
        if is_page(next(kinds, "")):
            headers = [*headers, ("Link", ANNOUNCEMENT)]
        return (
            start_response(status, headers, exc_info)
            if exc_info
            else start_response(status, headers)
        )

    return announced


def _respond(response: Response, method: str, start_response: "StartResponse") -> Iterable[bytes]:
    headers = [*response.headers, ("Content-Length", str(len(response.body)))]
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [b"" if method == "HEAD" else response.body]
