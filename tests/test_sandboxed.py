"""Browsers from Flatpak and Snap. Neither runs here: trees of folders as theirs are, and programs
called `flatpak` and `flatpak-spawn` that answer as theirs do. What is started is the real host."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import light, pretending
from tests.host_process import Host
from tests.machine import Machine, write_program

FIREFOX = "org.mozilla.firefox"
CHROME = "com.google.Chrome"
MANIFEST = "org.rbutton.host.json"

_FLATPAK = """\
PATH=/usr/bin:/bin
dir=$(dirname "$0")/flatpak-answers
case "$1 $2" in
"info --show-permissions") cat "$dir/permissions-$3" ;;
"info "*) cat "$dir/info-$2" ;;
"permissions webextensions") cat "$dir/webextensions" ;;
*) exit 1 ;;
esac"""
_SPAWN = """\
test "$1" = --host && shift || exit 64
test "$1" = --directory=/ && cd / && shift
exec "$@"
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with no browser, on which all else is there to install."""
    machine = Machine(tmp_path_factory.mktemp("ready"))
    machine.set_up()
    for program in (machine.root / "bin").iterdir():
        program.unlink()
    answers = machine.root / "bin" / "flatpak-answers"
    answers.mkdir()
    write_program(machine.root / "bin" / "flatpak", _FLATPAK)
    write_program(machine.root / "bin" / "flatpak-spawn", _SPAWN)
    light.give_environment(machine)
    shutil.copytree(machine.home, machine.root / "kept", symlinks=True)
    shutil.copytree(answers, machine.root / "kept-answers")
    return machine


@pytest.fixture
def machine(ready: Machine) -> Iterator[Machine]:
    """The same, to be installed on: it is as it was afterwards."""
    yield ready
    for name, kept in (("bin/flatpak-answers", "kept-answers"), (ready.home.name, "kept")):
        shutil.rmtree(ready.root / name)
        shutil.copytree(ready.root / kept, ready.root / name, symlinks=True)
    shutil.rmtree(ready.root / "system", ignore_errors=True)


def run(machine: Machine, *arguments: str, code: int = 0) -> str:
    """Without the browsers that this machine itself has."""
    told = pretending.with_root(machine.root / "system")
    path = f"{machine.root / 'bin'}:/nowhere"
    return pretending.run(machine, told, *arguments, code=code, PATH=path)


def answer(machine: Machine, name: str, text: str) -> None:
    """What `flatpak` says from now on."""
    (machine.root / "bin" / "flatpak-answers" / name).write_text(text, "utf-8")


def put_flatpak(machine: Machine, app: str, version: str = "157.0.2") -> None:
    """One that the person installed."""
    exported = machine.home / ".local/share/flatpak/exports/bin" / app
    exported.parent.mkdir(parents=True, exist_ok=True)
    exported.touch()
    answer(machine, f"info-{app}", f"\n  App - A browser\n\n   ID: {app}\n  Version: {version}\n")
    answer(machine, f"permissions-{app}", "[Context]\nshared=network;ipc;\n")


def put_snap(machine: Machine, name: str) -> None:
    """One that is for everyone, as snaps are."""
    snap = machine.root / "system/snap" / name / "current/meta"
    snap.mkdir(parents=True)
    (snap / "snap.yaml").write_text(f"name: {name}\nversion: 155.0.1-2\n", "utf-8")


def hosts(machine: Machine, app: str) -> Path:
    """Where that Flatpak looks."""
    below = ".mozilla/native-messaging-hosts"
    if app == CHROME:
        below = "config/google-chrome/NativeMessagingHosts"
    return machine.home / ".var/app" / app / below


def permission(machine: Machine, app: str) -> str:
    return shlex.join(
        [
            *("flatpak", "override", "--user", "--talk-name=org.freedesktop.Flatpak"),
            *(f"--filesystem={machine.data / 'extension'}:ro", app),
        ]
    )


def listed(machine: Machine, title: str) -> dict[str, object]:
    rows = json.loads(run(machine, "--list", "--json").splitlines()[-1])["browsers"]
    (row,) = [row for row in rows if row["title"] == title]
    found: dict[str, object] = row
    return found


@pytest.mark.parametrize(
    ("app", "lets_in"), [(FIREFOX, "allowed_extensions"), (CHROME, "allowed_origins")]
)
def test_a_flatpak_starts_the_host_through_a_stand_in_of_flatpak_spawn(
    machine: Machine, app: str, lets_in: str
) -> None:
    put_flatpak(machine, app)
    run(machine)
    manifest = json.loads((hosts(machine, app) / MANIFEST).read_text("utf-8"))
    assert manifest[lets_in]
    # The sandbox sees this folder under the same name, and hardly another.
    assert Path(manifest["path"]).is_relative_to(machine.home / ".var/app" / app)
    host = Host([manifest["path"], *manifest[lets_in]], machine.environ())
    try:
        assert host.hello()["host"] == "0.1.0"
    finally:
        host.end()


def test_the_one_command_that_is_left_for_a_flatpak_is_told_by_a_stand_in(machine: Machine) -> None:
    """With what it costs; and once it was given, no more."""
    put_flatpak(machine, FIREFOX)
    said = run(machine)
    assert "Found Firefox (Flatpak) 157.0.2. No test of ours runs in it." in said
    assert f"\n  {permission(machine, FIREFOX)}\n" in said
    assert "its sandbox no longer holds" in said
    assert "--no-talk-name=org.freedesktop.Flatpak" in said
    row = listed(machine, "Firefox (Flatpak)")
    assert (row["version"], row["registered"], row["tried"]) == ("157.0.2", False, False)
    assert permission(machine, FIREFOX) in str(row["trouble"])
    told = run(machine, "--doctor")
    assert f"Firefox is here as a Flatpak, {FIREFOX}: its sandbox keeps it" in told
    assert f"Type: {permission(machine, FIREFOX)}" in told
    answer(
        machine,
        f"permissions-{FIREFOX}",
        "[Session Bus Policy]\norg.freedesktop.Flatpak=talk\n",
    )
    assert listed(machine, "Firefox (Flatpak)")["registered"]
    told = run(machine, "--doctor")
    assert "and you let it start the agent" in told
    assert "flatpak override" not in told


def test_uninstalling_leaves_nothing_in_the_folder_of_a_flatpak_like_tree(machine: Machine) -> None:
    for app in (FIREFOX, CHROME):
        put_flatpak(machine, app)
    (machine.home / ".var/app" / FIREFOX / ".mozilla").mkdir(parents=True)
    before = machine.tree()
    run(machine)
    assert all((hosts(machine, app) / MANIFEST).exists() for app in (FIREFOX, CHROME))
    run(machine, "--uninstall", "--browser", "firefox")
    assert "was not registered" in run(machine, "--uninstall", "--browser", "firefox")
    assert not list((machine.home / ".var/app" / FIREFOX).rglob("*rbutton*"))
    manifest = hosts(machine, CHROME) / MANIFEST
    Path(json.loads(manifest.read_text("utf-8"))["path"]).unlink()
    run(machine, "--uninstall")
    environment = {path for path in before if "/env-" in path}
    assert machine.tree() == before - environment


def test_the_doctor_mends_what_is_broken_in_a_flatpak_like_tree(machine: Machine) -> None:
    put_flatpak(machine, FIREFOX)
    run(machine)
    manifest = hosts(machine, FIREFOX) / MANIFEST
    wrapper = Path(json.loads(manifest.read_text("utf-8"))["path"])
    for broken in (wrapper, manifest):
        kept = broken.read_bytes()
        broken.unlink()
        found = run(machine, "--doctor", code=1)
        assert "Firefox (Flatpak)" in found
        run(machine, "--doctor", "--fix")
        assert broken.read_bytes() == kept
    assert "✗" not in run(machine, "--doctor")


def test_another_r_button_in_a_flatpak_like_tree_is_not_put_out_of_work(machine: Machine) -> None:
    put_flatpak(machine, FIREFOX)
    run(machine)
    told = pretending.with_root(machine.root / "system")
    own = str(machine.home / "own")
    path = f"{machine.root / 'bin'}:/nowhere"
    said = pretending.run(machine, told, code=1, PATH=path, RBUTTON_HOME=own)
    assert str(machine.launcher) in said


def test_firefox_in_a_snap_like_tree_gets_the_manifest_that_the_portal_reads(
    machine: Machine,
) -> None:
    """Ubuntu's package `firefox` is a script that starts the snap: it is not taken for another."""
    put_snap(machine, "firefox")
    write_program(machine.root / "bin" / "firefox", 'exec /snap/bin/firefox "$@"')
    try:
        said = run(machine)
        assert "Found Firefox (Snap) 155.0.1." in said
        assert said.count("Found ") == 1
        manifest = json.loads(machine.manifest("firefox").read_text("utf-8"))
        assert manifest["path"] == str(machine.launcher), "the portal starts it outside"
        allowed = "flatpak permission-set webextensions org.rbutton.host snap.firefox yes"
        assert f"\n  {allowed}\n" in said
        assert ".xpi" in said
        assert listed(machine, "Firefox (Snap)")["registered"], "the portal will ask"
        assert f"Type: {allowed}" in run(machine, "--doctor")
        row = "webextensions\torg.rbutton.host\tsnap.firefox\t{}\t0x00\n"
        answer(machine, "webextensions", row.format("no"))
        assert allowed in str(listed(machine, "Firefox (Snap)")["trouble"])
        answer(machine, "webextensions", row.format("yes"))
        assert "and you let it start the agent" in run(machine, "--doctor")
        run(machine, "--uninstall")
        assert not machine.manifest("firefox").exists()
    finally:
        (machine.root / "bin" / "firefox").unlink()


def test_chromium_in_a_snap_like_tree_is_left_out_and_why_is_told(machine: Machine) -> None:
    put_snap(machine, "chromium")
    before = machine.tree()
    said = run(machine, "--browser", "chromium", code=3)
    assert "Chromium (Snap) cannot reach the agent: " in said
    assert "sudo apt install chromium" in said
    assert machine.tree() == before
    put_flatpak(machine, CHROME)
    assert "Found Chromium (Snap) 155.0.1. It is left out: " in run(machine)
    assert not (machine.home / ".config/chromium").exists()
    row = listed(machine, "Chromium (Snap)")
    assert not row["registered"]
    told = run(machine, "--doctor")
    assert "Chromium is here as a Snap, chromium: it cannot start the agent" in told
    assert "Use a Chromium that is in no sandbox" in told
