"""macOS and Windows, which our tests cannot run on: trees of folders as theirs are, a registry that
is a dictionary, and the real installer told that it is there. What is started is the real host."""

import json
import os
import plistlib
import shutil
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

import pytest

from rbutton.browsers import doctor, files, for_all, manifests, stage
from rbutton.browsers import places as places_module
from rbutton.browsers.doctor import manifest
from rbutton.browsers.here import find
from rbutton.browsers.install import install
from rbutton.browsers.places import Places, Platform, places
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.state import as_text, state
from rbutton.browsers.table import CHROME, CHROMIUM, FIREFOX, TABLE, Browser
from rbutton.browsers.telling import Teller
from rbutton.browsers.uninstall import uninstall, unregister
from rbutton.finding import Finding
from rbutton.person import files as person_files
from rbutton.person.home import Home
from rbutton.person.seed import Seed
from tests import light, pretending
from tests.host_process import Host
from tests.machine import Machine
from tests.test_docs import spans, table

HOST = "org.rbutton.host"
ON_MAC = {
    "chromium": ("Chromium.app", "Chromium"),
    "chrome": ("Google Chrome.app", "Google/Chrome"),
    "edge": ("Microsoft Edge.app", "Microsoft Edge"),
    "brave": ("Brave Browser.app", "BraveSoftware/Brave-Browser"),
    "vivaldi": ("Vivaldi.app", "Vivaldi"),
    "opera": ("Opera.app", "com.operasoftware.Opera"),
    "firefox": ("Firefox.app", "Mozilla"),
    "librewolf": ("LibreWolf.app", "LibreWolf"),
    "waterfox": ("Waterfox.app", "Waterfox"),
}
"""The program, and what its folder of hosts is in."""
ON_WINDOWS = {
    "chromium": ("Chromium/Application/chrome.exe", r"Software\Chromium"),
    "chrome": ("Google/Chrome/Application/chrome.exe", r"Software\Google\Chrome"),
    "edge": ("Microsoft/Edge/Application/msedge.exe", r"Software\Microsoft\Edge"),
    "brave": ("BraveSoftware/Brave-Browser/Application/brave.exe", r"Software\Google\Chrome"),
    "vivaldi": ("Vivaldi/Application/vivaldi.exe", r"Software\Google\Chrome"),
    "opera": ("Programs/Opera/opera.exe", r"Software\Google\Chrome"),
    "firefox": ("Mozilla Firefox/firefox.exe", r"Software\Mozilla"),
    "librewolf": ("LibreWolf/librewolf.exe", r"Software\Mozilla"),
    "waterfox": ("Waterfox/waterfox.exe", r"Software\Mozilla"),
}
"""The program, and the key that its key of hosts is in."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A checkout, and an environment of it."""
    machine = Machine(tmp_path_factory.mktemp("source"))
    machine.set_up()
    light.give_environment(machine)
    return machine


def put_app(applications: Path, app: str, version: str, *, binary: bool = False) -> Path:
    """A program of macOS, as far as anybody looks from outside."""
    plist = applications / app / "Contents" / "Info.plist"
    plist.parent.mkdir(parents=True)
    kind = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    plist.write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}, fmt=kind))
    return applications / app


# macOS.


