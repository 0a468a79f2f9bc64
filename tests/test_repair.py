"""Running `install_host.py` again: what is broken is mended, what is the person's stays."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rbutton.person.home import Home
from rbutton.person.seed import Seed
from tests import light
from tests.machine import Machine, contents, write_program

Break = Callable[[Machine], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which all is as it should be, and a person with a past."""
    machine = light.lived_in(tmp_path_factory.mktemp("repaired"))
    Seed(Home(machine.config, machine.data, portable=True)).put(bytes(32))
    light.keep(machine)
    return machine


@pytest.fixture
def machine(whole: Machine) -> Iterator[Machine]:
    """The same, to be broken: it is whole again afterwards."""
    yield whole
    light.restore(whole)


def _edited(machine: Machine, **members: object) -> None:
    path = machine.manifest()
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | members), "utf-8")


def _link(machine: Machine) -> Path:
    return machine.home / ".local" / "bin" / "rbutton"


def _led_astray(machine: Machine) -> None:
    _link(machine).unlink()
    _link(machine).symlink_to(machine.data / "gone")


BROKEN: dict[str, Break] = {
    "no launcher": lambda m: m.launcher.unlink(),
    "launcher not executable": lambda m: m.launcher.chmod(0o600),
    "launcher of another": lambda m: write_program(m.launcher, "exit 0"),
    "no command": lambda m: (m.data / "bin" / "rbutton").unlink(),
    "no programs": lambda m: shutil.rmtree(m.data / "bin"),
    "no link": lambda m: _link(m).unlink(),
    "link astray": _led_astray,
    "no extension": lambda m: shutil.rmtree(m.data / "extension"),
    "part of the extension": lambda m: (m.data / "extension" / "background.js").unlink(),
    "extension cut": lambda m: os.truncate(m.data / "extension" / "manifest.json", 9),
    "no manifest": lambda m: m.manifest().unlink(),
    "no folder of manifests": lambda m: shutil.rmtree(m.manifest("firefox").parent),
    "manifest with a path that is gone": lambda m: _edited(m, path="/gone/host"),
    "manifest cut": lambda m: os.truncate(m.manifest(), 30),
    "manifest without our id": lambda m: _edited(m, allowed_origins=[]),
    "no record": lambda m: (m.data / "install.json").unlink(),
    "record cut": lambda m: os.truncate(m.data / "install.json", 30),
    "no folder of terms": lambda m: shutil.rmtree(m.config),
}


def test_a_manifest_that_was_cut_goes_with_the_rest(machine: Machine) -> None:
    """Left, it would keep the next installation from writing a whole one."""
    os.truncate(machine.manifest(), 30)
    machine.run("--uninstall")
    assert not machine.manifest().exists()
    machine.run()
    assert machine.manifest().exists()


@pytest.mark.parametrize("how", BROKEN)
def test_a_second_run_mends(machine: Machine, how: str) -> None:
    """Each thing by itself; terms, ledger and seed are byte for byte as they were."""
    before = contents(machine.home)
    BROKEN[how](machine)
    if how == "no folder of terms":
        for gone in ("terms.toml", "terms.schema.json"):
            before.pop(f".config/rbutton/{gone}", None)
    machine.run()
    record = before.pop(".local/share/rbutton/install.json")
    after = contents(machine.home)
    again = json.loads(after.pop(".local/share/rbutton/install.json"))
    assert after == before
    assert os.access(_link(machine), os.X_OK)
    first = json.loads(record)
    for name in ("build", "programs", "manifests", "links"):
        assert again[name] == first[name], name


def test_a_damaged_record_is_made_anew_from_what_is_there(machine: Machine) -> None:
    """So that uninstalling finds what another run had registered."""
    (machine.data / "install.json").write_text("{")
    said = machine.run("--browser", "firefox")
    assert "It is made anew." in said
    machine.run("--uninstall")
    assert not machine.manifest().exists()
    assert not machine.manifest("firefox").exists()
    assert not list(machine.data.glob("env-*"))


def test_uninstalling_with_a_damaged_record_says_what_to_do(machine: Machine) -> None:
    (machine.data / "install.json").write_text("{")
    before = contents(machine.home)
    assert "Run install_host.py again" in machine.run("--uninstall", code=3)
    assert contents(machine.home) == before


def test_a_repair_that_fails_leaves_what_still_worked(machine: Machine) -> None:
    """The command is gone from the environment; the host in it is not, and no package is here."""
    env = next(machine.data.glob("env-*"))
    (env / "rbutton-ready").unlink()
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    said = machine.run(code=3, **nowhere, PIP_RETRIES="1", PIP_FIND_LINKS="")
    assert "does not answer" in said
    assert machine.says_hello() == "0.1.0"
    assert [path.name for path in machine.data.glob("env-*")] == [env.name]
