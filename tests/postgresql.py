"""A real PostgreSQL from Debian's packages, on a unix socket, for as long as the tests need it."""

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import unprivileged
from tests.processes import PATIENCE


class Cluster:
    """One server; each database in it is a test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def url(self, database: str = "") -> str:
        """The URL of a database, of a new and empty one where none is named."""
        if not database:
            database = f"shop{next(self._numbers)}"
            with self.connect("postgres") as connection:
                connection.execute(f'CREATE DATABASE "{database}"')
        return f"postgresql://rbutton@/{database}?host={self._folder}"

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection past the kit, each statement a transaction."""
        return psycopg.connect(
            host=str(self._folder), user="rbutton", dbname=database, autocommit=True
        )


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a server and end it."""
    programs = max(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    with unprivileged.folder("rb-pg-") as folder:
        data = folder / "data"

        def run(program: str, *arguments: object) -> None:
            done = subprocess.run(
                [*unprivileged.command(), str(programs / program), *map(str, arguments)],
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
                text=True,
            )
            assert done.returncode == 0, done.stdout

        run("initdb", "--auth=trust", "--username=rbutton", "--encoding=UTF8", "-D", data)
        options = f"-k {folder} -c listen_addresses= -c max_connections=200"
        run("pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield Cluster(folder)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
