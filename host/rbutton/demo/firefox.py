"""Firefox, the stock one, driven by Marionette: Playwright drives only a build of its own.

Marionette lists tabs and no panels, and the popup is a panel that hangs from the button in the
toolbar. So the button's pages are found among the elements of the browser's own window.
"""

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from marionette_driver.addons import Addons
from marionette_driver.errors import InvalidSessionIdException, MarionetteException
from marionette_driver.marionette import Marionette

from rbutton.browsers import manifests
from rbutton.demo.window import LIMIT, LOOK, POPUP, START, WELCOME, BrowserFailed, Shown, Window

QUIT = 10.0  # seconds Firefox has to end by itself

# For the demo's profile, which is thrown away.
_PREFERENCES = {
    "marionette.port": 0,  # any that is free; Firefox writes it into the profile
    # No page or question of the browser's own in front of the demo.
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "termsofuse.bypassNotification": True,
}

# A tab of the button's, or its popup while that is open; and a script in it, as Marionette runs
# one in a tab. What is drawn is the document: none of it is cut where the panel would scroll.
_DO = """
const [ending, task, script, css, done] = [...arguments];
const browser = [...document.querySelectorAll("browser")].find((one) =>
  one.currentURI?.schemeIs("moz-extension") && one.currentURI.spec.endsWith(ending)
  && (one.closest("panel")?.state ?? "open") === "open");
const page = browser?.browsingContext.currentWindowGlobal;
const run = async () => page.getActor("MarionetteCommands").executeScript(script, [css], {});
const tasks = {
  find: async () => Boolean(page),
  run,
  draw: async () => {
    const image = await page.drawSnapshot(new DOMRect(0, 0, ...await run()), 2, "white");
    const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
  },
};
tasks[task]().then((value) => done({ value }), (error) => done({ error: String(error) }));
"""

_HAS = "return document.querySelector(arguments[0]) !== null;"

_TEXT = """
const all = [...document.querySelectorAll(arguments[0])];
return all.find((one) => one.checkVisibility())?.innerText ?? "";
"""

_SIZE_AT_REST = """
return Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => {
  const { scrollWidth, scrollHeight } = document.querySelector(arguments[0]);
  return [scrollWidth, scrollHeight];
});
"""

# In the next turn, so that the answer to this is still sent.
_QUIT = """
Services.tm.dispatchToMainThread(() => Services.startup.quit(Ci.nsIAppStartup.eForceQuit));
"""


@contextmanager
def _told() -> Iterator[None]:
    """Raises what Marionette raises as `BrowserFailed`."""
    try:
        yield
    except (OSError, InvalidSessionIdException) as error:
        raise BrowserFailed("it does not answer any more") from error
    except MarionetteException as error:
        raise BrowserFailed(error.message.partition("\n")[0]) from error


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


class _Gone(Exception):
    """The page that was asked is open no more."""


class FirefoxShown(Shown):
    """A tab of the button's, or its panel."""

    def __init__(self, driver: Marionette, ending: str) -> None:
        self._driver = driver
        self._ending = ending

    @property
    def is_open(self) -> bool:
        """Whether there is one."""
        return bool(self._do("find"))

    def has(self, css: str) -> bool:
        with suppress(_Gone):
            return bool(self._do("run", _HAS, css))
        return False

    def text(self, css: str = "body") -> str:
        with suppress(_Gone):
            return " ".join(self._do("run", _TEXT, css).split())
        return ""

    def picture(self) -> bytes:
        with suppress(_Gone):
            return base64.b64decode(self._do("draw", _SIZE_AT_REST, "html"))
        return b""

    @_told()
    def _do(self, task: str, script: str = "", css: str = "") -> Any:
        given = (self._ending, task, script, css)
        told = self._driver.execute_async_script(_DO, script_args=given)
        if "error" in told:
            raise _Gone(told["error"])
        return told["value"]


