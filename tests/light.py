"""An installation without the wait: a real environment that takes its packages from the tests'."""

import shutil
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from rbutton.browsers import environment
from tests import ledgers
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


def lived_in(root: Path) -> Machine:
    """A machine on which it was installed and used."""
    machine = Machine(root)
    machine.set_up()
    give_environment(machine)
    machine.run()
    host = machine.host()
    host.hello()
    host.result("set", key="signals.dnt", value="off")
    host.end()
    ledgers.one_of_each(machine.data / "ledger.sqlite3", datetime.now(UTC))
    return machine


def keep(machine: Machine) -> None:
    """Remember the home as it is, for `restore`."""
    shutil.rmtree(machine.root / "kept", ignore_errors=True)
    shutil.copytree(machine.home, machine.root / "kept", symlinks=True)


def restore(machine: Machine) -> None:
    """The home as it was kept."""
    shutil.rmtree(machine.home)
    shutil.copytree(machine.root / "kept", machine.home, symlinks=True)