@pytest.fixture
def on_a_mac(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody on a Mac."""
    monkeypatch.setattr(places_module, "PLATFORM", Platform.MAC)
    return {"HOME": str(tmp_path / "Users" / "zoë"), "PATH": "/nowhere"}


def test_every_browser_has_its_folder_in_a_mac_like_tree(on_a_mac: dict[str, str]) -> None:
    """Without regard to `$XDG_CONFIG_HOME`; and in a folder of its own Chromium looks there."""
    where = places({**on_a_mac, "XDG_CONFIG_HOME": "/config"})
    support = where.user_home / "Library" / "Application Support"
    assert {row.name: row.hosts(where) for row in TABLE} == {
        name: support / folder / "NativeMessagingHosts" for name, (_, folder) in ON_MAC.items()
    }
    own = Path("/own")
    assert CHROMIUM.hosts(where, own) == own / "NativeMessagingHosts"
    assert FIREFOX.hosts(where, own) == FIREFOX.hosts(where)


def test_our_folders_in_a_mac_like_tree_are_those_that_the_command_takes(
    on_a_mac: dict[str, str],
) -> None:
    """As `platformdirs.macos` has them."""
    where = places(on_a_mac)
    support = where.user_home / "Library" / "Application Support" / "rbutton"
    assert where.data == where.config == support
    assert where.demo == where.user_home / "Library" / "Caches" / "rbutton" / "demo"
    assert places({**on_a_mac, "XDG_DATA_HOME": "/data"}).data == Path("/data/rbutton")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_browser_and_its_version_are_found_in_a_mac_like_tree(
    on_a_mac: dict[str, str], row: Browser
) -> None:
    applications = places(on_a_mac).user_home / "Applications"
    assert find(row, on_a_mac) is None
    app = put_app(applications, ON_MAC[row.name][0], "157.0.1", binary=row is CHROME)
    found = find(row, on_a_mac)
    assert found is not None
    assert (found.executable, found.version, found.tried) == (app, "157.0.1", False)
    assert row.mac.apps[0] in found.looked_for


@pytest.mark.parametrize("plist", [b"", b"<plist>", b"bplist00", b"<plist><array/></plist>"])
def test_a_browser_with_a_damaged_plist_is_found_all_the_same_in_a_mac_like_tree(
    on_a_mac: dict[str, str], plist: bytes
) -> None:
    app = put_app(places(on_a_mac).user_home / "Applications", "Firefox.app", "1")
    (app / "Contents" / "Info.plist").write_bytes(plist)
    found = find(FIREFOX, on_a_mac)
    assert found is not None
    assert found.version is None


def test_installing_and_uninstalling_in_a_mac_like_tree(source: Machine, tmp_path: Path) -> None:
    """By the real command line, and the host that a browser would start answers."""
    machine = Machine(tmp_path)
    machine.home.mkdir()
    shutil.copytree(source.checkout, machine.checkout)
    support = machine.home / "Library" / "Application Support"
    data = support / "rbutton"
    data.mkdir(parents=True, mode=0o700)
    for env in source.data.glob("env-*"):
        shutil.copytree(env, data / env.name, symlinks=True)
    put_app(tmp_path / "Applications", "Google Chrome.app", "157.0.3.4")
    put_app(machine.home / "Applications", "Firefox.app", "155.0")
    (support / "Google" / "Chrome").mkdir(parents=True)
    before = {path for path in machine.tree() if "/env-" not in path}

    told = pretending.on_a_mac(tmp_path / "Applications")
    said = pretending.run(machine, told)
    assert "Found Google Chrome 157.0.3.4. No test of ours runs in it." in said
    assert "Found Firefox 155.0. No test of ours runs in it." in said
    for folder, lets_in in (
        ("Google/Chrome", "allowed_origins"),
        ("Mozilla", "allowed_extensions"),
    ):
        path = support / folder / "NativeMessagingHosts" / f"{HOST}.json"
        told_of = json.loads(path.read_text("utf-8"))
        host = Host([told_of["path"], *told_of[lets_in]], machine.environ())
        try:
            assert host.hello()["host"] == "0.1.0"
        finally:
            host.end()
    listed = pretending.run(machine, told, "--list")
    assert "Firefox (untried)" in listed
    assert "Firefox.app, Firefox Developer Edition.app" in listed
    assert "Info.plist" in listed
    assert "✓ Firefox finds the agent." in pretending.run(machine, told, "--doctor")
    pretending.run(machine, told, "--uninstall")
    # The person's terms were written when the host first started.
    after = {path for path in machine.tree() if "/terms." not in path and "/seed" not in path}
    assert after == before


@pytest.mark.parametrize("platform", [Platform.MAC, Platform.WINDOWS])
def test_what_is_for_linux_alone_says_so_where_we_pretend_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: Platform
) -> None:
    monkeypatch.setattr(places_module, "PLATFORM", platform)
    with pytest.raises(SetupError, match=platform.value):
        for_all.check(tmp_path, "--system")
    with pytest.raises(SetupError, match=platform.value):
        stage.demo(
            tmp_path,
            {},
            Teller(StringIO()),
            browser=None,
            headless=True,
            screenshot=None,
            as_json=False,
        )


# Windows.


class Key:
    """An open one."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        pass


class FakeRegistry(ModuleType):
    """Python's `winreg`, as far as it is used, over a dictionary.

    What each function does and raises: https://docs.python.org/3/library/winreg.html
    """

    HKEY_CURRENT_USER = "HKEY_CURRENT_USER"
    KEY_WRITE = 0x20006
    REG_SZ = 1

    def __init__(self) -> None:
        super().__init__("winreg")
        self.keys: dict[str, str | None] = {"Software": None}
        """By its path; with what it holds by default."""

    def CreateKeyEx(self, root: str, key: str, reserved: int, access: int) -> Key:  # noqa: N802 - as there
        assert (root, reserved, access) == (self.HKEY_CURRENT_USER, 0, self.KEY_WRITE)
        parts = key.split("\\")
        for end in range(1, len(parts) + 1):
            self.keys.setdefault("\\".join(parts[:end]), None)
        return Key(key)

    def OpenKey(self, root: str, key: str) -> Key:  # noqa: N802 - as there
        assert root == self.HKEY_CURRENT_USER
        if key not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return Key(key)

    def QueryValueEx(self, key: Key, name: str) -> tuple[str, int]:  # noqa: N802 - as there
        assert name == ""
        text = self.keys[key.path]
        if text is None:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return text, self.REG_SZ

    def SetValueEx(self, key: Key, name: str, reserved: int, kind: int, text: str) -> None:  # noqa: N802 - as there
        assert (name, reserved, kind) == ("", 0, self.REG_SZ)
        self.keys[key.path] = text

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:  # noqa: N802 - as there
        return len(self._below(key.path)), int(self.keys[key.path] is not None), 0

    def DeleteKey(self, root: str, key: str) -> None:  # noqa: N802 - as there
        self.OpenKey(root, key)
        if self._below(key):
            raise PermissionError(13, "Access is denied")
        del self.keys[key]

    def _below(self, key: str) -> list[str]:
        return [other for other in self.keys if other.rpartition("\\")[0] == key]

    def texts(self) -> dict[str, str]:
        """What it holds, by key."""
        return {key: text for key, text in self.keys.items() if text is not None}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    """An empty one; and the platform is Windows."""
    monkeypatch.setattr(places_module, "PLATFORM", Platform.WINDOWS)
    fake = FakeRegistry()
    monkeypatch.setitem(sys.modules, "winreg", fake)
    return fake


@pytest.fixture
def on_windows(registry: FakeRegistry, source: Machine, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody on Windows; the r-button need not be built for them."""
    local = tmp_path / "Zoë ⊂" / "AppData" / "Local"
    (local / "rbutton").mkdir(parents=True, mode=0o700)
    for env in source.data.glob("env-*"):
        shutil.copytree(env, local / "rbutton" / env.name, symlinks=True)
    return {
        "USERPROFILE": str(tmp_path / "Zoë ⊂"),
        "LOCALAPPDATA": str(local),
        "ProgramFiles": str(tmp_path / "Program Files"),
        "ProgramFiles(x86)": str(tmp_path / "Program Files (x86)"),
        "PATH": "/nowhere",
    }


def put_program(environ: dict[str, str], row: Browser, version: str) -> Path:
    """A program of Windows, as far as anybody looks from outside."""
    program = Path(environ["ProgramFiles"]) / ON_WINDOWS[row.name][0]
    program.parent.mkdir(parents=True)
    program.touch()
    if row.extensions_page == "about:addons":
        (program.parent / "application.ini").write_text(f"[App]\nVendor=x\nVersion={version}\n")
    else:
        for folder in (version, "99.9.9.9", "Dictionaries"):
            (program.parent / folder).mkdir()
    return program


def installed(source: Machine, environ: dict[str, str], *names: str) -> str:
    """Installs; answers what was said."""
    said = StringIO()
    install(source.checkout, environ, Teller(said), names)
    return said.getvalue()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_browser_and_its_version_are_found_in_a_windows_like_tree(
    on_windows: dict[str, str], row: Browser
) -> None:
    assert find(row, on_windows) is None
    program = put_program(on_windows, row, "157.0.3.4")
    found = find(row, on_windows)
    assert found is not None
    assert (found.executable, found.version, found.tried) == (program, "157.0.3.4", False)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_browser_is_told_of_the_host_by_its_key_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], registry: FakeRegistry, row: Browser
) -> None:
    """And the host that its file names lets our extension in."""
    put_program(on_windows, row, "157.0.3.4")
    said = installed(source, on_windows)
    assert f"Found {row.title} 157.0.3.4. No test of ours runs in it." in said
    key = rf"{ON_WINDOWS[row.name][1]}\NativeMessagingHosts\{HOST}"
    assert list(registry.texts()) == [key]
    told_of = json.loads(Path(registry.texts()[key]).read_text("utf-8"))
    where = places(on_windows)
    assert told_of["path"] == str(where.data / "bin" / "rbutton-host.bat")
    assert told_of == json.loads(manifests.text_for(row.family, where.launcher))
    listed = state(on_windows)
    (shown,) = [each for each in listed.browsers if each.name == row.name]
    assert (shown.registered, shown.trouble, shown.tried) == (True, None, False)
    assert row.windows.programs[0] in as_text(listed)


def test_the_batch_file_that_a_browser_starts_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str]
) -> None:
    """Plain ASCII, as cmd reads it in the machine's code page; its folders follow from its own."""
    put_program(on_windows, FIREFOX, "155.0")
    installed(source, on_windows)
    where = places(on_windows)
    lines = where.launcher.read_bytes().decode("ascii").split("\r\n")
    (env,) = where.data.glob("env-*")
    assert lines == [
        "@echo off",
        "setlocal",
        'for %%I in ("%~dp0..") do set "RBUTTON_FOLDER=%%~fI"',
        (
            rf'"%RBUTTON_FOLDER%\{env.name}\bin\python" -I -m rbutton.native '
            '--config "%RBUTTON_FOLDER%" --data "%RBUTTON_FOLDER%" %*'
        ),
        "",
    ]
    assert where.launcher.parent.parent == where.data == where.config
    assert manifests.python_of(where) == env / "bin" / "python"
    assert b"-I -m rbutton.cli %*\r\n" in where.command.read_bytes()


def test_a_home_of_its_own_is_in_the_batch_files_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], tmp_path: Path
) -> None:
    put_program(on_windows, FIREFOX, "155.0")
    own = tmp_path / "own"
    Path(on_windows["LOCALAPPDATA"], "rbutton").rename(own)
    environ = {**on_windows, "RBUTTON_HOME": str(own)}
    installed(source, environ)
    where = places(environ)
    assert b'-m rbutton.native --home "%RBUTTON_FOLDER%" %*' in where.launcher.read_bytes()
    assert b'set "RBUTTON_HOME=%RBUTTON_FOLDER%"\r\n' in where.command.read_bytes()
    assert manifests.python_of(where) is not None


