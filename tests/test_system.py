"""`install_host.py --system`: everyone's button, in Debian's browsers started as anyone does."""

import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.e2e.recorder import WAIT_SECONDS, Site
from tests.e2e.recorder import Request as Seen
from tests.host_process import Host
from tests.machine import CHECKOUT, PATIENCE, copy_checkout
from tests.own_mounts import OwnMounts

PYTHON = "/usr/bin/python3"
ROOT, ADA = 0, 4242
DATA = Path("/usr/local/lib/rbutton")
COMMAND = Path("/usr/local/bin/rbutton")
EXTENSION = "iedggfngngcjmnnckmmljlbcbhjopgkp"
IN_CHROMIUM = Path("/usr/share/chromium/extensions") / EXTENSION
IN_FIREFOX = Path(
    "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/rbutton@rbutton.org.xpi"
)
MANIFESTS = {
    "chromium": Path("/etc/chromium/native-messaging-hosts/org.rbutton.host.json"),
    "firefox": Path("/usr/lib/mozilla/native-messaging-hosts/org.rbutton.host.json"),
}
AGAIN = '<!doctype html><title>again</title><meta http-equiv="refresh" content="1">'
OFF = '[signals]\ndnt = "off"\n'


class Everyone(OwnMounts):
    """A machine and the checkout that root installs from."""

    checkout: Path

    def environ(self, home: Path) -> dict[str, str]:
        """What someone with that home starts programs with."""
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return {**pip, "HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def install_host(self, *arguments: str, code: int = 0, uid: int = ROOT) -> str:
        """Runs `install_host.py --system`."""
        script = self.checkout / "install_host.py"
        environ = self.environ(Path("/nowhere"))
        words: tuple[str | Path, ...] = (PYTHON, script, "--system", *arguments)
        return self.run(*words, environ=environ, code=code, uid=uid)


@contextmanager
def machine(checkout: Path) -> Iterator[Everyone]:
    """One on which nothing is installed."""
    with Everyone() as everyone:
        everyone.checkout = checkout
        # Should this machine have an r-button for everyone, it is not seen in there.
        ours = (DATA, IN_CHROMIUM, IN_FIREFOX, COMMAND, *MANIFESTS.values())
        everyone.run("rm", "-rf", "--", *ours, environ=os.environ)
        yield everyone


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everyone]:
    """Installed from a checkout that only root can read."""
    checkout = tmp_path_factory.mktemp("system") / "das r-button ⊃ Verzeichnis"
    copy_checkout(CHECKOUT, checkout)
    (checkout / "extension" / "manifest.json").chmod(0o600)
    with machine(checkout) as everyone:
        everyone.path("/mnt/said").write_text(everyone.install_host())
        yield everyone


@pytest.fixture
def bare(installed: Everyone) -> Iterator[Everyone]:
    """Nothing is installed, but an environment need not be built anew."""
    with machine(installed.checkout) as everyone:
        env = next(installed.path(DATA).glob("env-*"))
        there = everyone.path(DATA) / env.name
        there.parent.mkdir()
        shutil.copytree(env, there, symlinks=True)
        yield everyone


