"""Base64url without padding, RFC 3339 times and origins: the strings that documents are made of."""

import base64
import binascii
import hashlib
import ipaddress
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Strict

from rbutton.terms.errors import InvalidDocument

_B64U = re.compile(r"[A-Za-z0-9_-]*")
# ASCII: Python's \d and int also take the digits of other scripts.
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Plain http reaches these without leaving the machine (protocol, section 2).
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Control, format (bidi among them), line and paragraph separators, surrogates, private, unassigned.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def b64u(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64u(text: str) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        InvalidDocument: another alphabet, padding, or bits left over: a second spelling of the
            same bytes would give one signature two texts.
    """
    try:
        if _B64U.fullmatch(text):
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if b64u(data) == text:
                return data
    except binascii.Error:
        pass
    raise InvalidDocument("is not base64url without padding")


def sha256(data: bytes) -> str:
    """SHA-256 as unpadded base64url: ids of agreements, hashes of roster documents and policies."""
    return b64u(hashlib.sha256(data).digest())


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, `Z`.

    Raises:
        InvalidDocument: in UTC it is of no year from 1 to 9999.
    """
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise InvalidDocument("is a time before the year 1 or after 9999") from None
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def from_time_text(text: str) -> datetime:
    """The moment of an RFC 3339 UTC time in whole seconds.

    Raises:
        InvalidDocument: any other spelling, or no such day or hour.
    """
    if match := _TIME.fullmatch(text):
        year, month, day, hour, minute, second = map(int, match.groups())
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            pass
    raise InvalidDocument("is not a UTC time such as 2026-11-22T10:00:00Z")


def check_origin(text: str) -> str:
    """A web origin in its one spelling (RFC 6454): https, or http on a loopback name.

    Raises:
        InvalidDocument: anything else, a default port and upper case among it.
    """
    try:
        parts = urlsplit(text)
        host, port = _host(parts.netloc), parts.port
    except ValueError:
        raise InvalidDocument("is not an origin") from None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    spelled = f"{parts.scheme}://{host}" + ("" if port in (None, default) else f":{port}")
    if text != spelled or default is None or port == 0 or not _is_host(host):
        raise InvalidDocument("is not an origin such as https://shop.example")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise InvalidDocument("is an http origin; only loopback names may be")
    return text


def host_of(origin: str) -> str:
    """The host of an origin that `check_origin` let pass, brackets and all."""
    return _host(urlsplit(origin).netloc)


def _host(netloc: str) -> str:
    return re.sub(r":\d*$", "", netloc)


def _is_host(host: str) -> bool:
    """Whether a browser would spell a host so: addresses have many spellings, and one of them."""
    if not _HOST.fullmatch(host):
        return False
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]" == host
        # A name that ends in a number is an IPv4 address (URL standard, "ends in a number").
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
    return True


def check_name(text: str) -> str:
    """A name that can be shown: 1 to 80 characters, NFC, none of them invisible.

    Raises:
        InvalidDocument: too long, empty, not NFC, or a control, bidi or format character.
    """
    if not 0 < len(text) <= 80 or text != text.strip():
        raise InvalidDocument("is not a name of 1 to 80 characters")
    if any(unicodedata.category(character) in _UNSHOWABLE for character in text):
        raise InvalidDocument("has a control, bidi or format character")
    if not unicodedata.is_normalized("NFC", text):
        raise InvalidDocument("is not in Unicode's composed form (NFC)")
    return text


def _check_time(text: str) -> str:
    from_time_text(text)
    return text


def _check_version(number: int) -> int:
    if number != 1:
        raise InvalidDocument("is not version 1")
    return number


def _check_32_bytes(text: str) -> str:
    if len(from_b64u(text)) != 32:
        raise InvalidDocument("is not 32 bytes")
    return text


Text = Annotated[str, Strict()]
#: Not `Literal[1]`, which would take true for 1.
Version = Annotated[int, Strict(), AfterValidator(_check_version)]
Time = Annotated[Text, AfterValidator(_check_time)]
Origin = Annotated[Text, AfterValidator(check_origin)]
Name = Annotated[Text, AfterValidator(check_name)]
#: 32 bytes in unpadded base64url: a SHA-256, a nonce.
Hash = Annotated[Text, AfterValidator(_check_32_bytes)]