def test_uninstalling_leaves_nothing_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], registry: FakeRegistry
) -> None:
    """But the keys that were the browser's before."""
    for row in (CHROME, FIREFOX):
        put_program(on_windows, row, "157.0.3.4")
    theirs = r"Software\Mozilla\NativeMessagingHosts\org.other"
    registry.CreateKeyEx("HKEY_CURRENT_USER", theirs, 0, 0x20006)
    registry.keys[theirs] = "C:\\other.json"
    installed(source, on_windows)
    assert len(registry.texts()) == 3
    uninstall(on_windows, Teller(StringIO()))
    assert registry.texts() == {theirs: "C:\\other.json"}
    assert r"Software\Google\Chrome\NativeMessagingHosts" not in registry.keys
    assert list(places(on_windows).data.iterdir()) == []


def test_browsers_that_share_a_key_are_named_when_it_goes_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], registry: FakeRegistry
) -> None:
    put_program(on_windows, CHROME, "157.0.3.4")
    installed(source, on_windows)
    said = StringIO()
    unregister(on_windows, ["brave"], Teller(said))
    assert "Brave no longer reaches the agent, nor does Google Chrome" in said.getvalue()
    assert registry.texts() == {}
    installed(source, on_windows)
    assert len(registry.texts()) == 1


