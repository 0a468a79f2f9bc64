"""The real host process, spoken to over real pipes as a browser does."""

import json
import os
import queue
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

#: How long anything may take before a test fails: far more than it takes.
PATIENCE = 30.0

Frame = dict[str, Any]


class HostEnded(AssertionError):
    """The host is gone before it answered; what it wrote to stderr."""


class Host:
    """One host process. Frames that are read while waiting for another are kept."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=dict(env)
        )
        self._arrived: queue.Queue[Frame | None] = queue.Queue()
        self._kept: list[Frame] = []
        self._last = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send_bytes(self, data: bytes) -> None:
        """Write raw bytes to the host's standard input."""
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send_frame(self, body: bytes) -> None:
        """Write one frame, whatever is in it."""
        self.send_bytes(struct.pack("@I", len(body)) + body)

    def send(self, request: str, **members: Any) -> int:
        """Send a request and return its number."""
        self._last += 1
        self.send_frame(json.dumps({"id": self._last, "request": request, **members}).encode())
        return self._last

    def ask(self, request: str, **members: Any) -> Frame:
        """Send a request and wait for its answer: `result` or `error`, inside the frame."""
        number = self.send(request, **members)
        return self.frame(lambda frame: frame.get("re") == number)

    def result(self, request: str, **members: Any) -> Any:
        """Send a request that is answered with a result."""
        answer = self.ask(request, **members)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, request: str, **members: Any) -> Any:
        """Send a request that is refused."""
        answer = self.ask(request, **members)
        assert "error" in answer, answer
        return answer["error"]

    def hello(self) -> Any:
        """The greeting that comes first."""
        return self.result("hello", protocol=1, extension="0.1.0", browser="chromium")

    def event(self) -> Frame:
        """The next message that nobody asked for."""
        return self.frame(lambda frame: "event" in frame)

    def frame(self, wanted: Any) -> Frame:
        """The first frame that `wanted` says yes to."""
        for kept in self._kept:
            if wanted(kept):
                self._kept.remove(kept)
                return kept
        while True:
            frame = self._arrived.get(timeout=PATIENCE)
            if frame is None:
                raise HostEnded(self.log())
            if wanted(frame):
                return frame
            self._kept.append(frame)

    def rest(self) -> list[Frame]:
        """What nobody has waited for, to the end of the process' output."""
        return [*self._kept, *iter(self._arrived.get, None)]

    def log(self) -> str:
        """What the host wrote to stderr."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def close(self) -> int:
        """Close the browser's end and wait for the process: its exit code."""
        assert self.process.stdin
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def end(self) -> None:
        """Whatever a test left of it: as when a browser is quit, and by force if it stays."""
        try:
            self.close()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.close()
        assert self.process.stdout
        self.process.stdout.close()
        self._log.close()

    def _read(self) -> None:
        assert self.process.stdout
        while len(header := self.process.stdout.read(4)) == 4:
            body = self.process.stdout.read(struct.unpack("@I", header)[0])
            self._arrived.put(json.loads(body))
        self._arrived.put(None)


@contextmanager
def host(
    *arguments: str | Path, before: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Iterator[Host]:
    """Start a host: `host("--home", folder)`; `before` is a command to run it under."""
    command = [*before, sys.executable, "-P", "-m", "rbutton.native", *map(str, arguments)]
    running = Host(command, os.environ if env is None else env)
    try:
        yield running
    finally:
        running.end()
