"""Requests as a button makes them, each bounded in time and size whatever the server does."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx

#: Seconds for one request, name, connection, TLS and body included; the button waits as long.
PATIENCE = 5.0

Fault = Literal["name", "connection", "tls", "timeout", "too-large", "garbled"]


@dataclass(frozen=True)
class Fetched:
    """A response.

    Attributes:
        headers: by name in lower case; every line of a header.
        at: when it came.
        certificate_until: when the server's certificate ends, None over plain http.
    """

    status: int
    headers: dict[str, list[str]]
    body: bytes
    at: datetime
    certificate_until: datetime | None

    def header(self, name: str) -> str:
        """The lines of a header in one, "" where there is none."""
        return ", ".join(self.headers.get(name, []))

    @property
    def media_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def ahead(self) -> float | None:
        """Seconds by which the server's clock is ahead of ours, where it tells."""
        try:
            told = parsedate_to_datetime(self.header("date"))
            return (told.astimezone(UTC) - self.at).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True)
class Failed:
    """No response that could be read.

    Attributes:
        fault: what was in the way.
        detail: what the operating system or OpenSSL said, or "".
    """

    fault: Fault
    detail: str = ""


async def fetch(
    url: str,
    limit: int,
    *,
    method: Literal["GET", "POST"] = "GET",
    accept: str = "*/*",
    content: bytes | None = None,
    content_type: str = "",
    whole: bool = True,
) -> Fetched | Failed:
    """One request on a connection of its own; no redirect is followed, no cookie kept.

    Args:
        url: an absolute one, http or https.
        limit: the most bytes of body that are read.
        method: GET or POST.
        accept: the `Accept` header.
        content: the body of a POST.
        content_type: of that.
        whole: what is longer than `limit` is a fault; else only that much of it is taken.
    """
    # Of bytes that were packed, the first few may stand for any number.
    headers = {"Accept": accept, "Accept-Encoding": "identity", "Cache-Control": "no-store"}
    if content_type:
        headers["Content-Type"] = content_type
    # httpx limits each read; one that comes a byte at a time is ended here.
    try:
        async with asyncio.timeout(PATIENCE):
            return await _ask(url, limit, method, headers, content, whole=whole)
    except (TimeoutError, httpx.TimeoutException):
        return Failed("timeout")
    except httpx.ConnectError as error:
        return _not_connected(error)
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
        return Failed("garbled", _short(str(error)))


async def _ask(
    url: str,
    limit: int,
    method: str,
    headers: dict[str, str],
    content: bytes | None,
    *,
    whole: bool,
) -> Fetched | Failed:
    # The system's own authorities, as most browsers have them, and not a list of the library's.
    client = httpx.AsyncClient(verify=ssl.create_default_context(), timeout=PATIENCE)
    async with client, client.stream(method, url, headers=headers, content=content) as response:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            return Failed("garbled", "The body is compressed, which nobody asked for.")
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > limit and whole:
                return Failed("too-large")
            if len(body) > limit:
                break
        return Fetched(
            response.status_code,
            _lines(response.headers),
            bytes(body[:limit]),
            datetime.now(UTC),
            _certificate_until(response.extensions.get("network_stream")),
        )


def _lines(headers: httpx.Headers) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for name, value in headers.raw:
        lines.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return lines


def _certificate_until(stream: Any) -> datetime | None:
    connection = stream and stream.get_extra_info("ssl_object")
    certificate = connection and connection.getpeercert()
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _not_connected(error: BaseException) -> Failed:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failed("tls", _short(cause.verify_message))
        if isinstance(cause, ssl.SSLError):
            return Failed("tls", _short(cause.reason or str(cause)))
        if isinstance(cause, socket.gaierror):
            return Failed("name")
        cause = cause.__cause__ or cause.__context__
    return Failed("connection", _short(str(error)))


def _short(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown[:200]