@contextmanager
def _started(everyone: Everyone, command: list[str], home: Path, uid: int) -> Iterator[None]:
    """A browser, until the end of the block."""
    process = subprocess.Popen(
        everyone.command(*command, uid=uid),
        env=everyone.environ(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Not asked to end: a Chromium whose children went first may wait for them for ever.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


class Again(Site):
    """A site whose page loads itself again and again."""

    def __init__(self) -> None:
        super().__init__(lambda _: Starlette(routes=[Route("/", again)]))

    def wait_until(self, holds: Callable[[Seen], bool]) -> None:
        """Wait for a request of which that holds."""
        with self._more:
            since = len(self.requests)
            held = self._more.wait_for(
                lambda: any(holds(each) for each in self.requests[since:]), WAIT_SECONDS
            )
            assert held, self.requests[-1:]


async def again(_request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(AGAIN)


@pytest.fixture
def site() -> Iterator[Again]:
    """A fresh recording."""
    with Again() as recorder:
        yield recorder


@pytest.mark.parametrize("uid", [ROOT, ADA], ids=["root", "user"])
@pytest.mark.parametrize("program", ["chromium", "firefox-esr"])
def test_a_plain_start_has_button_and_host(
    installed: Everyone, screen: str, site: Again, program: str, uid: int
) -> None:
    """The button's signals go out; the host of that person follows that person's own file."""
    home = installed.home(f"{program}-{uid}", uid)
    terms = installed.path(home) / ".config" / "rbutton" / "terms.toml"
    as_root = ["--no-sandbox"] if program == "chromium" and uid == ROOT else []
    command = ["env", f"DISPLAY={screen}", program, *as_root, site.url()]
    with _started(installed, command, home, uid):
        site.wait_until(
            lambda each: each.all("dnt") == each.all("sec-gpc") == ["1"] and terms.exists()
        )
        assert terms.stat().st_uid == uid
        assert stat.S_IMODE(terms.parent.stat().st_mode) == 0o700
        terms.write_text(OFF)
        site.wait_until(lambda each: not each.all("dnt") and each.all("sec-gpc") == ["1"])


def test_root_is_told_what_everyone_gets(installed: Everyone) -> None:
    said = installed.path("/mnt/said").read_text()
    assert "The agent is installed, and Chromium and Firefox can reach it" in said
    assert "The button is in Chromium and in Firefox for everyone" in said
    assert "Load unpacked" not in said
    assert "~/.config/rbutton/terms.toml" in said


def test_everyone_can_read_all_of_it_and_only_root_can_change_it(installed: Everyone) -> None:
    links = [installed.path(each) for each in (IN_CHROMIUM, IN_FIREFOX)]
    assert all(each.is_symlink() for each in links)
    for path in (installed.path(DATA), *installed.path(DATA).rglob("*")):
        found = path.lstat()
        assert found.st_uid == ROOT, path
        if not path.is_symlink() and path.name != "install.lock":
            wanted = 0o555 if path.is_dir() else 0o444
            assert found.st_mode & wanted == wanted, path
            assert not found.st_mode & 0o022, path
    for manifest in MANIFESTS.values():
        assert stat.S_IMODE(installed.path(manifest).stat().st_mode) == 0o644
        assert (
            json.loads(installed.path(manifest).read_text())["path"] == f"{DATA}/bin/rbutton-host"
        )


def test_everyone_can_see_what_is_installed(installed: Everyone) -> None:
    listed = json.loads(installed.install_host("--list", "--json").splitlines()[-1])
    assert listed["host"]["works"], listed
    told = {each["name"]: each["registered"] for each in listed["browsers"]}
    assert told["chromium"]
    assert told["firefox"]
    home = installed.home("looking", ADA)
    said = installed.run("rbutton", "--version", environ=installed.environ(home), uid=ADA)
    assert said == "0.1.0\n"


def doctors(
    everyone: Everyone, home: Path, *words: str | Path, code: int, uid: int
) -> dict[str, str]:
    """What a doctor finds: the message of each code, the last where there are several."""
    environ = everyone.environ(home)
    told = everyone.run(*words, "--json", environ=environ, code=code, uid=uid)
    found = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    return {one["code"]: one["message"] for one in found}


def test_the_doctor_of_a_person_looks_at_what_is_for_everyone(installed: Everyone) -> None:
    home = installed.home("patient", ADA)
    found = doctors(installed, home, "rbutton", "doctor", code=0, uid=ADA)
    assert found.keys() >= {"host-installed", "host-answers", "extension-folder"}
    assert found["browser-finds-host"] == "Firefox finds the agent."
    assert not (installed.path(home) / ".config" / "rbutton").exists(), "it looks and makes nothing"


def test_the_doctor_for_everyone_looks_at_nobodys_home(bare: Everyone) -> None:
    script = bare.checkout / "install_host.py"
    words = (PYTHON, script, "--doctor", "--system")
    home = bare.home("root", ROOT)
    found = doctors(bare, home, *words, code=3, uid=ROOT)
    assert found["not-installed"].startswith("The r-button is not installed for everyone")
    bare.install_host()
    found = doctors(bare, home, *words, code=0, uid=ROOT)
    assert found.keys() == {
        "host-installed",
        "host-answers",
        "extension-folder",
        "browser-finds-host",
    }
    assert list(bare.path(home).iterdir()) == []
    bare.path(IN_CHROMIUM).unlink()
    bare.path(MANIFESTS["firefox"]).unlink()
    found = doctors(bare, home, *words, code=1, uid=ROOT)
    assert str(IN_CHROMIUM) in found["link-missing"]
    assert "Firefox" in found["manifest-missing"]
    bare.install_host()
    doctors(bare, home, *words, code=0, uid=ROOT)


def test_a_person_s_list_tells_of_the_one_for_everyone(installed: Everyone) -> None:
    environ = installed.environ(installed.home("lister", ROOT))
    script = installed.checkout / "install_host.py"
    said = installed.run(PYTHON, script, "--list", environ=environ)
    assert "Agent: not installed\nFor everyone on this machine: installed, 0.1.0-" in said
    assert "install_host.py --list --system" in said
    told = installed.run(PYTHON, script, "--list", "--json", environ=environ)
    assert json.loads(told.splitlines()[-1])["for_everyone"].startswith("0.1.0-")


def readable_checkout(everyone: Everyone) -> Path:
    """A copy that everyone may read; what it is called in there."""
    inside = Path("/mnt/das r-button ⊃ für alle")
    if not everyone.path(inside).exists():
        shutil.copytree(everyone.checkout, everyone.path(inside))
        everyone.run("chmod", "-R", "a+rX", inside, environ=os.environ)
    return inside


def test_a_person_who_is_not_root_installs_for_themselves(installed: Everyone) -> None:
    """Beside what is for everyone, in a home with spaces and other letters; and is rid of it."""
    home = installed.home("Ädas ⊂ home", ADA)
    data = home / ".local" / "share" / "rbutton"
    env = next(installed.path(DATA).glob("env-*"))
    script = 'mkdir -p "$1" && cp -a "$2" "$1" && chown -R "$3:$3" "$4" && chmod 700 "$1"'
    arguments = (data, DATA / env.name, str(ADA), home)
    installed.run("sh", "-c", script, "sh", *arguments, environ=os.environ)
    words = (PYTHON, readable_checkout(installed) / "install_host.py")
    environ = installed.environ(home)
    installed.run(*words, environ=environ, uid=ADA)
    host = Host(installed.command(data / "bin" / "rbutton-host", uid=ADA), environ)
    try:
        assert host.hello()["settings"]["data"] == str(data)
    finally:
        host.end()
    assert installed.path(home / ".config" / "rbutton" / "terms.toml").stat().st_uid == ADA
    said = installed.run(*words, "--uninstall", "--purge", "--yes", environ=environ, uid=ADA)
    assert "The r-button for everyone on this machine stays" in said
    assert not [path for path in installed.path(home).rglob("*") if path.is_file()]


def test_a_python_without_venv_is_told_with_what_to_type(bare: Everyone) -> None:
    """As Debian's own is, until python3-venv is installed; somebody who is not root cannot."""
    home = bare.home("ada", ADA)
    bare.run("sh", "-c", "rm -r /usr/lib/python3.*/ensurepip", environ=os.environ)
    words = (PYTHON, readable_checkout(bare) / "install_host.py")
    said = bare.run(*words, environ=bare.environ(home), code=3, uid=ADA)
    assert "Type: sudo apt install python3." in said
    assert "-venv" in said
    assert not [path for path in bare.path(home).rglob("*") if path.is_file()]


def test_who_is_not_root_is_told_the_line_to_type(bare: Everyone) -> None:
    before = bare.state()
    for arguments in ([], ["--uninstall"]):
        environ = bare.environ(Path("/nowhere"))
        # As someone who may not read the checkout but has one of their own.
        bare.path("/mnt/checkout").mkdir(exist_ok=True)
        shutil.copytree(bare.checkout, bare.path("/mnt/checkout"), dirs_exist_ok=True)
        said = bare.run(
            PYTHON,
            "/mnt/checkout/install_host.py",
            "--system",
            *arguments,
            environ=environ,
            code=3,
            uid=ADA,
        )
        line = " ".join(["sudo /usr/bin/python3 /mnt/checkout/install_host.py", *arguments])
        assert f"Type: {line} --system\n" in said
    assert bare.state() == before


def test_a_python_that_is_not_for_everyone_is_refused(bare: Everyone) -> None:
    """A service that all use must not run what one of them can change."""
    own = bare.path("/mnt/python3")
    shutil.copy2(Path(PYTHON).resolve(), own)
    os.chown(own, ADA, ADA)
    before = bare.state()
    script = bare.checkout / "install_host.py"
    environ = bare.environ(Path("/nowhere"))
    said = bare.run("/mnt/python3", script, "--system", environ=environ, code=3)
    assert "/mnt/python3 must be root's" in said
    assert bare.state() == before


@pytest.mark.parametrize(
    "theirs", [IN_CHROMIUM, IN_FIREFOX, *MANIFESTS.values()], ids=lambda path: path.parts[2]
)
def test_a_file_of_someone_elses_is_not_touched(bare: Everyone, theirs: Path) -> None:
    there = bare.path(theirs)
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text("theirs")
    before = bare.state()
    said = bare.install_host(code=1)
    assert str(theirs) in said
    assert "Move it away" in said
    assert there.read_text() == "theirs"
    assert bare.state() == before


def test_another_extension_for_everyone_goes_on(bare: Everyone) -> None:
    """Debian's own script, in which two short names in that folder put out one another."""
    for name in ("a", "z"):
        (bare.path(IN_CHROMIUM.parent) / name).mkdir(parents=True)
    bare.install_host()
    script = ". /etc/chromium.d/extensions; echo $CHROMIUM_FLAGS"
    said = bare.run("sh", "-c", script, environ=bare.environ(Path("/nowhere")))
    folder = IN_CHROMIUM.parent
    assert f"--load-extension={folder}/a,{IN_CHROMIUM},{folder}/z\n" in said


def test_uninstalling_leaves_the_machine_as_it_was(bare: Everyone) -> None:
    env = next(bare.path(DATA).glob("env-*"))
    kept = bare.path("/mnt") / env.name
    shutil.move(env, kept)
    bare.path(DATA).rmdir()
    before = bare.state()
    bare.path(DATA).mkdir()
    shutil.move(kept, env)
    home = bare.home("ada", ADA)
    theirs = bare.path(home) / "terms.toml"
    theirs.write_text(OFF)
    bare.install_host()
    assert bare.state() != before
    said = bare.install_host("--uninstall")
    assert "What is each person's stays" in said
    after = bare.state()
    # The folder was there before: the environment was put into it.
    assert after.pop("usr/local/lib/rbutton").startswith("40755")
    assert after == before
    assert theirs.read_text() == OFF
    assert "Nothing is installed for everyone" in bare.install_host("--uninstall")


def test_a_second_run_mends_what_is_broken(bare: Everyone) -> None:
    bare.install_host()
    whole = bare.state()
    bare.path(IN_CHROMIUM).unlink()
    bare.path(MANIFESTS["firefox"]).unlink()
    bare.path(DATA / "extension" / "manifest.json").unlink()
    bare.install_host()
    assert bare.state().keys() == whole.keys()
