"""Each cause broken for real: its own finding, its own fix, and what `--fix` mends is mended."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rbutton.browsers import doctor, manifests, sandboxes
from rbutton.browsers.doctor import button, folders, host, manifest, profiles, sandbox
from rbutton.browsers.doctor.report import exit_code
from rbutton.browsers.here import find_all
from rbutton.browsers.places import Places, places, places_for_all
from rbutton.browsers.record import Record
from rbutton.browsers.table import CHROMIUM, FIREFOX, TABLE, Browser
from rbutton.finding import Finding
from rbutton.native import requests
from tests import light
from tests.machine import Machine, write_program

Break = Callable[[Machine], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which all is as it should be."""
    machine = Machine(tmp_path_factory.mktemp("whole"))
    machine.set_up()
    light.give_environment(machine)
    machine.run()
    shutil.copytree(machine.home, machine.root / "kept", symlinks=True)
    return machine


@pytest.fixture
def machine(whole: Machine) -> Iterator[Machine]:
    """The same, to be broken: it is whole again afterwards."""
    yield whole
    whole.home.chmod(0o755)
    shutil.rmtree(whole.home)
    shutil.copytree(whole.root / "kept", whole.home, symlinks=True)


def where(machine: Machine) -> Places:
    return places({"HOME": str(machine.home)})


def record(machine: Machine) -> Record:
    found = Record.load(where(machine).record)
    assert found
    return found


def wrong(findings: Iterable[Finding]) -> list[Finding]:
    """What is not fine; each says what to do."""
    found = [one for one in findings if one.severity != "ok"]
    assert all(one.fix for one in found)
    return found


def only(findings: Iterable[Finding]) -> Finding:
    """The one thing that is wrong."""
    found = wrong(findings)
    assert len(found) == 1, found
    return found[0]


# The file by which a browser finds the agent.


def _edited(browser: str = "chromium", **members: object) -> Break:
    def edit(machine: Machine) -> None:
        path = machine.manifest(browser)
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | members), "utf-8")

    return edit


def _moved(browser: str, folder: str) -> Break:
    """As somebody does it by hand: no installation knows of the right place."""

    def move(machine: Machine) -> None:
        target = machine.home / folder
        target.mkdir(parents=True)
        machine.manifest(browser).rename(target / machine.manifest(browser).name)
        kept = record(machine)
        kept.manifests.remove(str(machine.manifest(browser)))
        kept.save(where(machine).record)

    return move


def _a_folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


def _a_loop(machine: Machine) -> None:
    machine.manifest().unlink()
    machine.manifest().symlink_to(machine.manifest())


def _another_installation(machine: Machine) -> None:
    other = machine.home / "other-host"
    other.touch()
    _edited(path=str(other))(machine)


def _never_registered(machine: Machine) -> None:
    machine.manifest().unlink()
    kept = record(machine)
    kept.manifests.remove(str(machine.manifest()))
    kept.save(where(machine).record)


_OTHER = ["chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"]
MANIFESTS: dict[str, tuple[str, Browser, Break, bool]] = {
    "gone": ("manifest-missing", CHROMIUM, lambda m: m.manifest().unlink(), True),
    "a link to nowhere": (
        "manifest-missing",
        CHROMIUM,
        lambda m: _a_link_to_nowhere(m.manifest()),
        True,
    ),
    "where Firefox has its profiles now": (
        "manifest-misplaced",
        FIREFOX,
        _moved("firefox", ".config/mozilla/native-messaging-hosts"),
        True,
    ),
    "as Chromium names the folder": (
        "manifest-misplaced",
        FIREFOX,
        _moved("firefox", ".mozilla/NativeMessagingHosts"),
        True,
    ),
    "as Firefox names the folder": (
        "manifest-misplaced",
        CHROMIUM,
        _moved("chromium", ".config/chromium/native-messaging-hosts"),
        True,
    ),
    "a path that is gone": ("manifest-other-path", CHROMIUM, _edited(path="/gone/host"), True),
    "a path of another one": (
        "manifest-other-installation",
        CHROMIUM,
        _another_installation,
        False,
    ),
    "another extension": ("manifest-other-id", CHROMIUM, _edited(allowed_origins=_OTHER), True),
    "no extension": ("manifest-other-id", CHROMIUM, _edited(allowed_origins=None), True),
    "Chromium's in Firefox": (
        "manifest-other-id",
        FIREFOX,
        lambda m: shutil.copy(m.manifest(), m.manifest("firefox")),
        True,
    ),
    "another type": ("manifest-changed", FIREFOX, _edited("firefox", type="socket"), True),
    "cut": ("manifest-unreadable", CHROMIUM, lambda m: os.truncate(m.manifest(), 40), True),
    "not text": (
        "manifest-unreadable",
        CHROMIUM,
        lambda m: m.manifest().write_bytes(b"\xff{}"),
        True,
    ),
    "a folder": ("manifest-unreadable", CHROMIUM, lambda m: _a_folder_instead(m.manifest()), False),
    "a loop of links": ("manifest-unreadable", CHROMIUM, _a_loop, False),
    "another program's": ("manifest-foreign", CHROMIUM, _edited(name="com.example.host"), False),
    "not wanted there": ("browser-not-registered", CHROMIUM, _never_registered, False),
}


