"""Firefox, the stock one, driven by Marionette: Playwright drives only a build of its own.

Everything is done in the browser that people have: the extension is a packed file in the profile,
clicks and keys are input events, and the popup is the panel that hangs from the toolbar's button.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marionette_driver.addons import Addons
from marionette_driver.errors import (
    JavascriptException,
    NoSuchElementException,
    NoSuchWindowException,
    StaleElementException,
)
from marionette_driver.marionette import Marionette
from marionette_driver.wait import Wait

from rbutton import shipped
from rbutton.browsers import manifests
from rbutton.browsers.places import places
from rbutton.browsers.table import FIREFOX
from tests.e2e import authority
from tests.e2e.browsers import PATIENCE, READY, Browser, Page

EXTENSION = shipped.folder("extension")
ID = manifests.gecko_id()
#: Firefox gives each installation another address; here it is always this.
UUID = "11111111-2222-4333-8444-555555555555"
ORIGIN = f"moz-extension://{UUID}"
BUTTON = "rbutton_rbutton_org-browser-action"
#: Of a profile: who has it open, and where to reach that.
_LOCKS = shutil.ignore_patterns("lock", ".parentlock", "MarionetteActivePort")
_PREFERENCES = {
    "marionette.port": 0,  # any; it is written into the profile
    "extensions.webextensions.uuids": json.dumps({ID: UUID}),
    # Debian's Firefox asks for Mozilla's signature in a profile, and for none in the system's
    # folder of extensions, which is not a test's to write to.
    "xpinstall.signatures.required": False,
    # No background traffic of the browser's own: there is no network to send it to.
    "app.normandy.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.dns.forceResolve": "127.0.0.1",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,nothing",
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.server": "data:,nothing",
}
_KEYS = {"Escape": "\ue00c", "Enter": "\ue007"}

_VISIBLE = "(element) => element.checkVisibility({ visibilityProperty: true })"
_HAS = "return document.querySelector({css}) !== null;"
_HIDDEN = f"return ![...document.querySelectorAll({{css}})].some({_VISIBLE});"
_TEXT = (
    "return [...document.querySelectorAll('body *')]"
    f".some((element) => element.textContent.includes({{text}}) && ({_VISIBLE})(element));"
)
_LOADED = "return location.protocol !== 'about:' && document.readyState === 'complete';"
_ATTRIBUTE = "return document.querySelector({css})?.getAttribute({name}) ?? null;"

# Marionette lists tabs and windows, no panels. Its own actor is in every document, though.
_IN_PANEL = """
const [page, task, first, done] = [...arguments];
const browser = [...document.querySelectorAll("browser.webextension-popup-browser")]
  .find((one) => one.closest("panel")?.state === "open" && one.currentURI.spec.startsWith(page));
const actor = browser?.browsingContext.currentWindowGlobal?.getActor("MarionetteCommands");
const tasks = {
  run: () => actor.executeScript(`return (async () => { ${first} })();`, [], {}),
  click: async () => actor.clickElement(
    await actor.findElement("css selector", first, { timeout: 0 }),
    { toJSON: () => ({ "moz:webdriverClick": true }) }),
};
(actor ? tasks[task]() : Promise.reject(new Error("the panel is not open")))
  .then((value) => done({ value }), (error) => done({ error: String(error) }));
"""

# In the next turn, so that the answer to this is still sent.
_QUIT = """
Services.tm.dispatchToMainThread(() => Services.startup.quit(Ci.nsIAppStartup.eAttemptQuit));
"""

# A panel that takes the place of another closes it: the person's next click anywhere does.
_CLOSE_PANEL = """
const [done] = [...arguments];
const panels = [...document.querySelectorAll("browser.webextension-popup-browser")]
  .map((one) => one.closest("panel")).filter((panel) => panel && panel.state !== "closed");
Promise.all(panels.map((panel) => new Promise((hidden) => {
  panel.addEventListener("popuphidden", hidden, { once: true });
  panel.hidePopup();
}))).then(() => done(null));
"""

_ACCESS = """
const [id, origins, done] = [...arguments];
const { ExtensionPermissions } =
  ChromeUtils.importESModule("resource://gre/modules/ExtensionPermissions.sys.mjs");