def test_a_key_of_another_r_button_stays_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], registry: FakeRegistry, tmp_path: Path
) -> None:
    """While that is there; what leads nowhere is replaced."""
    put_program(on_windows, FIREFOX, "155.0")
    key = rf"Software\Mozilla\NativeMessagingHosts\{HOST}"
    other, program = tmp_path / "other.json", tmp_path / "rbutton-host.bat"
    program.touch()
    other.write_text(manifests.gecko_text(program, "rbutton@rbutton.org"), "utf-8")
    registry.CreateKeyEx("HKEY_CURRENT_USER", key, 0, 0x20006)
    registry.keys[key] = str(other)
    with pytest.raises(SetupError, match="another installation"):
        installed(source, on_windows)
    assert registry.keys[key] == str(other)
    program.unlink()
    installed(source, on_windows)
    assert registry.keys[key] != str(other)


def test_the_doctor_mends_a_key_that_is_gone_on_a_fake_registry(
    source: Machine, on_windows: dict[str, str], registry: FakeRegistry
) -> None:
    put_program(on_windows, FIREFOX, "155.0")
    installed(source, on_windows)
    kept = registry.texts()
    (key,) = kept
    del registry.keys[key]
    (found,) = found_by_doctor(on_windows, "manifest-missing")
    assert found.mend is not None
    found.mend()
    assert registry.texts() == kept
    assert not list(found_by_doctor(on_windows, "manifest-missing"))


