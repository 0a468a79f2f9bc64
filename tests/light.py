"""An installation without the wait: a real environment that takes its packages from the tests'."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from rbutton.browsers import environment
from tests.machine import Machine


def make(env: Path, host: Path) -> None:
    """Makes a whole environment; the r-button in it is the one in the folder `host`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    (packages,) = env.glob("lib/python*/site-packages")
    paths = [host, sysconfig.get_path("purelib")]
    (packages / "tests.pth").write_text("".join(f"{path}\n" for path in paths), "utf-8")
    (env / environment.READY).touch()


def give_environment(machine: Machine) -> None:
    """Puts an environment there that the installer takes for the one of the checkout."""
    machine.data.mkdir(parents=True, mode=0o700)
    build = environment.build_id(machine.checkout)
    make(machine.data / f"env-{build}", machine.checkout / "host")
