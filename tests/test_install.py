"""`install_host.py` for daily use: what is on the machine before, between and after."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from rbutton.browsers import environment
from rbutton.person.home import Home
from rbutton.person.seed import Seed
from tests import light
from tests.machine import CHECKOUT, MANIFESTS, Machine, alone, contents, copy_checkout

EXTENSION = "iedggfngngcjmnnckmmljlbcbhjopgkp"
"""The development id: what every manifest that was ever installed lets in."""
LETS_IN = {
    "chromium": {"allowed_origins": [f"chrome-extension://{EXTENSION}/"]},
    "chrome": {"allowed_origins": [f"chrome-extension://{EXTENSION}/"]},
    "firefox": {"allowed_extensions": ["rbutton@rbutton.org"]},
}
BROWSERS = list(MANIFESTS)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with the r-button; what it was installed from is deleted."""
    machine = Machine(tmp_path_factory.mktemp("installed"))
    # Whoever edits this checkout meanwhile does not change what the tests install.
    copy_checkout(CHECKOUT, machine.root / "source")
    machine.set_up(machine.root / "source")
    before = contents(machine.checkout)
    said = machine.run()
    assert contents(machine.checkout) == before, "the checkout was written to"
    (machine.root / "said").write_text(said, encoding="utf-8")
    shutil.rmtree(machine.checkout)
    return machine


@pytest.fixture
def machine(tmp_path: Path, installed: Machine) -> Machine:
    """A machine on which nothing is installed, but an environment need not be built anew."""
    machine = Machine(tmp_path)
    machine.set_up(installed.root / "source")
    machine.take_environment(installed)
    return machine


@pytest.mark.parametrize("where", BROWSERS)
def test_a_browser_reaches_the_host_without_the_checkout(installed: Machine, where: str) -> None:
    assert installed.says_hello(where) == "0.1.0"


@pytest.mark.parametrize("where", BROWSERS)
def test_only_our_extension_may_start_the_host(installed: Machine, where: str) -> None:
    manifest = json.loads(installed.manifest(where).read_text(encoding="utf-8"))
    told = {"name", "description", "path", "type"}
    assert manifest["name"] == "org.rbutton.host"
    assert manifest["type"] == "stdio"
    assert {key: manifest[key] for key in manifest.keys() - told} == LETS_IN[where]


def test_the_person_is_told_what_is_left_to_do(installed: Machine) -> None:
    said = (installed.root / "said").read_text(encoding="utf-8")
    extension = installed.data / "extension"
    in_chromium, in_firefox = said.split("What is left for you to do")[1:]
    assert "once, in Chromium and in Google Chrome:" in in_chromium
    assert "chrome://extensions" in in_chromium
    assert "Load unpacked" in in_chromium
    assert f"{extension}\n" in in_chromium
    assert "in Firefox, again after each start of it:" in in_firefox
    assert "about:debugging#/runtime/this-firefox" in in_firefox
    assert "Load Temporary Add-on" in in_firefox
    assert str(extension / "manifest.json") in in_firefox
    assert (extension / "manifest.json").is_file()
    assert str(installed.config / "terms.toml") in said
    for part, name in ((in_chromium, "chromium"), (in_firefox, "firefox")):
        picture = installed.data / "pictures" / f"load-in-{name}.png"
        assert f"A picture of it:\n  {picture}\n" in part
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_it_is_said_when_the_terms_are_written_only_while_there_are_none(
    machine: Machine,
) -> None:
    yet = f"{machine.config / 'terms.toml'} (written when the button first starts)\n"
    assert yet in machine.run()
    (machine.config / "terms.toml").write_text("")
    said = machine.run()
    assert (yet in said, f"Your terms: {machine.config / 'terms.toml'}\n" in said) == (False, True)


