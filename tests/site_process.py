"""`rbutton site serve`, as an owner starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.processes import PATIENCE
from tests.test_site_http import Server


@contextmanager
def serving(
    where: Path, workers: int = 1, host: str = "127.0.0.1", stderr: int | None = None
) -> Iterator[tuple[Server, subprocess.Popen[str]]]:
    """Serve the site in that folder, on any free port, until the end of the block."""
    command = [sys.executable, "-P", "-m", "rbutton.cli", "site", "serve", str(where)]
    process = subprocess.Popen(
        [*command, "--host", host, "--port", "0", "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        said = process.stdout.readline()
        assert "listens on" in said
        address = urlsplit(said.split("listens on ")[1].partition(";")[0])
        assert address.hostname == host
        assert address.port
        yield Server((host, address.port)), process
    finally:
        process.terminate()
        process.wait(PATIENCE)
        assert process.stdout
        process.stdout.close()
        if process.stderr:
            process.stderr.close()