class FirefoxWindow(Window):
    """One window of Firefox. Marionette speaks to the window itself, but for `visit` and clicks."""

    def __init__(self, process: subprocess.Popen[bytes], driver: Marionette, button: str) -> None:
        self._process = process
        self._driver = driver
        self._button = button
        self._tab = driver.current_window_handle
        driver.set_context("chrome")

    @property
    def is_open(self) -> bool:
        return self._process.poll() is None

    def pause(self, milliseconds: float = LOOK) -> None:
        if _ends(self._process, milliseconds / 1000):
            raise BrowserFailed("it has ended")

    @_told()
    def visit(self, url: str) -> None:
        with self._driver.using_context("content"):
            self._driver.switch_to_window(self._tab, focus=True)
            self._driver.navigate(url)

    @_told()
    def click_beside(self) -> None:
        with self._driver.using_context("content"):
            mouse = self._driver.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
            mouse.pointer_move(4, 4).click().perform()

    @_told()
    def press_button(self) -> None:
        self._driver.find_element("css selector", f"#{self._button} toolbarbutton").click()

    def welcome(self) -> Shown | None:
        return self._own_page(WELCOME)

    def popup(self) -> Shown | None:
        return self._own_page(POPUP)

    @_told()
    def quit(self) -> None:
        """Has Firefox end, and waits for it."""
        if self.is_open:
            self._driver.execute_script(_QUIT)
            self._driver.delete_session(send_request=False)
            _ends(self._process, QUIT)

    def _own_page(self, ending: str) -> Shown | None:
        page = FirefoxShown(self._driver, ending)
        return page if page.is_open else None


@contextmanager
def open_window(
    executable: Path, profile: Path, extension: Path, headless: bool
) -> Iterator[Window]:
    """Starts Firefox on a profile of its own, and loads the extension for as long as it runs.

    Raises:
        BrowserFailed: it does not start, or does not take the extension.
    """
    with _process(executable, profile, headless=headless) as process:
        window = _with_button(process, profile, extension)
        try:
            yield window
        finally:
            with suppress(BrowserFailed):
                window.quit()


@_told()
def _with_button(process: subprocess.Popen[bytes], profile: Path, extension: Path) -> FirefoxWindow:
    driver = Marionette(port=_port(process, profile), socket_timeout=START)
    driver.start_session()
    driver.timeout.page_load = driver.timeout.script = LIMIT
    button = _button(manifests.gecko_id(extension))
    window = FirefoxWindow(process, driver, button)
    # As "Load Temporary Add-on…" does: asks for no signature, and leaves that check switched on.
    Addons(driver).install(str(extension), temp=True)
    # Out of the menu of extensions, to where it can be seen and pressed.
    driver.execute_script("CustomizableUI.addWidgetToArea(...arguments);", [button, "nav-bar"])
    return window


@contextmanager
def _process(
    executable: Path, profile: Path, *, headless: bool
) -> Iterator[subprocess.Popen[bytes]]:
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in _PREFERENCES.items()
    )
    (profile / "user.js").write_text("".join(lines), "utf-8")
    command = [
        *[str(executable), "--no-remote", "--profile", str(profile)],
        *["--marionette", "--remote-allow-system-access"],
        *(["--headless"] if headless else []),
    ]
    with (
        _log(profile).open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()  # nothing, where it has ended


def _log(profile: Path) -> Path:
    return profile / "said.log"


def _port(process: subprocess.Popen[bytes], profile: Path) -> int:
    """Where Firefox listens for Marionette, once it does."""
    written = profile / "MarionetteActivePort"
    until = time.monotonic() + START
    while not (written.exists() and (port := written.read_text("ascii").strip())):
        if _ends(process, LOOK / 1000):
            said = _log(profile).read_text("utf-8", "replace").split("\n")
            raise BrowserFailed("; ".join([line for line in said if line][-5:]) or "it has ended")
        if time.monotonic() > until:
            raise BrowserFailed(f"it did not answer for {START:.0f} s")
    return int(port)


def _button(extension_id: str) -> str:
    """The element of the button in the toolbar.

    Source: Firefox, `makeWidgetId` in toolkit/components/extensions/ExtensionCommon.sys.mjs.
    """
    return re.sub(r"[^a-z0-9_-]", "_", extension_id.lower()) + "-browser-action"
