"""`install_host.py` on a machine that is told to be another than it is."""

import sys
from pathlib import Path

from tests.machine import Machine

_START = """\
import sys
from pathlib import Path
checkout = Path(sys.argv[1])
sys.path.insert(0, str(checkout / "host"))
sys.dont_write_bytecode = True
{told}
from rbutton.browsers.command import main
sys.exit(main(checkout, sys.argv[2:]))
"""


def on_a_mac(applications: Path) -> str:
    """macOS, with everyone's programs in that folder."""
    return (
        "from rbutton.browsers import here, places\n"
        "places.PLATFORM = places.Platform.MAC\n"
        f"here.APPLICATIONS = Path({str(applications)!r})"
    )


def with_root(root: Path) -> str:
    """Linux, with what Flatpak and Snap install for everyone below that folder."""
    return f"from rbutton.browsers import sandboxes\nsandboxes.ROOT = Path({str(root)!r})"


def run(machine: Machine, told: str, *arguments: str, code: int = 0, **environ: str) -> str:
    """As `Machine.run`.

    Args:
        told: Python that is run first.
    """
    start = [sys.executable, "-c", _START.format(told=told), str(machine.checkout)]
    return machine.say([*start, *arguments], code=code, **environ)
