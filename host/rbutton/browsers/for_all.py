"""What an installation for everyone on a Debian machine has beside one person's."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rbutton.browsers import debian, manifests
from rbutton.browsers.here import Found
from rbutton.browsers.places import Places, Platform, this_platform
from rbutton.browsers.problems import SetupError
from rbutton.browsers.table import Family


def check(checkout: Path, asked: str) -> None:
    """Checks that we may, and that everyone could run what we make.

    Args:
        asked: what else stands on the command line.

    Raises:
        SetupError: we are not root, or this Python is root's alone.
    """
    if this_platform() is not Platform.LINUX:
        raise SetupError(
            f"On {this_platform().value} the r-button is not installed for everyone yet.",
            "Each person can install it for themselves: run this without --system.",
        )
    if os.geteuid() != 0:
        script = shlex.quote(str(checkout / "install_host.py"))
        raise SetupError(
            "Only root can do that for everyone on this machine.",
            f"Type: sudo /usr/bin/python3 {script} {asked}",
        )
    interpreter = Path(sys.executable).resolve()
    for path in (interpreter, *interpreter.parents):
        status = path.stat()
        if status.st_uid != 0 or status.st_mode & 0o002 or not status.st_mode & 0o001:
            script = shlex.quote(str(checkout / "install_host.py"))
            raise SetupError(
                f"This Python, {interpreter}, is not fit for everyone: {path} must be root's, and "
                "open to all.",
                f"Type: sudo /usr/bin/python3 {script} {asked}",
            )


def buttons(found: Sequence[Found], where: Places, checkout: Path) -> dict[Path, Path]:
    """Links by which the browsers of `found` have the button without a step, and their targets."""
    links: dict[Path, Path] = {}
    for each in found:
        folder = each.browser.debian_buttons
        if folder is None or not debian.builds(each.executable):
            continue
        match each.browser.family:
            case Family.CHROMIUM:
                # Debian's /etc/chromium.d/extensions lists that folder with `ls -m`, in lines of
                # 80, and breaks where two names fit into one line. Beside this one none does.
                name = manifests.extension_id(checkout / "extension")
                links[Path(folder) / name] = where.extension
            case Family.GECKO:
                name = f"{manifests.gecko_id(checkout / 'extension')}.xpi"
                links[Path(folder) / name] = where.packed
    return links
