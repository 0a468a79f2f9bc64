"""Running programs that refuse to be root, or that give up being it."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Whom root runs them as; anybody else runs them as themselves.
_NOBODY = "nobody"


def command() -> Sequence[str]:
    """What stands before the program's own command."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam(_NOBODY)
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}"]
    return ["setpriv", *ids, "--clear-groups", "--"]


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """A folder of theirs. Not pytest's: only root may enter that, and its name is long."""
    made = Path(tempfile.mkdtemp(prefix=prefix))
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_NOBODY)
        os.chown(made, owner.pw_uid, owner.pw_gid)
    try:
        yield made
    finally:
        shutil.rmtree(made)