def found_by_doctor(environ: dict[str, str], code: str) -> list[Finding]:
    """What it finds of that kind; the host is not started, as cmd would do that."""
    where: Places = places(environ)
    record = Record.load(where.record)
    return [one for one in manifest.look(FIREFOX, where, record) if one.code == code]


# What is said of all of this.


def test_the_documentation_has_what_the_table_has_of_platforms_that_are_not_tried() -> None:
    where = {"mac": places({"HOME": "/"}, Platform.MAC), "windows": places({}, Platform.WINDOWS)}
    text = (Path(__file__).resolve().parents[1] / "docs" / "browsers.md").read_text("utf-8")
    below = "~/Library/Application Support"
    columns = ("browser", f"macOS: below `{below}`", "Windows: below `HKEY_CURRENT_USER`")
    assert [tuple(map(str.strip, row)) for row in table(text, *columns)] == [
        (
            row.title,
            f"`{row.hosts(where['mac']).relative_to(where['mac'].user_config)}`",
            f"`{row.hosts(where['windows']).relative_to(where['windows'].keys)!s}`".replace(
                "/", "\\"
            ),
        )
        for row in TABLE
    ]
    assert [
        (title, *map(spans, ids)) for title, *ids in table(text, "browser", "Flatpak", "Snap")
    ] == [(row.title, [row.flatpak], [row.snap] if row.snap else []) for row in TABLE]


# Where files have no owners and modes.


def test_list_and_doctor_do_without_what_windows_lacks_on_a_fake_registry(
    source: Machine,
    on_windows: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch file is nothing that this machine could start: that is told as any fault."""
    put_program(on_windows, FIREFOX, "155.0")
    installed(source, on_windows)
    for name in ("geteuid", "getuid", "fchmod", "killpg"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(files, "POSIX", False)
    assert "Firefox (untried)" in as_text(state(on_windows))
    found = {one.code for one in doctor.look(places(on_windows), on_windows)}
    assert found >= {"host-installed", "extension-folder", "browser-finds-host", "folders"}
    assert found <= {
        *{"host-installed", "extension-folder", "browser-finds-host", "folders"},
        *{"host-not-starting", "no-profile", "disk-nearly-full"},
    }


def test_the_command_line_starts_where_we_pretend_that_python_lacks_what_posix_has(
    source: Machine,
) -> None:
    told = (
        "import os, signal\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios'): sys.modules[name] = None\n"
        "del signal.SIGHUP, os.geteuid, os.getuid, os.killpg, os.O_CLOEXEC, os.statvfs"
    )
    assert "Chromium" in pretending.run(source, told, "--list")


class FakeLocking(ModuleType):
    """Python's `msvcrt`, as far as it is used: another has the file for the first few times."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.refused = 0

    def locking(self, descriptor: int, mode: int, size: int) -> None:
        assert (descriptor > 2, mode, size) == (True, self.LK_NBLCK, 1)
        if self.refused < 3:
            self.refused += 1
            raise PermissionError(13, "Permission denied")


def test_a_second_installation_waits_on_a_fake_msvcrt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = FakeLocking()
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(files, "POSIX", False)
    said = StringIO()
    with files.only_one(tmp_path / "lock", Teller(said)):
        assert fake.refused == 3
    assert "Another installation is at work" in said.getvalue()
    assert not (tmp_path / "lock").exists()


def test_a_home_opens_where_we_pretend_that_files_have_no_modes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On Windows every mode says that all may read."""
    for module in (files, person_files):
        monkeypatch.setattr(module, "POSIX", False)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    assert files.private_folder(folder) == []
    home = Home.in_one_folder(folder)
    home.open()
    seed = Seed(home).read()
    (folder / "seed").chmod(0o666)
    assert Seed(home).read() == seed
