"""A machine whose /usr and /etc can be written to and are as before when it ends.

They are overlays in a mount namespace of its own (Linux): no other process sees what is written,
and the kernel drops it with the last process in there. It takes root.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.machine import PATIENCE

SCRATCH = Path("/mnt")
"""Empty in there, and open to everyone: for homes."""

TOUCHED = ("/etc", "/usr/local", "/usr/share/chromium", "/usr/share/mozilla", "/usr/lib/mozilla")
"""What an installation for everyone might change."""

SET_UP = f"""
mount -t tmpfs -o mode=755 none {SCRATCH}
for folder in usr etc; do
  mkdir -p {SCRATCH}/.$folder/upper {SCRATCH}/.$folder/work
  layers=lowerdir=/$folder,upperdir={SCRATCH}/.$folder/upper,workdir={SCRATCH}/.$folder/work
  mount -t overlay -o $layers overlay /$folder
done
echo ready
read -r _
"""


class OwnMounts:
    """The namespace, while it is entered."""

    def __enter__(self) -> Self:
        assert os.geteuid() == 0, "this test installs for everyone: run it as root"
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", SET_UP]
        self._holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder.communicate()

    def path(self, inside: str | Path) -> Path:
        """How this process reaches what is called `inside` in there."""
        return Path(f"/proc/{self._holder.pid}/root") / Path(inside).relative_to("/")

    def command(self, *words: str | Path, uid: int = 0) -> list[str]:
        """The command that runs those words in there, as that user."""
        enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--wd=/"]
        drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        return [*enter, *drop, *map(str, words)]

    def run(
        self, *words: str | Path, environ: Mapping[str, str], code: int = 0, uid: int = 0
    ) -> str:
        """Runs them; answers what they said, on both streams, having checked `code`."""
        done = subprocess.run(
            self.command(*words, uid=uid),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            encoding="utf-8",
            umask=0o077,  # a careful root's
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def home(self, name: str, uid: int) -> Path:
        """Makes the home of that user; answers what it is called in there."""
        home = SCRATCH / name
        self.path(home).mkdir(mode=0o700)
        os.chown(self.path(home), uid, uid)
        return home

    def state(self) -> dict[str, str]:
        """All that is in `TOUCHED`: by path, its kind, mode and where it links to."""
        found = {}
        for top in TOUCHED:
            for path in self.path(top).rglob("*"):
                to = f" {path.readlink()}" if path.is_symlink() else ""
                name = path.relative_to(self.path("/")).as_posix()
                found[name] = f"{path.lstat().st_mode:o}{to}"
        return found