@pytest.mark.parametrize("how", MANIFESTS)
def test_a_manifest(machine: Machine, how: str) -> None:
    code, browser, break_it, fixable = MANIFESTS[how]
    before = list(manifest.look(browser, where(machine), record(machine)))
    assert [one.code for one in before] == ["browser-finds-host"]
    break_it(machine)
    found = only(manifest.look(browser, where(machine), record(machine)))
    assert found.code == code
    assert browser.title in found.message
    assert f"install_host.py --browser {browser.name}" in (found.fix or "")
    assert found.fixable == fixable
    if found.mend:
        assert str(machine.manifest(browser.name)) in found.mend()
        after = list(manifest.look(browser, where(machine), record(machine)))
        assert [one.code for one in after] == ["browser-finds-host"]
        assert str(machine.manifest(browser.name)) in record(machine).manifests


def test_what_is_not_ours_is_left_as_it_is(machine: Machine) -> None:
    theirs = machine.manifest()
    theirs.write_text('{"name": "com.example.host"}')
    assert "Not mended" not in machine.run("--doctor", "--fix", code=1)
    assert theirs.read_text() == '{"name": "com.example.host"}'


# The host.


def _environment(machine: Machine) -> Path:
    return next(machine.data.glob("env-*"))


def _upgraded(machine: Machine) -> None:
    """As an upgrade of the system's Python does it: the link leads nowhere."""
    python = _environment(machine) / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-gone")


def _without_its_library(machine: Machine) -> None:
    python = _environment(machine) / "bin" / "python"
    python.unlink()
    write_program(python, "echo libpython is lost; exit 127")


def _another_build(machine: Machine) -> None:
    text = machine.launcher.read_text("utf-8")
    machine.launcher.write_text(text.replace("env-0.1.0", "env-0.0.9"), "utf-8")


HOSTS: dict[str, tuple[str, Break, bool]] = {
    "gone": ("launcher-missing", lambda m: m.launcher.unlink(), True),
    "a link to nowhere": (
        "launcher-missing",
        lambda m: _a_link_to_nowhere(m.launcher),
        True,
    ),
    "may not be run": ("launcher-not-executable", lambda m: m.launcher.chmod(0o600), True),
    "empty": ("launcher-changed", lambda m: m.launcher.write_bytes(b""), True),
    "another program": ("launcher-changed", lambda m: write_program(m.launcher, "exit 0"), True),
    "other folders": (
        "launcher-changed",
        lambda m: m.launcher.write_text(m.launcher.read_text().replace("--data", "--dat")),
        True,
    ),
    "a folder": ("launcher-unusable", lambda m: _a_folder_instead(m.launcher), False),
    "another build": ("other-build", _another_build, True),
    "Python upgraded": ("interpreter-gone", _upgraded, False),
    "no Python": ("interpreter-gone", _without_its_library, False),
    "packages gone": (
        "environment-incomplete",
        lambda m: shutil.rmtree(_environment(m) / "lib"),
        False,
    ),
    "never finished": (
        "environment-incomplete",
        lambda m: (_environment(m) / "rbutton-ready").unlink(),
        False,
    ),
}


