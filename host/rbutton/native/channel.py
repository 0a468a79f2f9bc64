"""The bounded channel over native messaging's frames.

nativemessaging-ng frames; here every length is checked before a body is read, the ways a frame can
be wrong are told apart, and a stray `print` cannot get between two frames.
"""

import json
import os
import sys
import threading
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from types import SimpleNamespace
from typing import Any

from nativemessaging import nativemessaging

from rbutton.terms import documents
from rbutton.terms.errors import InvalidDocument

#: A policy or a reply of 65,536 bytes in base64, and room for the rest of a request.
MAX_IN = 262_144
#: The browsers' own limit for a message from the host.
MAX_OUT = 1_048_576
_CHUNK = 65_536


class ChannelClosed(Exception):
    """The browser closed its end, between frames or within one: nothing more will come."""


class BadFrame(Exception):
    """One frame could not be read; the next one can."""


@dataclass
class _Bounded:
    """What the library reads from: 4 bytes of length, then a body of that length."""

    stream: BufferedReader
    in_body: bool = False

    def read(self, size: int) -> bytes:
        if not self.in_body:
            header = self.stream.read(size)
            if len(header) < size:
                raise ChannelClosed
            self.in_body = True
            return header
        self.in_body = False
        if size > MAX_IN:
            self._skip(size)
            raise BadFrame(f"a message of {size:,} bytes is larger than {MAX_IN:,}")
        body = self.stream.read(size)
        if len(body) < size:
            raise ChannelClosed
        return body

    def _skip(self, size: int) -> None:
        while size:
            read = len(self.stream.read(min(size, _CHUNK)))
            if not read:
                raise ChannelClosed
            size -= read


class Channel:
    """Frames of JSON objects between one browser and this process.

    Args:
        stream_in: the browser's end to read from.
        stream_out: the browser's end to write to; nothing else may write to it.
    """

    def __init__(self, stream_in: BufferedReader, stream_out: BufferedWriter) -> None:
        # The library looks its streams up in `sys`: it gets a `sys` of its own.
        nativemessaging.sys = SimpleNamespace(
            stdin=SimpleNamespace(buffer=_Bounded(stream_in)),
            stdout=SimpleNamespace(buffer=stream_out),
        )
        self._one_at_a_time = threading.Lock()

    @classmethod
    def of_process(cls) -> "Channel":
        """Take over standard input and output; what is printed from now on goes to stderr."""
        out = os.dup(sys.stdout.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return cls(open(sys.stdin.fileno(), "rb", closefd=False), open(out, "wb"))  # noqa: PTH123

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            BadFrame: too large, not UTF-8, or no JSON object within the bounds of `documents`.
            ChannelClosed: there will be no more.
        """
        try:
            text: str = nativemessaging.get_message_raw()
            return documents.parse(
                text.encode("utf-8"), "message", max_bytes=MAX_IN, max_characters=MAX_IN
            )
        except UnicodeDecodeError:
            raise BadFrame("the message is not UTF-8") from None
        except InvalidDocument as error:
            raise BadFrame(str(error)) from None

    def send(self, message: dict[str, Any]) -> None:
        """Send one message, from any thread.

        Raises:
            BadFrame: it is larger than a browser takes.
            ChannelClosed: the browser no longer listens.
        """
        text = json.dumps(message, separators=(",", ":"))
        if len(text) > MAX_OUT:
            raise BadFrame(f"an answer of {len(text):,} bytes is larger than a browser takes")
        with self._one_at_a_time:
            try:
                nativemessaging.send_message_raw(text)
            except (BrokenPipeError, ValueError):
                raise ChannelClosed from None
