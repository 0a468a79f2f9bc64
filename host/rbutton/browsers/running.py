"""Running another program and hearing what it says, line by line."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path


def run(
    command: list[str],
    heard: Callable[[str], None],
    *,
    environ: Mapping[str, str],
    cwd: Path | None = None,
) -> int:
    """Runs `command`, hands `heard` each line it prints on either stream; answers its exit code.

    It gets no standard input: a question would hang where nobody sees it. An exception here
    (Ctrl-C) ends it too.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environ),
        cwd=cwd,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                heard(line.rstrip())
        except BaseException:
            process.terminate()
            raise
    return process.returncode
