"""Requests and responses as the core knows them, and refusals in the form of RFC 9457."""

import json
from dataclasses import dataclass
from http import HTTPStatus

PROBLEM_TYPE = "application/problem+json"
MAX_DETAIL = 300

#: The protocol's error codes that this site uses, each with its status (section 5).
STATUS: dict[str, int] = {
    "malformed": 400,
    "bad-signature": 401,
    "declined": 403,
    "unknown-agreement": 404,
    "conflict": 409,
    "expired": 410,
    "too-large": 413,
    "unsupported-type": 415,
    "unknown-terms": 422,
    "slow-down": 429,
}


@dataclass(frozen=True)
class Request:
    """What the endpoint looks at of an HTTP request.

    Attributes:
        method: in upper case.
        content_type: the `Content-Type` header, "" where there is none.
        body: all of it, or its first 65,537 bytes: enough to see that it is too large.
        address: of whoever posted it, "" where nobody knows; for the rate limit alone.
    """

    method: str
    content_type: str
    body: bytes
    address: str = ""


@dataclass(frozen=True)
class Response:
    """An HTTP response; `headers` has the content type, not the length."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Refused(Exception):
    """A no; but for `slow-down` it is final for this payload.

    Attributes:
        code: the protocol's.
        detail: one plain sentence of ours, with no value that the stranger sent.
    """

    def __init__(self, code: str, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = headers

    def response(self) -> Response:
        return problem(STATUS[self.code], self.detail, self.code, *self.headers)


def problem(
    status: int, detail: str, code: str | None = None, *headers: tuple[str, str]
) -> Response:
    """An RFC 9457 problem. Without `code` it is no answer: the agent may send the same again."""
    members: dict[str, str | int] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:MAX_DETAIL],
    }
    if code is not None:
        members["code"] = code
    body = json.dumps(members, ensure_ascii=False).encode()
    return Response(status, (*same_for_all(PROBLEM_TYPE), *headers), body)


def same_for_all(content_type: str, cache: str = "no-store") -> tuple[tuple[str, str], ...]:
    """Headers that every response of the exchange has."""
    return (
        ("Content-Type", content_type),
        ("Cache-Control", cache),
        ("X-Content-Type-Options", "nosniff"),
    )


def is_page(content_type: str) -> bool:
    """Whether a response is one that can announce the policy."""
    return content_type.partition(";")[0].strip().lower() == "text/html"