def test_another_copy_of_the_folder_takes_it_away(machine: Machine) -> None:
    """The one it came from may have been deleted."""
    machine.run()
    copy = machine.checkout.rename(machine.root / "downloaded again")
    said = machine.say([*alone(), sys.executable, str(copy / "install_host.py"), "--uninstall"])
    assert "is uninstalled" in said
    assert not machine.manifest().exists()
    assert not machine.launcher.exists()


def test_nobody_else_can_look_in(installed: Machine) -> None:
    for folder in (installed.data, installed.config, installed.launcher.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_the_command_is_where_a_shell_finds_it(installed: Machine) -> None:
    command = installed.home / ".local" / "bin" / "rbutton"
    said = subprocess.run(
        [command, "--version"], env=installed.environ(), capture_output=True, check=True, text=True
    )
    assert said.stdout == "0.1.0\n"
    # It is not in the PATH of the test's machine, as after a first install.
    told = (installed.root / "said").read_text(encoding="utf-8")
    assert f"The command: {installed.data / 'bin' / 'rbutton'}, or rbutton after your" in told


def test_list_tells_before_and_after(machine: Machine) -> None:
    before = machine.listed()
    assert not before["host"]["installed"]
    assert not any(each["registered"] for each in before["browsers"])
    assert "not installed" in machine.run("--list")
    machine.run()
    after = machine.listed()
    assert after["host"]["works"]
    assert here(after) == [
        ("chromium", "156.0.1.2", True),
        ("chrome", "157.0.3.4", True),
        ("firefox", "153.7.1", True),
    ]
    assert "156.0.1.2" in machine.run("--list")


def test_a_browser_we_never_tried_is_set_up_and_said_to_be_untried(machine: Machine) -> None:
    (machine.root / "bin" / "firefox").rename(machine.root / "bin" / "librewolf")
    (machine.root / "bin" / "chromium").rename(machine.root / "bin" / "brave-browser")
    commands = machine.home / ".local" / "bin"
    said = machine.run(PATH=f"{machine.root / 'bin'}:{commands}:/nowhere")
    assert said.endswith("The command: rbutton\n"), "a shell finds it already"
    assert "No test of ours runs in it" in said
    assert "Brave (untried)" in machine.run("--list")
    listed = machine.listed(PATH=str(machine.root / "bin"))
    assert [name for name, _, registered in here(listed) if registered] == [
        "chrome",
        "brave",
        "librewolf",
    ]
    manifest = machine.home / ".librewolf" / "native-messaging-hosts" / "org.rbutton.host.json"
    assert json.loads(manifest.read_text("utf-8"))["path"] == str(machine.launcher)
    machine.run("--uninstall")
    assert not manifest.exists()


def test_one_browser_is_enough_and_the_others_stay_as_they_are(machine: Machine) -> None:
    said = machine.run("--browser", "firefox")
    assert "Chromium" not in said
    assert [registered for _, _, registered in here(machine.listed())] == [False, False, True]
    assert machine.says_hello("firefox") == "0.1.0"
    machine.run("--browser", "chromium", "--browser", "chrome")
    assert all(registered for _, _, registered in here(machine.listed()))
    machine.run("--uninstall")
    assert not any(machine.manifest(browser).exists() for browser in BROWSERS)


def test_uninstalling_for_one_browser_leaves_the_others(machine: Machine) -> None:
    machine.run()
    said = machine.run("--uninstall", "--browser", "firefox")
    assert "Firefox no longer reaches the agent" in said
    assert "about:addons" in said
    assert [registered for _, _, registered in here(machine.listed())] == [True, True, False]
    assert machine.says_hello() == "0.1.0"
    assert "Firefox was not registered" in machine.run("--uninstall", "--browser", "firefox")
    said = machine.run("--uninstall", "--browser", "chromium", "--browser", "chrome")
    assert "No browser reaches the agent now" in said
    assert machine.launcher.exists()
    machine.run()
    assert machine.says_hello("firefox") == "0.1.0"


def test_a_profile_folder_of_its_own_is_where_chromium_looks(machine: Machine) -> None:
    own = machine.home / "own profile ⊂"
    own.mkdir()
    machine.run("--browser", "chromium", "--profile", str(own))
    manifest = own / "NativeMessagingHosts" / "org.rbutton.host.json"
    assert json.loads(manifest.read_text("utf-8"))["path"] == str(machine.launcher)
    assert not machine.manifest().exists()
    machine.run("--uninstall")
    assert list(own.iterdir()) == []


def test_a_browser_that_is_not_here_is_told_with_what_to_install(machine: Machine) -> None:
    before = machine.tree()
    (machine.root / "bin" / "firefox").unlink()
    path = str(machine.root / "bin")
    said = machine.run("--browser", "chromium", "--browser", "firefox", code=3, PATH=path)
    assert "Firefox was not found" in said
    assert "sudo apt install firefox-esr" in said
    assert machine.tree() == before


def test_list_tells_what_does_not_fit(machine: Machine) -> None:
    machine.run()
    shutil.rmtree(next(machine.data.glob("env-*/lib/python*/site-packages/rbutton/native")))
    manifest = json.loads(machine.manifest().read_text(encoding="utf-8"))
    machine.manifest().write_text(json.dumps(manifest | {"path": "/nowhere"}), encoding="utf-8")
    machine.manifest("firefox").write_text(json.dumps(manifest), encoding="utf-8")
    listed = machine.listed()
    assert not listed["host"]["works"]
    assert "run install_host.py again" in listed["host"]["trouble"]
    troubles = {each["name"]: each["trouble"] for each in listed["browsers"]}
    assert "/nowhere" in troubles["chromium"]
    assert "not as it was written" in troubles["firefox"], "it lets in what Chromium calls ours"
    assert "/nowhere" in machine.run("--list")


def test_uninstalling_leaves_only_what_is_the_persons(machine: Machine) -> None:
    (machine.home / ".config" / "chromium").mkdir(parents=True)
    env = next(machine.data.glob("env-*")).relative_to(machine.home).as_posix()
    before = {path for path in machine.tree() if not path.startswith(env)}
    machine.run()
    host = machine.host()
    try:
        host.hello()
        host.result("set", key="signals.dnt", value="off")
    finally:
        host.end()
    Seed(Home(machine.config, machine.data, portable=True)).read()
    kept = [*machine.config.iterdir(), *machine.data.glob("*.*")]
    assert {path.name for path in kept} >= {"terms.lock", "seed.lock", "terms.toml"}
    assert not [path for path in kept if path.is_file() and path.stat().st_mode & 0o077]
    said = machine.run("--uninstall")
    left = machine.tree() - before
    theirs = {path for path in left if (machine.home / path).is_file()}
    assert ".config/rbutton/terms.toml" in theirs
    assert all(Path(path).parent.name == "rbutton" for path in theirs), theirs
    nobodys = {"install.json", "install.log", "rbutton", "rbutton-host"}
    assert not {Path(path).name for path in theirs} & nobodys
    assert not [path for path in theirs if path.endswith(".lock")]
    assert not any("env-" in path or "extension" in path for path in left)
    assert str(machine.config) in said
    assert str(machine.data) in said
    assert before <= machine.tree()


def test_uninstalling_leaves_a_lock_that_a_host_still_holds(machine: Machine) -> None:
    machine.run()
    lock = machine.data / "terms.lock"
    with FileLock(lock):
        machine.run("--uninstall")
        assert lock.exists()


def test_uninstalling_before_the_first_start_leaves_nothing(machine: Machine) -> None:
    machine.run()
    machine.run("--uninstall")
    # The folder of data was there before: the environment was put into it.
    assert machine.tree() == {".local", ".local/share", ".local/share/rbutton"}
    assert "Nothing is installed" in machine.run("--uninstall")


def test_with_its_own_home_it_stays_in_there(machine: Machine) -> None:
    own = machine.home / "own"
    own.mkdir(mode=0o700)
    shutil.move(next(machine.data.glob("env-*")), own)
    before = machine.tree()
    machine.run(RBUTTON_HOME=str(own))
    assert machine.says_hello() == "0.1.0"
    outside = {path for path in machine.tree() - before if not path.startswith("own/")}
    assert {path for path in outside if (machine.home / path).is_file()} == {
        f"{folder}/org.rbutton.host.json" for folder in MANIFESTS.values()
    }
    assert (own / "terms.toml").is_file()
    assert machine.listed(RBUTTON_HOME=str(own))["host"]["works"]


def test_what_others_put_there_is_not_touched(machine: Machine) -> None:
    theirs = machine.manifest()
    theirs.parent.mkdir(parents=True)
    theirs.write_text("not ours")
    before = machine.tree()
    said = machine.run(code=1)
    assert str(theirs) in said
    assert theirs.read_text() == "not ours"
    assert machine.tree() == before


def test_another_command_of_that_name_is_not_touched(machine: Machine) -> None:
    theirs = machine.home / ".local" / "bin" / "rbutton"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("not ours")
    said = machine.run()
    assert f"{theirs} is another program's" in said
    machine.run("--uninstall")
    assert theirs.read_text() == "not ours"


def test_another_r_button_is_not_put_out_of_work(machine: Machine) -> None:
    machine.run()
    before = machine.manifest().read_bytes()
    said = machine.run(code=1, RBUTTON_HOME=str(machine.home / "second"))
    assert str(machine.launcher) in said
    assert machine.manifest().read_bytes() == before
    machine.run("--uninstall", RBUTTON_HOME=str(machine.home / "second"))
    assert machine.says_hello() == "0.1.0"


def test_the_traces_of_one_that_is_gone_are_replaced(machine: Machine) -> None:
    manifest = machine.manifest()
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"name": "org.rbutton.host", "path": "/gone/rbutton-host"}))
    machine.run()
    assert machine.says_hello() == "0.1.0"