const { extension } = WebExtensionPolicy.getByID(id);
const to = (...some) => ({ permissions: [], origins: some, data_collection: [] });
ExtensionPermissions.remove(id, to("<all_urls>", "*://*/*"), extension)
  .then(() => ExtensionPermissions.add(id, to(...origins), extension))
  .then(() => done(null));
"""

_UNCAUGHT = """
return Services.console.getMessageArray()
  .filter((one) => one instanceof Ci.nsIScriptError && one.category === "content javascript")
  .filter(({ flags }) => !(flags & Ci.nsIScriptError.warningFlag))
  .map(({ errorMessage, sourceName }) => `${errorMessage} (${sourceName})`);
"""

_TRUST = """
Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
  .addCertFromBase64(arguments[0], "C,,");
"""

_LET_INTO_PRIVATE_WINDOWS = """
const [id, done] = [...arguments];
const { ExtensionPermissions } =
  ChromeUtils.importESModule("resource://gre/modules/ExtensionPermissions.sys.mjs");
const { AddonManager } = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
ExtensionPermissions.add(
  id, { permissions: ["internal:privateBrowsingAllowed"], origins: [], data_collection: [] }
).then(() => AddonManager.getAddonByID(id)).then((addon) => addon.reload()).then(() => done(null));
"""

# Marionette's own way brings even a tab that shall stay behind to the front for a moment.
_OPEN_BEHIND = "gBrowser.addTrustedTab(arguments[0]);"
_OPEN_IN_CONTAINER = """
gBrowser.selectedTab = gBrowser.addTrustedTab(arguments[0], { userContextId: 1 });
"""

_STOP_BACKGROUND = """
const [id, done] = [...arguments];
WebExtensionPolicy.getByID(id).extension
  .terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true })
  .then(() => done(null));
"""


def _until(driver: Marionette, condition: Callable[[], Any], what: str) -> Any:
    """Looks until the condition holds, also while one document or element takes another's place."""
    return Wait(
        driver,
        timeout=PATIENCE,
        interval=0.03,
        ignored_exceptions=(
            JavascriptException,
            NoSuchElementException,
            StaleElementException,
        ),
    ).until(lambda _: condition(), message=what)


def _filled(script: str, **values: str) -> str:
    for name, value in values.items():
        script = script.replace(f"{{{name}}}", json.dumps(value))
    return script


@cache
def _a_folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="rbutton-firefox-")


@cache
def _used_before() -> Path:
    """A profile of a Firefox without the button; most of a first start is the making of one."""
    return Firefox(Path(_a_folder().name), None).first_run()


class _FirefoxPage(Page):
    """What a tab and the panel have in common: all is found out by scripts."""

    driver: Marionette

    def wait_for(self, css: str) -> None:
        _until(self.driver, lambda: self.run(_filled(_HAS, css=css)), f"{css} is not there")

    def wait_for_text(self, text: str) -> None:
        _until(self.driver, lambda: self.run(_filled(_TEXT, text=text)), f"{text!r} is not seen")

    def wait_until_hidden(self, css: str) -> None:
        _until(self.driver, lambda: self.run(_filled(_HIDDEN, css=css)), f"{css} is still seen")

    def attribute(self, css: str, name: str) -> str | None:
        value: str | None = self.run(_filled(_ATTRIBUTE, css=css, name=name))
        return value


class Tab(_FirefoxPage):
    """A tab; Marionette speaks to one at a time."""

    def __init__(self, driver: Marionette, handle: str) -> None:
        self.driver = driver
        self.handle = handle

    def switch(self, *, front: bool = False) -> None:
        self.driver.switch_to_window(self.handle, focus=front)

    def goto(self, url: str) -> None:
        self.switch()
        self.driver.navigate(url)

    def reload(self) -> None:
        self.switch()
        self.driver.refresh()

    def front(self) -> None:
        self.switch(front=True)

    def close(self) -> None:
        self.switch()
        others = self.driver.close()
        self.driver.switch_to_window(others[0], focus=False)

    def click(self, css: str, *, frame: str | None = None) -> None:
        self.switch(front=True)
        if frame:
            self.driver.switch_to_frame(self._find(frame))
        _until(self.driver, lambda: self._clicked(css), f"{css} cannot be clicked")
        self.driver.switch_to_frame()

    def press(self, key: str) -> None:
        self.switch(front=True)
        keys = self.driver.actions.sequence("key", "keyboard")
        keys.send_keys(_KEYS.get(key, key)).perform()

    def run(self, script: str) -> Any:
        self.switch()
        return self.driver.execute_script(
            f"return (async () => {{ {script} }})();", sandbox=None, script_timeout=PATIENCE * 1000
        )

    def _clicked(self, css: str) -> bool:
        self._find(css).click()
        return True

    def _find(self, css: str) -> Any:
        find = self.driver.find_element
        return _until(self.driver, lambda: find("css selector", css), f"{css} is not there")