@pytest.mark.parametrize("how", HOSTS)
def test_the_host(machine: Machine, how: str) -> None:
    code, break_it, fixable = HOSTS[how]
    break_it(machine)
    found = only(host.look(where(machine), record(machine)))
    assert found.code == code
    assert str(machine.data) in found.message
    assert "install_host.py" in (found.fix or "") or "chmod 700" in (found.fix or "")
    assert found.fixable == fixable
    if how == "Python upgraded":
        assert "/usr/bin/python3.9-gone" in found.message
    if how == "no Python":
        assert found.detail == "libpython is lost"
    if found.mend:
        assert str(machine.launcher) in found.mend()
        assert not wrong(host.look(where(machine), record(machine)))


def _says(*lines: str) -> Break:
    return lambda machine: write_program(machine.launcher, "\n".join(lines))


def _refusing(machine: Machine) -> None:
    """In its own words, as others may enter the folder that it is given."""
    _, _, starts = machine.launcher.read_text("utf-8").partition("\n")
    write_program(machine.launcher, f'chmod 755 "$2"\n{starts}')


STARTS: dict[str, tuple[str, Break, str | None]] = {
    "as it should": ("host-answers", Machine.listed, None),
    "dies": ("host-not-starting", _says("echo 'no module named x' >&2; exit 1"), "no module"),
    "no program": ("host-not-starting", lambda m: m.launcher.write_text("#!/nowhere\n"), None),
    "silent": ("host-silent", _says("echo waiting >&2", "sleep 600 & wait"), "waiting"),
    "garbled": ("host-garbled", _says("echo Welcome to this shell"), None),
    "a length of gigabytes": ("host-garbled", _says(r"printf '\377\377\377\377{}'"), None),
    "refuses": ("host-refuses", _refusing, None),
}


@pytest.mark.parametrize("how", STARTS)
def test_starting_it(machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    code, break_it, detail = STARTS[how]
    break_it(machine)
    if how == "silent":
        monkeypatch.setattr(host, "PATIENCE", 1.0)
    (found,) = host.start(where(machine), machine.environ())
    assert found.code == code, found
    assert (found.severity == "ok") == (code == "host-answers")
    assert detail is None or detail in (found.detail or "")
    if how == "refuses":
        assert "can be entered by others" in found.message
        assert "chmod 700" in (found.fix or "")


def test_what_a_host_says_cannot_command_the_terminal(machine: Machine) -> None:
    write_program(machine.launcher, r"printf '\033]0;mine\007\033[2Jgone' >&2; exit 1")
    (found,) = host.start(where(machine), machine.environ())
    assert found.detail
    assert all(one.isprintable() for one in found.detail)


def test_the_doctor_greets_as_the_extension_does() -> None:
    assert requests.PROTOCOL == host.PROTOCOL


# The copy of the extension.


def _older(machine: Machine) -> None:
    path = machine.data / "extension" / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"0.1.0"', '"0.0.9"'), "utf-8")


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"zebra(")


