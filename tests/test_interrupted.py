"""An upgrade that is killed, stopped or out of room at any point: the old one works, or the new.

Real installs and hosts; strace ends the installer at one chosen system call. The environments take
their packages from the tests' own.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rbutton.browsers import environment
from tests import light
from tests.host_process import Host
from tests.machine import Machine, contents, copy_checkout
from tests.own_mounts import OwnMounts

#: Where what others see changes, and how often an upgrade does so at least.
DECISIVE = {"rename": 6, "renameat2": 1, "unlink": 1, "rmdir": 1}
#: More of one kind than an upgrade has, but for files that are removed with their folder.
MANY = 40


@dataclass(frozen=True)
class Upgrading:
    """A machine with 0.1.0, and a checkout of 0.1.1 whose environment need not be built."""

    machine: Machine

    @property
    def before(self) -> Path:
        return self.machine.root / "before"

    def again(self) -> None:
        """As it was before the upgrade."""
        shutil.rmtree(self.machine.home)
        shutil.copytree(self.before, self.machine.home, symlinks=True)

    def until(
        self, call: str, when: int, with_signal: str = "KILL"
    ) -> "subprocess.CompletedProcess[str]":
        """Upgrades until that system call, of its kind in the installer itself."""
        inject = f"inject={call}:signal={with_signal}:when={when}"
        quiet = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        return subprocess.run(
            [*quiet, *self.machine.command()],
            env=self.machine.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )

    def files(self) -> dict[str, bytes]:
        """All files, with what is in them, but for the environments'."""
        return {
            name: data for name, data in contents(self.machine.home).items() if "/env-" not in name
        }


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgrading:
    """Before and after: `before` is a copy of the home with the old one."""
    machine = Machine(tmp_path_factory.mktemp("upgrading"))
    machine.set_up()
    old = machine.root / "old"
    copy_checkout(machine.checkout, old)
    machine.data.mkdir(parents=True, mode=0o700)
    build = environment.build_id(machine.checkout)
    light.make(machine.data / f"env-{build}", old / "host")
    machine.run()
    assert machine.says_hello() == "0.1.0"
    version = machine.checkout / "host" / "rbutton" / "__init__.py"
    version.write_text(version.read_text("utf-8").replace("0.1.0", "0.1.1"), "utf-8")
    build = environment.build_id(machine.checkout)
    light.make(machine.data / f"env-{build}", machine.checkout / "host")
    shutil.copytree(machine.home, machine.root / "before", symlinks=True)
    machine.run()
    assert machine.says_hello() == "0.1.1"
    return Upgrading(machine)


@pytest.fixture(scope="module")
def after(upgraded: Upgrading) -> dict[str, bytes]:
    """The files of an upgrade that nothing disturbed."""
    return upgraded.files()


@pytest.fixture
def upgrading(upgraded: Upgrading, after: dict[str, bytes]) -> Upgrading:
    """Before the upgrade."""
    upgraded.again()
    return upgraded


def is_sound(machine: Machine) -> None:
    """The registered host answers, and the extension that browsers load is whole."""
    assert machine.says_hello() in ("0.1.0", "0.1.1")
    extension = contents(machine.data / "extension")
    assert contents(machine.checkout / "extension") == extension


@pytest.mark.parametrize("call", DECISIVE)
def test_killed_at_every_decisive_system_call(
    upgrading: Upgrading, after: dict[str, bytes], call: str
) -> None:
    """The old one works or the new one, and a second run finishes the work."""
    machine = upgrading.machine
    for when in range(1, MANY):
        upgrading.again()
        ended = upgrading.until(call, when)
        is_sound(machine)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        machine.run()
        assert machine.says_hello() == "0.1.1"
        assert upgrading.files() == after
    assert ended.returncode == 0
    assert when > DECISIVE[call]


