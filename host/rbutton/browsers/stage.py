"""Setting the stage for the demo: an environment, and a home that is nobody's."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rbutton.browsers import debian, environment, files
from rbutton.browsers.here import find
from rbutton.browsers.places import Platform, places, this_platform
from rbutton.browsers.problems import SetupError
from rbutton.browsers.table import CHROMIUM, FIREFOX, Browser
from rbutton.browsers.telling import Teller

PLAYED_IN = {browser.name: browser for browser in (CHROMIUM, FIREFOX)}
"""The browsers `rbutton.demo` can drive, the one we would rather have first."""

PATIENCE = 20.0  # seconds the play has to clear up after Ctrl-C


def demo(
    checkout: Path,
    environ: Mapping[str, str],
    teller: Teller,
    *,
    browser: Browser | None,
    headless: bool,
    screenshot: Path | None,
    as_json: bool,
) -> int:
    """Prepares what the demo needs, runs it, and clears up; answers its exit code.

    Args:
        browser: one of `PLAYED_IN`, or None for the first that is here.

    Raises:
        SetupError: the machine lacks something that we may not install.
    """
    if this_platform() is not Platform.LINUX:
        raise SetupError(f"The demo plays on Linux only so far; this is {this_platform().value}.")
    headless = headless or not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    picture = _picture(screenshot, environ)
    if browser is None:
        here = (each for each in PLAYED_IN.values() if find(each, environ))
        browser = next(here, CHROMIUM)
    debian.ensure(_missing(browser, environ), teller)
    if (found := find(browser, environ)) is None:
        raise SetupError(f"{browser.title} was installed, but it is not on the PATH.")
    teller.say(f"The browser: {browser.title} {found.version or '(version unknown)'}.")
    env = _environment(checkout, environ, teller)
    folder = Path(tempfile.mkdtemp(prefix="rbutton-demo-"))
    try:
        command = [
            *[str(environment.python(env)), "-I", "-m", "rbutton.demo"],
            *["--folder", str(folder), "--screenshot", str(picture)],
            *["--browser", browser.name, "--executable", str(found.executable)],
            *(["--headless"] if headless else []),
            *(["--json"] if as_json else []),
        ]
        return _play(command, _nobodys(folder, environ))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _picture(wanted: Path | None, environ: Mapping[str, str]) -> Path:
    if wanted is not None:
        picture = wanted.absolute()
        if not picture.parent.is_dir() or not os.access(picture.parent, os.W_OK):
            raise SetupError(f"The picture cannot be written to {picture.parent}.")
        return picture
    here = Path.cwd()
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (here if os.access(here, os.W_OK) else home) / "rbutton-demo.png"


def _missing(browser: Browser, environ: Mapping[str, str]) -> list[debian.Need]:
    needs = environment.missing()
    if browser is CHROMIUM:
        needs += environment.missing_for_playwright()
    if browser.package and find(browser, environ) is None:
        what = f"{browser.title}, the browser the demo uses"
        needs.append(debian.Need(browser.package, what))
    return needs


def _environment(checkout: Path, environ: Mapping[str, str], teller: Teller) -> Path:
    where = places(environ).demo
    files.private_folder(where)
    env = where / f"env-{environment.build_id(checkout)}"
    with files.only_one(where / "install.lock", teller):
        environment.prepare(env, checkout, environment.DEMO, where / "install.log", teller)
        environment.remove_others(env)
    return env


def _nobodys(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that lead nowhere near the person's own files, keyring or bus."""
    home = folder / "home"
    runtime = folder / "run"
    for each in (home, runtime, folder / "rbutton"):
        each.mkdir(mode=0o700)
    nobodys = {
        "PATH": environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(folder),
        "RBUTTON_HOME": str(folder / "rbutton"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_RUNTIME_DIR": str(runtime),
        # Without an address a program would look for the person's bus, or start one.
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }
    nobodys |= {
        name: environ[name]
        for name in ("LANG", "LC_ALL", "LANGUAGE", "TZ", "TERM", "DISPLAY")
        if name in environ
    }
    if "DISPLAY" in environ:
        person = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        nobodys["XAUTHORITY"] = environ.get("XAUTHORITY", str(person / ".Xauthority"))
    if "WAYLAND_DISPLAY" in environ:
        # A name is relative to the runtime folder, which is ours from now on; a path stays.
        socket = Path(environ.get("XDG_RUNTIME_DIR", "/")) / environ["WAYLAND_DISPLAY"]
        nobodys["WAYLAND_DISPLAY"] = str(socket)
    return nobodys


def _play(command: list[str], environ: Mapping[str, str]) -> int:
    # In a session of its own, so that Ctrl-C reaches it once and from us: the browser and its
    # driver would otherwise be struck too, in the middle of a word.
    # Its standard input ends when we do, however we end, and then so does it.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environ, start_new_session=True
    ) as play:
        try:
            code = play.wait()
        except KeyboardInterrupt:
            play.send_signal(signal.SIGINT)
            try:
                code = play.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                code = -signal.SIGKILL
        if code < 0:
            _end_session(play.pid)
            raise SetupError("The demo was ended before it was over.")
        return code


def _end_session(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