def _other_byte(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


@pytest.mark.parametrize(
    ("code", "break_it"),
    [
        ("extension-folder-damaged", lambda m: shutil.rmtree(m.data / "extension")),
        (
            "extension-folder-damaged",
            lambda m: os.truncate(m.data / "extension" / "manifest.json", 9),
        ),
        ("extension-folder-damaged", lambda m: _grow(m.data / "extension" / "background.js")),
        (
            "extension-folder-damaged",
            lambda m: (m.data / "extension" / "popup" / "popup.js").unlink(),
        ),
        (
            "extension-folder-damaged",
            lambda m: _other_byte(m.data / "extension" / "page" / "gpc.js"),
        ),
        ("extension-folder-other-version", _older),
    ],
)
def test_the_buttons_folder(machine: Machine, code: str, break_it: Break) -> None:
    break_it(machine)
    found = only(button.look(where(machine), record(machine)))
    assert found.code == code
    assert str(machine.data / "extension") in found.message
    assert found.mend
    assert "reload" in found.mend()
    assert not wrong(button.look(where(machine), record(machine)))


def test_what_a_browser_notes_in_the_buttons_folder_is_no_damage(machine: Machine) -> None:
    """Chromium keeps compiled rules there, in a folder `_metadata`."""
    (machine.data / "extension" / "_metadata").mkdir()
    (machine.data / "extension" / "_metadata" / "rules").write_text("x")
    assert not wrong(button.look(where(machine), record(machine)))


# The folders and the disk.


def test_a_folder_that_others_may_enter(machine: Machine) -> None:
    for folder in (machine.config, machine.data):
        folder.chmod(0o750)
        found = only(folders.look(where(machine)))
        assert found.code == "folder-open"
        assert f"chmod 700 '{folder}'" in (found.fix or "")
        assert found.mend
        found.mend()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not wrong(folders.look(where(machine)))


def test_a_folder_of_someone_elses(machine: Machine) -> None:
    os.chown(machine.config, 12345, -1)
    found = only(folders.look(where(machine)))
    assert found.code == "folder-not-yours"
    assert "chown" in (found.fix or "")
    assert not found.fixable


def test_no_folder_at_all(machine: Machine) -> None:
    shutil.rmtree(machine.config)
    machine.config.touch()
    found = only(folders.look(where(machine)))
    assert found.code == "folder-unusable"
    assert not found.fixable


_LOOK_AT_FOLDERS = """
import json, sys
from rbutton.browsers.doctor import folders
from rbutton.browsers.places import places
for one in folders.look(places({"HOME": sys.argv[1]})):
    print(json.dumps(one.members()))
"""


def mounted(machine: Machine, *commands: str) -> list[dict[str, str]]:
    """What is found in the folders after these commands, in a name space of mounts of its own."""
    script = "\n".join(["set -e", *commands, 'exec "$2" -c "$3" "$1"'])
    told = subprocess.run(
        [
            *["unshare", "--mount", "sh", "-c", script, "sh"],
            *[str(machine.home), sys.executable, _LOOK_AT_FOLDERS],
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [json.loads(line) for line in told.splitlines()]


DISKS = {
    "read-only": ['mount --bind "$1" "$1"', 'mount -o remount,bind,ro "$1"'],
    "disk-full": [
        'mount -t tmpfs -o size=256k,mode=700 tmpfs "$1/.local/share/rbutton"',
        'head -c 300k /dev/zero > "$1/.local/share/rbutton/all" 2>/dev/null || true',
    ],
    "disk-nearly-full": ['mount -t tmpfs -o size=9m,mode=700 tmpfs "$1/.local/share/rbutton"'],
}


@pytest.mark.parametrize("code", DISKS)
def test_a_disk(machine: Machine, code: str) -> None:
    found = [one for one in mounted(machine, *DISKS[code]) if one["severity"] != "ok"]
    assert {one["code"] for one in found} == {code}
    assert str(machine.data) in found[0]["message"]
    assert not any(one["fixable"] for one in found)


def test_no_room_for_another_file(machine: Machine) -> None:
    data = '"$1/.local/share/rbutton"'
    found = mounted(
        machine,
        f"mount -t tmpfs -o size=90m,mode=700,nr_inodes=9 tmpfs {data}",
        f"cd {data}; for i in 1 2 3 4 5 6 7 8 9; do touch $i 2>/dev/null || true; done; cd /",
    )
    assert "disk-full" in [one["code"] for one in found]


# The whole, as a person runs it.


def _doctor(machine: Machine, *options: str, code: int) -> list[dict[str, object]]:
    told = machine.run("--doctor", "--json", *options, code=code)
    return [json.loads(line) for line in told.splitlines() if line.startswith("{")]


def test_where_nothing_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.set_up()
    before = machine.tree()
    said = machine.run("--doctor", code=3)
    assert "✗ The r-button is not installed for you" in said
    assert "Not looked at: your terms, keys and ledger. Once it is installed" in said
    listed = machine.run("--list")
    assert "not installed" in listed
    assert "Extension:" not in listed
    assert [one["code"] for one in _doctor(machine, code=3)] == ["not-installed"]
    assert machine.tree() == before


def test_where_all_is_well(machine: Machine) -> None:
    before = machine.tree()
    said = machine.run("--doctor", code=0)
    assert "✓ Chromium finds the agent.\n" in said
    assert "✓ The agent answers: version 0.1.0.\n" in said
    assert "Nothing is wrong with what was looked at." in said
    assert "ledger. For those: rbutton doctor" in said
    assert "Once it is installed" not in said
    assert "✗" not in said
    assert machine.tree() == before


def test_fix_mends_all_that_is_safe_at_once(machine: Machine) -> None:
    machine.launcher.unlink()
    machine.config.chmod(0o777)
    shutil.rmtree(machine.data / "extension")
    machine.manifest().unlink()
    _edited("firefox", path="/gone")(machine)
    said = machine.run("--doctor", code=1)
    assert said.startswith("✗ ")
    assert "the same command with --fix" in said
    said = machine.run("--doctor", "--fix", code=0)
    assert said.count("Mended: ") == 5
    assert not wrong_codes(_doctor(machine, code=0))
    assert machine.listed()["host"]["works"]


def wrong_codes(found: list[dict[str, object]]) -> set[object]:
    return {one["code"] for one in found if one["severity"] == "problem"}


def test_what_is_installed_for_everyone_counts_where_a_person_has_none(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the fix is then root's. The folders that are looked at are the person's own."""
    everyones = replace(where(machine), for_all=True)
    monkeypatch.setattr(doctor, "places_for_all", lambda: everyones)
    write_program(machine.launcher, "exit 0")
    own = places({"HOME": str(tmp_path)})
    own.config.mkdir(parents=True, mode=0o755)
    found = {one.code: one for one in doctor.look_at_host(own)}
    assert found.keys() == {"folder-open", "launcher-changed", "extension-folder"}
    assert str(tmp_path) in found["folder-open"].message
    assert "sudo /usr/bin/python3 install_host.py --system" in (found["launcher-changed"].fix or "")


def test_no_browser_at_all(machine: Machine) -> None:
    told = machine.run("--doctor", "--json", code=1, PATH=os.devnull)
    assert "no-browser" in told
    assert "apt install" in told


def test_a_record_that_cannot_be_read(machine: Machine) -> None:
    (machine.data / "install.json").write_text("{")
    (found,) = [one for one in _doctor(machine, code=1) if one["severity"] == "problem"]
    assert found["code"] == "record-unreadable"
    assert str(machine.data / "install.json") in str(found["message"])


def test_exit_codes() -> None:
    assert exit_code([Finding("a", "ok", ""), Finding("b", "warning", "")]) == 0
    assert exit_code([Finding("a", "problem", "")]) == 1
    assert exit_code([Finding("not-installed", "problem", ""), Finding("a", "problem", "")]) == 3


# What profiles tell. The files are as browsers write them, cut to what is read: that browsers do
# is shown in e2e/test_doctor.py.

ID = manifests.extension_id()


def in_profiles(browser: Browser, machine: Machine) -> list[Finding]:
    version = button.version_of(record(machine))
    return list(profiles.look(browser, where(machine), where(machine).extension, version))


def _chromium(machine: Machine, name: str = "Preferences", **entry: object) -> None:
    profile = machine.home / ".config" / "chromium" / "Default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "Preferences").write_text("{}")
    there = {
        "path": str(machine.data / "extension"),
        "disable_reasons": [],
        "withholding_permissions": False,
        "service_worker_registration_info": {"version": "0.1.0"},
    }
    settings = {ID: {**there, **entry}} if entry.get("path", "") is not None else {}
    (profile / name).write_text(json.dumps({"extensions": {"settings": settings}}))


_WITHHELD = {"withholding_permissions": True}
CHROMIUM_SAYS: dict[str, tuple[str, dict[str, object]]] = {
    "there": ("extension-there", {}),
    "in the other file": ("extension-there", {"name": "Secure Preferences"}),
    "not there": ("extension-missing", {"path": None}),
    "off": ("extension-disabled", {"disable_reasons": [1]}),
    "off, before 134": ("extension-disabled", {"disable_reasons": 1}),
    "off, long ago": ("extension-disabled", {"state": 0}),
    "on click": ("no-access", {**_WITHHELD, "runtime_granted_permissions": {"explicit_host": []}}),
    "on one site": (
        "no-access",
        {
            **_WITHHELD,
            "runtime_granted_permissions": {"explicit_host": ["https://shop.example/*"]},
        },
    ),
    "on all sites again": (
        "extension-there",
        {**_WITHHELD, "runtime_granted_permissions": {"explicit_host": ["<all_urls>"]}},
    ),
    "another version": (
        "other-version",
        {"service_worker_registration_info": {"version": "0.0.9"}},
    ),
    "nothing told of version and access": (
        "extension-there",
        {"service_worker_registration_info": None, "withholding_permissions": None},
    ),
}


@pytest.mark.parametrize("how", CHROMIUM_SAYS)
def test_a_chromium_profile(machine: Machine, how: str) -> None:
    code, entry = CHROMIUM_SAYS[how]
    _chromium(machine, **entry)  # type: ignore[arg-type]
    (found,) = in_profiles(CHROMIUM, machine)
    assert found.code == code
    assert found.severity == ("ok" if code == "extension-there" else "problem")
    assert not found.fixable
    if how.startswith("nothing told"):
        assert "its files do not tell" in found.message


def _firefox(machine: Machine, ini: str = ".mozilla/firefox") -> Path:
    root = machine.home / ini
    profile = root / "abcd.default-esr"
    profile.mkdir(parents=True)
    (profile / "prefs.js").touch()
    path = "Path=abcd.default-esr\nIsRelative=1\n"
    (root / "profiles.ini").write_text(f"[General]\nVersion=2\n\n[Profile0]\nName=x%y\n{path}")
    return profile


_ADDON = {
    "id": "rbutton@rbutton.org",
    "version": "0.1.0",
    "active": True,
    "userDisabled": False,
    "appDisabled": False,
}
FIREFOX_SAYS: dict[str, tuple[str, object, object]] = {
    "there": ("extension-there", _ADDON, ["<all_urls>"]),
    "there, access not told": ("extension-there", _ADDON, None),
    "not there": ("extension-not-kept", None, None),
    "off": ("extension-disabled", _ADDON | {"active": False, "userDisabled": True}, []),
    "not signed": ("extension-disabled", _ADDON | {"active": False, "appDisabled": True}, []),
    "access taken back": ("no-access", _ADDON, []),
    "another version": ("other-version", _ADDON | {"version": "0.2.0"}, ["<all_urls>"]),
}


@pytest.mark.parametrize("how", FIREFOX_SAYS)
@pytest.mark.parametrize("ini", [".mozilla/firefox", ".config/mozilla/firefox"])
def test_a_firefox_profile(machine: Machine, how: str, ini: str) -> None:
    code, addon, origins = FIREFOX_SAYS[how]
    profile = _firefox(machine, ini)
    addons = [{"id": "other@example.com"}, *([addon] if addon else [])]
    (profile / "extensions.json").write_text(json.dumps({"addons": addons}))
    granted = {"rbutton@rbutton.org": {"origins": origins}} if origins is not None else {}
    (profile / "extension-preferences.json").write_text(json.dumps(granted))
    (found,) = in_profiles(FIREFOX, machine)
    assert found.code == code
    assert ("signed" in found.message) == (how == "not signed")
    if code == "extension-not-kept":
        assert found.severity == "warning"
        assert str(machine.data / "extension") in (found.fix or "")


@pytest.mark.parametrize("content", ["{", "[" * 100_000, '{"addons": 7}', '{"addons": [7, null]}'])
def test_a_profile_that_cannot_be_read_is_not_guessed_about(machine: Machine, content: str) -> None:
    profile = _firefox(machine)
    (profile / "extensions.json").write_text(content)
    (found,) = in_profiles(FIREFOX, machine)
    told = "profile-unreadable" if content[0] == "[" or content == "{" else "extension-not-kept"
    assert (found.code, found.severity) == (told, "warning")
    _chromium(machine)
    (machine.home / ".config" / "chromium" / "Default" / "Preferences").write_text(content)
    (found,) = in_profiles(CHROMIUM, machine)
    assert found.code in ("profile-unreadable", "extension-missing")


def test_a_browser_without_a_profile(machine: Machine) -> None:
    for browser in (CHROMIUM, FIREFOX):
        (found,) = in_profiles(browser, machine)
        assert (found.code, found.severity) == ("no-profile", "warning")


# Sandboxes.


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("home/.local/share/flatpak/exports/bin/org.mozilla.firefox", "Firefox"),
        ("system/var/lib/flatpak/exports/bin/com.google.Chrome", "Google Chrome"),
        ("system/snap/bin/chromium", "Chromium"),
    ],
)
def test_a_browser_in_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, title: str
) -> None:
    """Neither kind is on this machine: files as theirs are, in a root that is not the machine's."""
    monkeypatch.setattr(sandboxes, "ROOT", tmp_path / "system")
    environ = {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path)}
    assert not [each for browser in TABLE for each in find_all(browser, environ)]
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    (here,) = [each for browser in TABLE for each in find_all(browser, environ)]
    found = only(sandbox.look(here, places(environ), environ))
    assert (found.code, found.severity) == ("sandboxed-browser", "warning")
    assert title in found.message
    everyones = only(sandbox.look(here, places_for_all(), environ))
    assert ("for everyone" in everyones.message) == ("flatpak" in path)
