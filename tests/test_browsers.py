"""Finding browsers, judging manifests, naming builds, telling and asking for what is missing."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from rbutton import cli
from rbutton.browsers import debian, environment, files
from rbutton.browsers.here import find
from rbutton.browsers.places import places
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.state import as_text, state
from rbutton.browsers.table import CHROMIUM, FIREFOX, TABLE, Browser
from rbutton.browsers.telling import Teller
from tests import light
from tests.machine import Machine, write_program

NEEDS = [debian.Need("chromium", "Chromium")]


@pytest.mark.parametrize(
    ("row", "program", "says", "version"),
    [
        (CHROMIUM, "chromium-browser", "Chromium 156.0.8078.79 built on Debian", "156.0.8078.79"),
        (FIREFOX, "firefox-esr", "Mozilla Firefox 153.7.0esr", "153.7.0"),
        (FIREFOX, "firefox", "Mozilla Firefox 155.0", "155.0"),
        (FIREFOX, "firefox-nightly", "Mozilla Firefox 157.0a1", "157.0"),
    ],
)
def test_a_browser_is_found_by_either_name(
    tmp_path: Path, row: Browser, program: str, says: str, version: str
) -> None:
    write_program(tmp_path / program, f"echo {says}; echo 9 >&2")
    found = find(row, {"PATH": str(tmp_path)})
    assert found is not None
    assert found.executable == tmp_path / program
    assert found.version == version


def test_the_list_is_no_wider_than_a_terminal(tmp_path: Path) -> None:
    """And each program by which a browser is found stands whole in it."""
    told = as_text(state({"HOME": str(tmp_path), "PATH": str(tmp_path)}))
    assert max(map(len, told.splitlines())) <= 100
    for row in TABLE:
        assert set(row.executables) <= set(told.replace(",", " ").split())


def test_where_hosts_are_looked_for_follows_xdg_in_chromium_and_not_in_firefox() -> None:
    """And in a profile folder of its own Chromium looks there, Firefox where it always does."""
    environ = {"HOME": "/home/{ada}", "XDG_CONFIG_HOME": "/config"}
    where = places(environ)
    assert [str(row.hosts(where)) for row in TABLE] == [
        "/config/chromium/NativeMessagingHosts",
        "/config/google-chrome/NativeMessagingHosts",
        "/config/microsoft-edge/NativeMessagingHosts",
        "/config/BraveSoftware/Brave-Browser/NativeMessagingHosts",
        "/config/vivaldi/NativeMessagingHosts",
        "/config/opera/NativeMessagingHosts",
        "/home/{ada}/.mozilla/native-messaging-hosts",
        "/home/{ada}/.librewolf/native-messaging-hosts",
        "/home/{ada}/.waterfox/native-messaging-hosts",
    ]
    own = Path("/own")
    assert CHROMIUM.hosts(where, own) == Path("/own/NativeMessagingHosts")
    assert FIREFOX.hosts(where, own) == FIREFOX.hosts(where)


def test_uninstalling_for_a_browser_takes_the_folders_of_its_profiles(tmp_path: Path) -> None:
    """And what it was not told of there stays another's; the doctor looks there, too."""
    machine = Machine(tmp_path)
    machine.set_up()
    light.give_environment(machine)
    folders = {name: machine.home / f"{name} ⊂" for name in ("chromium", "chrome")}
    for name, folder in folders.items():
        folder.mkdir()
        machine.run("--browser", name, "--profile", str(folder))
    hosts = {name: folder / "NativeMessagingHosts" for name, folder in folders.items()}
    manifest = hosts["chromium"] / "org.rbutton.host.json"
    titles = {each["title"]: each["registered"] for each in machine.listed()["browsers"]}
    assert titles[f"Chromium in {folders['chromium']}"]
    assert not titles["Chromium"], "it was not asked for"
    manifest.unlink()
    told = machine.run("--doctor", code=1)
    assert str(manifest) in told
    assert f"--browser chromium --profile '{folders['chromium']}'" in told
    machine.run("--doctor", "--fix")
    assert manifest.exists()
    said = machine.run("--uninstall", "--browser", "chromium")
    assert "Chromium no longer reaches the agent" in said
    assert not hosts["chromium"].exists()
    assert (hosts["chrome"] / "org.rbutton.host.json").exists()
    assert "Chromium was not registered" in machine.run("--uninstall", "--browser", "chromium")
    machine.run("--uninstall")
    assert not [path for folder in folders.values() for path in folder.iterdir()]


def test_a_browser_that_tells_no_version_is_found_all_the_same(tmp_path: Path) -> None:
    write_program(tmp_path / "chromium", "exit 1")
    found = find(CHROMIUM, {"PATH": str(tmp_path)})
    assert found is not None
    assert found.version is None


def test_what_is_not_on_the_path_is_not_found(tmp_path: Path) -> None:
    assert find(CHROMIUM, {"PATH": str(tmp_path)}) is None


