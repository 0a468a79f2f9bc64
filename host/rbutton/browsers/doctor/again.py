"""What to type to install again."""

import shlex
from pathlib import Path

from rbutton.browsers.places import Places
from rbutton.browsers.table import Browser


def again(where: Places, browser: Browser | None = None, profile: Path | None = None) -> str:
    """As a fix: for this browser alone, or for all.

    Args:
        profile: the folder that the browser is started with; None where it is the usual one.
    """
    words = ["python3", "install_host.py"]
    if where.for_all:
        words = ["sudo", "/usr/bin/python3", "install_host.py", "--system"]
    if browser is not None:
        words += ["--browser", browser.name]
    if profile is not None:
        words += ["--profile", str(profile)]
    return f"In the r-button's folder, type: {shlex.join(words)}"