@pytest.mark.parametrize(("call", "when"), [("mkdir", 4), ("unlinkat", 1), ("unlinkat", 40)])
def test_killed_while_folders_are_made_and_removed(
    upgrading: Upgrading, after: dict[str, bytes], call: str, when: int
) -> None:
    assert upgrading.until(call, when).returncode == -signal.SIGKILL
    is_sound(upgrading.machine)
    upgrading.machine.run()
    assert upgrading.files() == after


def test_uninstalling_removes_what_a_killed_one_left(upgrading: Upgrading) -> None:
    machine = upgrading.machine
    for call, when in (("rename", 4), ("mkdir", 4)):
        assert upgrading.until(call, when).returncode == -signal.SIGKILL
    machine.run("--uninstall")
    left = {path for path in upgrading.files() if "terms" not in path}
    assert not left
    assert not (machine.data / "extension").exists()
    assert not (machine.data / "extension.new").exists()


@pytest.mark.parametrize("when", [1, 2, 5, 8])
def test_stopped_by_the_person(upgrading: Upgrading, when: int) -> None:
    machine = upgrading.machine
    stopped = upgrading.until("rename", when, "INT")
    assert stopped.returncode == 130
    assert stopped.stdout.endswith("Stopped. What was installed before still works.\n")
    assert machine.says_hello() in ("0.1.0", "0.1.1")
    names = [path.name for path in machine.data.rglob("*")]
    assert not [name for name in names if name.endswith(".lock")]


@pytest.fixture
def small() -> Iterator[OwnMounts]:
    """A machine whose disk is small."""
    with OwnMounts() as mounts:
        yield mounts


def answers(mounts: OwnMounts, machine: Machine) -> str:
    """The version of the host that is started in there."""
    host = Host(mounts.command(machine.launcher), machine.environ())
    try:
        version: str = host.hello()["host"]
        return version
    finally:
        host.end()


@pytest.mark.parametrize("free", [0, 20, 200], ids="{}k free".format)
def test_a_full_disk(upgrading: Upgrading, small: OwnMounts, free: int) -> None:
    """With so many kB left; then there is room again."""
    machine, data = upgrading.machine, upgrading.machine.data
    fill = (
        f'mount -t tmpfs -o size=4m,mode=700 none "$1" && cp -a "$2/." "$1" && '
        f'head -c 9m /dev/zero > "$1/all" 2>/dev/null; truncate -s -{free}k "$1/all"; df "$1"'
    )
    before = upgrading.before / data.relative_to(machine.home)
    small.run("sh", "-c", fill, "sh", data, before, environ=machine.environ())
    told = small.run(*machine.command(), environ=machine.environ(), code=3)
    assert "disk is full" in told
    assert "Make room, then run this again." in told
    assert answers(small, machine) == "0.1.0"
    small.path(data / "all").unlink()
    small.run(*machine.command(), environ=machine.environ())
    assert answers(small, machine) == "0.1.1"


def test_a_home_that_cannot_be_written_to(upgrading: Upgrading, small: OwnMounts) -> None:
    machine = upgrading.machine
    before = upgrading.files()
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
    small.run("sh", "-c", script, "sh", machine.home, environ=machine.environ())
    for arguments in ([], ["--uninstall"], ["--uninstall", "--purge", "--yes"]):
        told = small.run(*machine.command(*arguments), environ=machine.environ(), code=3)
        assert str(machine.home) in told
        assert "Make it writable for you" in told
        assert "Traceback" not in told
    assert upgrading.files() == before
    assert machine.says_hello() == "0.1.0"


def test_one_browsers_folder_that_cannot_be_written_to(
    upgrading: Upgrading, small: OwnMounts
) -> None:
    """Nothing is changed for the others either."""
    machine = upgrading.machine
    before = upgrading.files()
    folder = machine.manifest("firefox").parent
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
    small.run("sh", "-c", script, "sh", folder, environ=machine.environ())
    told = small.run(*machine.command(), environ=machine.environ(), code=3)
    assert f"{folder} cannot be written to" in told
    assert upgrading.files() == before
    small.run(*machine.command("--browser", "chromium"), environ=machine.environ())
    assert machine.says_hello() == "0.1.1"