def test_a_folder_that_others_can_enter_is_refused(machine: Machine) -> None:
    machine.data.chmod(0o755)
    said = machine.run(code=3)
    assert f"chmod 700 '{machine.data}'" in said
    assert not machine.manifest().exists()


def test_without_a_browser_it_says_what_to_install(machine: Machine) -> None:
    said = machine.run(code=3, PATH=str(machine.root))
    assert "sudo apt install chromium" in said
    assert not machine.manifest().exists()


def test_without_a_network_it_says_so_and_the_old_one_works(machine: Machine) -> None:
    machine.run()
    edit(machine)
    said = machine.run(
        code=3, PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="1"
    )
    assert "does not answer" in said
    assert "Check the network" in said
    assert machine.says_hello() == "0.1.0"
    assert len(list(machine.data.glob("env-*"))) == 1


def test_without_any_network_the_packages_of_the_last_time_do(
    installed: Machine, machine: Machine
) -> None:
    """Also for a build of its own after Python itself was replaced. Nothing else has packages."""
    shutil.copytree(installed.data / "wheels", machine.data / "wheels")
    machine.run()
    (env,) = machine.data.glob("env-*")
    (env / "bin" / "python").unlink()
    (env / "bin" / "python").symlink_to("/usr/bin/python3.9-gone")
    edit(machine)
    nothing = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1"}
    done = subprocess.run(
        ["unshare", "--net", *machine.command()],
        env=machine.environ(**nothing, PIP_RETRIES="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert machine.says_hello() == "0.1.0"
    assert not env.exists()
    assert contents(machine.data / "wheels").keys() == contents(installed.data / "wheels").keys()
    machine.run("--uninstall")
    assert not (machine.data / "wheels").exists()


def test_what_pip_said_is_kept_when_it_fails(machine: Machine) -> None:
    project = machine.checkout / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    terms = 'terms = "rbutton/shipped/terms"\n'
    assert terms in text
    project.write_text(text.replace(terms, f'{terms}nowhere = "gone"\n'), encoding="utf-8")
    said = machine.run(code=3)
    log = machine.data / "install.log"
    assert str(log) in said
    assert "Forced include not found" in log.read_text(encoding="utf-8")
    project.write_text(f"{text}\n[not toml", encoding="utf-8")
    assert f"{project} is damaged" in machine.run(code=3)
    assert not machine.manifest().exists()


def test_killed_half_way_the_old_one_works_and_the_next_clears_up(machine: Machine) -> None:
    machine.run()
    first = next(machine.data.glob("env-*"))
    untouched = (machine.checkout / "extension" / "manifest.json").read_bytes()
    edit(machine)
    install = subprocess.Popen(
        machine.command(),
        env=machine.environ(),
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert install.stdout is not None
    with install.stdout:
        while "Installing the r-button" not in install.stdout.readline():
            assert install.poll() is None
        os.killpg(install.pid, signal.SIGKILL)
    install.wait()
    assert len(list(machine.data.glob("env-*"))) == 2
    assert machine.listed()["host"]["works"]
    assert machine.says_hello() == "0.1.0"
    (machine.checkout / "extension" / "manifest.json").write_bytes(untouched)
    machine.run()
    assert list(machine.data.glob("env-*")) == [first]
    assert machine.says_hello() == "0.1.0"


def test_a_newer_one_takes_over_and_a_running_host_goes_on(machine: Machine) -> None:
    machine.run()
    old = next(machine.data.glob("env-*"))
    version = machine.checkout / "host" / "rbutton" / "__init__.py"
    version.write_text(version.read_text(encoding="utf-8").replace("0.1.0", "0.1.1"))
    build = environment.build_id(machine.checkout)
    light.make(machine.data / f"env-{build}", machine.checkout / "host")
    host = machine.host()
    try:
        machine.run()
        assert host.hello()["host"] == "0.1.0"
        assert old.exists()
    finally:
        host.end()
    assert machine.says_hello() == "0.1.1"
    machine.run("--uninstall")
    assert not old.exists(), "nobody uses it any more"


def test_two_installs_at_once_both_end_well(machine: Machine) -> None:
    both = [
        subprocess.Popen(machine.command(), env=machine.environ(), stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [each.wait() for each in both] == [0, 0]
    assert machine.says_hello() == "0.1.0"
    assert not list(machine.data.glob("*.lock"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["--headless"],
        ["--json"],
        ["--list", "--uninstall"],
        ["--browser", "netscape"],
        ["--list", "--browser", "firefox"],
        ["--uninstall", "--system", "--browser", "firefox"],
        ["--demo", "--system"],
        ["--profile", "own"],
        ["--profile", "own", "--browser", "firefox"],
        ["--demo", "--browser", "chrome"],
        ["--demo", "--browser", "firefox", "--browser", "chromium"],
    ],
)
def test_wrong_usage(machine: Machine, arguments: list[str]) -> None:
    before = machine.tree()
    assert "usage:" in machine.run(*arguments, code=2)
    assert machine.tree() == before


def test_an_older_python_is_told_so(machine: Machine) -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 10, 0); "
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    said = subprocess.run(
        [sys.executable, "-c", pretend, machine.checkout / "install_host.py"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert said.returncode == 3
    assert "needs Python 3.11" in said.stderr


def test_on_another_system_it_says_so_before_anything_else(machine: Machine) -> None:
    """Pretended: only the name of the system is another."""
    pretend = (
        "import runpy, sys; sys.platform = 'freebsd14'; "
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    said = subprocess.run(
        [sys.executable, "-c", pretend, machine.checkout / "install_host.py"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert said.returncode == 3
    assert "cannot be installed on freebsd14" in said.stderr


def edit(machine: Machine) -> None:
    """Makes the checkout another build."""
    manifest = machine.checkout / "extension" / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def here(listed: Any) -> list[tuple[str, str, bool]]:
    """Name, version and whether it reaches the host, of each browser that is here."""
    return [
        (each["name"], each["version"], each["registered"])
        for each in listed["browsers"]
        if each["executable"]
    ]