class Panel(_FirefoxPage):
    """The popup: the real panel of the button in the toolbar."""

    def __init__(self, driver: Marionette) -> None:
        self.driver = driver

    def goto(self, url: str) -> None:
        raise NotImplementedError("a popup stays where it is")

    def reload(self) -> None:
        raise NotImplementedError("a popup stays where it is")

    def front(self) -> None:
        raise NotImplementedError("a popup is in front while it is open")

    def close(self) -> None:
        with self.driver.using_context("chrome"):
            self.driver.execute_async_script(_CLOSE_PANEL)

    def click(self, css: str, *, frame: str | None = None) -> None:
        assert frame is None
        _until(
            self.driver, lambda: not self.run(_filled(_HIDDEN, css=css)), f"{css} is not to be seen"
        )
        _until(self.driver, lambda: self._clicked(css), f"{css} cannot be clicked")

    def press(self, key: str) -> None:
        raise NotImplementedError("no test types in the popup")

    def run(self, script: str) -> Any:
        return self._do("run", script)

    def _clicked(self, css: str) -> bool:
        self._do("click", css)
        return True

    def _do(self, task: str, first: str) -> Any:
        with self.driver.using_context("chrome"):
            told = self.driver.execute_async_script(
                _IN_PANEL,
                script_args=(f"{ORIGIN}/popup/", task, first),
                script_timeout=PATIENCE * 1000,
            )
        if "error" in told:
            raise JavascriptException(told["error"])
        return told["value"]


