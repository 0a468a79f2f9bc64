"""Native messaging's frames: cut, lying, and not JSON; and a print that cannot get in between."""

import io
import json
import struct
import subprocess
import sys
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, cast

import pytest

from rbutton.native.channel import MAX_IN, MAX_OUT, BadFrame, Channel, ChannelClosed


def frame(body: bytes) -> bytes:
    """One frame as a browser sends it."""
    return struct.pack("@I", len(body)) + body


def reading(data: bytes) -> Channel:
    """A channel on which `data` arrives, and then the end."""
    return Channel(BufferedReader(io.BytesIO(data)), cast("BufferedWriter", io.BytesIO()))


HELLO = frame(b'{"id":1}')


def test_frames_arrive_one_by_one() -> None:
    """Each as its object; the end is the end."""
    channel = reading(HELLO + frame(b'{"id": 2, "s": "\xe2\x8a\x82"}'))
    assert channel.receive() == {"id": 1}
    assert channel.receive() == {"id": 2, "s": "⊂"}
    with pytest.raises(ChannelClosed):
        channel.receive()


@pytest.mark.parametrize("cut", range(len(HELLO)))
def test_a_frame_cut_at_any_byte_is_the_end(cut: int) -> None:
    """Never a part of a message taken for a message."""
    channel = reading(HELLO + HELLO[:cut])
    assert channel.receive() == {"id": 1}
    with pytest.raises(ChannelClosed):
        channel.receive()


BAD: dict[str, bytes] = {
    "empty": b"",
    "not UTF-8": b'{"a":"\xff"}',
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "cut JSON": b'{"id":',
    "NaN": b'{"id":NaN}',
    "a float": b'{"id":1.5}',
    "deep": b"[" * 60_000,
    "deep members": b'{"a":' * 30_000,
    "a member twice": b'{"id":1,"id":2}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a BOM": b"\xef\xbb\xbf{}",
    "one byte too large": b'{"a":"' + b"x" * (MAX_IN - 7) + b'"}',
    "far too large": b"x" * (3 * MAX_IN),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_after_a_bad_frame_the_next_is_read(body: bytes) -> None:
    """One message is refused, the stream goes on where the next one begins."""
    channel = reading(frame(body) + HELLO)
    with pytest.raises(BadFrame):
        channel.receive()
    assert channel.receive() == {"id": 1}


def test_the_largest_message_is_read() -> None:
    """A policy of 65,536 bytes in base64 and more."""
    body = b'{"a":"' + b"x" * (MAX_IN - 8) + b'"}'
    assert len(body) == MAX_IN
    assert len(reading(frame(body)).receive()["a"]) == MAX_IN - 8


@pytest.mark.parametrize("length", [MAX_IN, MAX_IN + 1, 2**31, 2**32 - 1])
def test_a_length_that_lies_is_the_end(length: int) -> None:
    """Four gigabytes announced and nothing sent: no memory is set aside for it."""
    channel = reading(struct.pack("@I", length) + b'{"id":1}')
    with pytest.raises(ChannelClosed):
        channel.receive()


class Out(io.BytesIO):
    """A browser's end that keeps what was written, or is gone."""

    gone = False

    def write(self, data: Any) -> int:
        """Write, unless the browser is gone."""
        if self.gone:
            raise BrokenPipeError
        return super().write(data)


def writing() -> tuple[Channel, Out]:
    """A channel, and what it sends."""
    out = Out()
    return Channel(BufferedReader(io.BytesIO()), cast("BufferedWriter", out)), out


def test_a_message_is_sent_as_one_frame() -> None:
    """Length in bytes, then JSON."""
    channel, out = writing()
    channel.send({"text": "⊂⊃"})
    data = out.getvalue()
    assert struct.unpack("@I", data[:4])[0] == len(data) - 4
    assert json.loads(data[4:]) == {"text": "⊂⊃"}


def test_what_a_browser_would_not_take_is_not_sent() -> None:
    """1 MiB, escapes counted: Chromium would close the port."""
    channel, out = writing()
    channel.send({"a": "x" * (MAX_OUT - 8)})
    assert len(out.getvalue()) == MAX_OUT + 4
    for message in ({"a": "x" * (MAX_OUT - 7)}, {"a": "⊂" * (MAX_OUT // 6)}):
        with pytest.raises(BadFrame, match="larger"):
            channel.send(message)
    assert len(out.getvalue()) == MAX_OUT + 4


def test_a_browser_that_is_gone_closes_the_channel() -> None:
    """No BrokenPipeError gets out."""
    channel, out = writing()
    out.gone = True
    with pytest.raises(ChannelClosed):
        channel.send({})


NOISY = """
import os, subprocess, sys, threading
from rbutton.native.channel import Channel
channel = Channel.of_process()
def work(number):
    for part in range(20):
        print("a stray print", number)
        sys.stdout.write("no new line")
        sys.__stdout__.flush()
        os.write(1, b"straight to file descriptor 1")
        channel.send({"re": number, "part": part, "fill": "x" * 10_000})
    subprocess.run(["echo", "a child that prints"], check=True)
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("at the end")
"""


def test_a_stray_print_cannot_get_into_the_stream(tmp_path: Path) -> None:
    """From any thread, through any of the ways to standard output, from a child process too."""
    with (tmp_path / "log").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-P", "-c", NOISY],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            check=True,
            timeout=60,
        )
    channel = reading(done.stdout)
    messages = [channel.receive() for _ in range(80)]
    with pytest.raises(ChannelClosed):
        channel.receive()
    for number in range(4):
        assert [one["part"] for one in messages if one["re"] == number] == list(range(20))
    assert b"a child that prints" in (tmp_path / "log").read_bytes()
    assert (tmp_path / "log").stat().st_size > 1_000
