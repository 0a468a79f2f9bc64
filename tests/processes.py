"""Programs beside the tests; and Python: several at once, killed, in other environments."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

#: How long anything may take before a test fails: far more than it takes.
PATIENCE = 60.0


def start(
    code: str, *arguments: object, env: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start `python -c code arguments`, its three streams to us."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )


@contextmanager
def running(command: Sequence[object], **options: Any) -> "Iterator[subprocess.Popen[str]]":
    """A program that is killed afterwards, if it has not ended: a test that fails goes on.

    Args:
        command: it and its arguments.
        options: of `subprocess.Popen`.
    """
    with subprocess.Popen([*map(str, command)], encoding="utf-8", **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def screen() -> Iterator[str]:
    """An X display that nobody looks at and everyone here may use: its name."""
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", writes, "-nolisten", "tcp", "-ac"]
    with running(command, pass_fds=[writes], stderr=subprocess.DEVNULL):
        os.close(writes)
        with os.fdopen(reads) as pipe:
            number = pipe.readline().strip()
        yield f":{number}"


def run(code: str, *arguments: object, env: Mapping[str, str] | None = None) -> str:
    """Run `python -c code arguments` to its end: what it printed."""
    return at_once(code, [arguments], env=env)[0]


def at_once(
    code: str, several: Sequence[Sequence[object]], env: Mapping[str, str] | None = None
) -> list[str]:
    """Run one process for each of `several`, let go at the same moment: what each printed.

    The code waits for its start with `input()`.
    """
    running = [start(code, *arguments, env=env) for arguments in several]
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = []
    for process in running:
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        told.append(out)
    return told