class Firefox(Browser):
    """Debian's Firefox ESR, the extension packed and installed into its profile, if it has one."""

    origin = ORIGIN
    untouched: Mapping[str, object] = {"dnt": "unspecified", "gpc": False}

    def __init__(self, folder: Path, extension: Path | None = EXTENSION) -> None:
        self._extension = extension
        self.manifest = manifests.path_in(FIREFOX.hosts(places({"HOME": str(folder / "home")})))
        self._profile = folder / "firefox"
        self._packed = folder / "rbutton.xpi"
        self._log = folder / "firefox.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._driver: Marionette | None = None
        self._new = True

    @property
    def driver(self) -> Marionette:
        assert self._driver, "the browser is not running"
        return self._driver

    def register(self, launcher: Path) -> None:
        self.manifest.parent.mkdir(parents=True, exist_ok=True)
        self.manifest.write_text(manifests.gecko_text(launcher, ID), "utf-8")

    def unregister(self) -> None:
        self.manifest.unlink()

    def start(self, environ: Mapping[str, str]) -> None:
        if self._new:
            shutil.copytree(_used_before(), self._profile, ignore=_LOCKS)
        self._run(environ)
        if self._new:
            self._new = False
            if self._extension:
                self._install(self._extension)

    def first_run(self) -> Path:
        """Start it on a profile that has nothing in it yet, and stop it again: the profile."""
        self._profile.mkdir()
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in _PREFERENCES.items()
        )
        (self._profile / "user.js").write_text("".join(lines), "utf-8")
        self._run(os.environ)
        self.stop()
        return self._profile

    def _run(self, environ: Mapping[str, str]) -> None:
        port = self._profile / "MarionetteActivePort"
        port.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *["/usr/bin/firefox-esr", "--headless", "--no-remote"],
                    *["--marionette", "--remote-allow-system-access"],
                    *["--profile", str(self._profile), "--width", "900", "--height", "700"],
                ],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        told = Wait(None, timeout=PATIENCE, interval=0.03).until(
            lambda _: port.exists() and port.read_text("ascii").strip()
        )
        self._driver = Marionette(host="127.0.0.1", port=int(told))
        self.driver.start_session()

    def stop(self) -> None:
        process, self._process = self._process, None
        driver, self._driver = self._driver, None
        if not process:
            return
        try:
            if driver:
                driver.set_context("chrome")
                driver.execute_script(_QUIT)
                driver.delete_session(send_request=False)
                process.wait(PATIENCE)
        finally:
            process.kill()  # nothing where it has ended
            process.wait()

    def kill(self) -> None:
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._process = self._driver = None

    def uncaught(self) -> list[str]:
        with self.driver.using_context("chrome"):
            errors: list[str] = self.driver.execute_script(_UNCAUGHT)
        return errors

    def welcome(self) -> Page:
        return Tab(self.driver, _until(self.driver, self._welcome, "no first-run page"))

    def new_page(self) -> Page:
        return Tab(self.driver, self.driver.open(type="tab", focus=True)["handle"])

    def options(self) -> Page:
        page = self.new_page()
        page.goto(f"{ORIGIN}/options/options.html")
        page.wait_for(READY)
        return page

    def background_page(self, url: str) -> Page:
        return self._opened_by(_OPEN_BEHIND, url)

    def let_reach_websites(self, *patterns: str) -> None:
        with self.driver.using_context("chrome"):
            self.driver.execute_async_script(_ACCESS, script_args=(ID, list(patterns)))

    def let_into_private_windows(self) -> None:
        with self.driver.using_context("chrome"):
            self.driver.execute_async_script(_LET_INTO_PRIVATE_WINDOWS, script_args=(ID,))
        # The extension was loaded anew.
        self.options().close()

    def set_apart(self) -> Mapping[str, Callable[[str], Page]]:
        return {"private-window": self._private_page, "container": self._container_page}

    def popup(self, page: Page) -> Page:
        assert isinstance(page, Tab)
        panel = Panel(self.driver)
        panel.close()
        page.switch(front=True)
        with self.driver.using_context("chrome"):
            self.driver.find_element("css selector", f"#{BUTTON} toolbarbutton").click()
        panel.wait_for("html[data-reason]")
        return panel

    def prefer(self, name: str, value: bool) -> None:
        """Set a preference of the browser's, as in `about:config`."""
        with self.driver.using_context("chrome"):
            self.driver.execute_script("Services.prefs.setBoolPref(...arguments);", [name, value])

    def stop_background(self) -> None:
        with self.driver.using_context("chrome"):
            self.driver.execute_async_script(_STOP_BACKGROUND, script_args=(ID,))

    def _private_page(self, url: str) -> Page:
        opened = self.driver.open(type="window", focus=True, private=True)
        page = Tab(self.driver, opened["handle"])
        page.goto(url)
        return page

    def _container_page(self, url: str) -> Page:
        return self._opened_by(_OPEN_IN_CONTAINER, url)

    def _opened_by(self, script: str, url: str) -> Tab:
        before = set(self.driver.window_handles)
        with self.driver.using_context("chrome"):
            self.driver.execute_script(script, [url])
        (handle,) = set(self.driver.window_handles) - before
        page = Tab(self.driver, handle)
        _until(self.driver, lambda: page.run(_LOADED), f"{url} was not loaded")
        return page

    def _install(self, extension: Path) -> None:
        with zipfile.ZipFile(self._packed, "w") as packed:
            for path in sorted(extension.rglob("*")):
                packed.write(path, path.relative_to(extension))
        Addons(self.driver).install(str(self._packed), temp=False)
        with self.driver.using_context("chrome"):
            self.driver.execute_script(_TRUST, [authority.certificate()])
            # Out of the menu of extensions, to where it can be seen and pressed.
            self.driver.execute_script(
                "CustomizableUI.addWidgetToArea(...arguments);", [BUTTON, "nav-bar"]
            )

    def _welcome(self) -> str | None:
        for handle in self.driver.window_handles:
            try:
                self.driver.switch_to_window(handle, focus=False)
                if self.driver.get_url().startswith(f"{ORIGIN}/options/"):
                    return str(handle)
            except NoSuchWindowException:
                continue
        return None