def test_places_follow_the_xdg_variables_only_where_they_are_absolute() -> None:
    environ = {"HOME": "/home/ada", "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "relative"}
    where = places(environ)
    assert where.data == Path("/data/rbutton")
    assert where.config == Path("/home/ada/.config/rbutton")
    assert where.host_arguments() == [
        *["--config", "/home/ada/.config/rbutton"],
        *["--data", "/data/rbutton"],
    ]


def test_a_home_of_its_own_holds_everything() -> None:
    where = places({"HOME": "/home/ada", "XDG_DATA_HOME": "/data", "RBUTTON_HOME": "/own"})
    assert where.data == where.config == Path("/own")
    assert where.host_arguments() == ["--home", "/own"]
    assert where.links is None


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Something that can be installed, as far as names and contents go."""
    room = tmp_path / "host" / "rbutton"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('__version__ = "1.2.3"\n')
    for name in ("terms", "extension", "docs/pictures"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text(name)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def test_a_build_is_named_by_version_and_contents(checkout: Path) -> None:
    first = environment.build_id(checkout)
    assert first.startswith("1.2.3-")
    several = ("terms/file", "extension/file", "docs/pictures/file", "pyproject.toml")
    for part in ("host/rbutton/__init__.py", *several):
        path = checkout / part
        kept = path.read_text()
        path.write_text(kept + "\n")
        assert environment.build_id(checkout) != first, part
        path.write_text(kept)
    assert environment.build_id(checkout) == first


def test_a_build_is_not_named_by_what_python_or_an_editor_leaves(checkout: Path) -> None:
    first = environment.build_id(checkout)
    cache = checkout / "host" / "rbutton" / "__pycache__"
    cache.mkdir()
    (cache / "module.pyc").write_text("")
    (checkout / "terms" / ".file.swp").write_text("")
    (checkout / "README.md").write_text("")
    assert environment.build_id(checkout) == first


def test_an_incomplete_checkout_is_told(checkout: Path) -> None:
    (checkout / "pyproject.toml").unlink()
    with pytest.raises(SetupError, match=r"pyproject\.toml is missing"):
        environment.build_id(checkout)


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    files.write(target, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(target, "new")
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_replaced_with_all_that_was_in_it(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for folder, name in ((source, "new"), (target, "old")):
        folder.mkdir()
        (folder / name).write_text(name)
    files.copy_tree(source, target)
    assert [each.name for each in target.iterdir()] == ["new"]
    assert {each.name for each in tmp_path.iterdir()} == {"source", "target"}


def test_a_record_that_cannot_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "install.json"
    path.write_text("{")
    with pytest.raises(SetupError) as raised:
        Record.load(path)
    assert str(path) in raised.value.told()
    assert "Run install_host.py again" in raised.value.told()


def test_who_may_not_use_apt_is_told_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_program(tmp_path / "apt-get", "echo called >> $0.calls")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as raised:
        debian.ensure(NEEDS, Teller(StringIO()))
    assert raised.value.fix == "Type: sudo apt install chromium"
    assert raised.value.code == Exit.NOT_SET_UP
    assert not (tmp_path / "apt-get.calls").exists()


def test_apt_is_announced_before_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path / "apt-get", 'echo "$@" >> $0.calls; echo "Setting up chromium (156)"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    told = StringIO()
    debian.ensure(NEEDS, Teller(told))
    assert told.getvalue().startswith("Missing here: Chromium. Installing it with apt: chromium\n")
    calls = (tmp_path / "apt-get.calls").read_text().splitlines()
    assert [call.split()[4:] for call in calls] == [
        ["update"],
        ["install", "--no-install-recommends", "chromium"],
    ]


def test_what_apt_said_last_is_told_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_program(tmp_path / "apt-get", 'echo "E: Unable to locate package chromium"; exit 100')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SetupError, match="Unable to locate package"):
        debian.ensure(NEEDS, Teller(StringIO()))


def test_an_environment_counts_as_used_while_a_program_of_it_runs(tmp_path: Path) -> None:
    env = tmp_path / "env-1"
    (env / "bin").mkdir(parents=True)
    (env / "bin" / "python").symlink_to(sys.executable)
    wait = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [env / "bin" / "python", "-c", wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        running.stdout.readline()
        assert environment.in_use(env)
        running.stdin.close()
    assert not environment.in_use(env)


def test_every_verb_of_the_command_is_tried_before_anyone_is_sent_to_an_environment() -> None:
    """The command itself loads only the one that is asked for."""
    assert {f"rbutton.cli.{one}" for one in cli.VERBS.values()} <= set(environment.DAILY.modules)


def test_work_is_told_in_plain_lines_where_there_is_no_terminal() -> None:
    told = StringIO()
    teller = Teller(told)
    teller.say("First.")
    with teller.working("Doing it"):
        pass
    assert told.getvalue() == "First.\nDoing it …\n"


class Terminal(StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_work_moves_on_a_terminal_and_ends_in_one_line() -> None:
    told = Terminal()
    with Teller(told).working("Doing it") as work:
        work.note("fetching")
    assert told.getvalue().endswith("\r\x1b[K✓ Doing it (0 s)\n")


def test_work_that_fails_is_marked_so() -> None:
    told = Terminal()
    with pytest.raises(KeyError), Teller(told).working("Doing it"):
        raise KeyError
    assert "✗ Doing it" in told.getvalue()
