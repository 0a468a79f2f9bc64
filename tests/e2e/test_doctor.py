"""What the doctor tells of real browsers, and what the button's own page tells."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from rbutton import __version__, shipped
from rbutton.browsers import environment, manifests
from rbutton.browsers.record import Record
from tests import light
from tests.e2e.browsers import EVERYWHERE, Page
from tests.e2e.browsers.chromium import Chromium
from tests.e2e.browsers.firefox import ID as GECKO_ID
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person

BUILD = f"{__version__}-test"

_DISABLE = """
const [id, done] = [...arguments];
const { AddonManager } = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
AddonManager.getAddonByID(id).then((addon) => addon.disable()).then(() => done(null));
"""


def complete(person: Person) -> None:
    """What an installation has beside the launcher: environment, extension and record."""
    places = person.places
    env = places.data / f"env-{BUILD}"
    light.make(env, Path(shipped.__file__).parents[2])
    manifests.write_launcher(places, environment.python(env))
    places.extension.symlink_to(shipped.folder("extension"))
    Record(build=BUILD, manifests=[str(person.browser.manifest)]).save(places.record)


def doctors(person: Person) -> Page:
    """The page that says what is wrong, in a new tab."""
    return person.own_page("doctor/doctor.html")


def told(page: Page, code: str) -> str:
    """The words of one finding, and which kind it is."""
    words: str = page.run(
        f"""const one = document.querySelector('[data-code="{code}"]');
        return one.className + ": " + one.textContent;"""
    )
    return words


@pytest.fixture(scope="module")
def installed(new_person: NewPerson) -> Person:
    """A person whose installation is whole, before the browser is started."""
    person = new_person("installed", in_keyring=False)
    complete(person)
    person.start()
    return person


def test_the_page_says_that_nothing_is_wrong_and_then_that_the_host_is_gone(
    installed: Person,
) -> None:
    page = doctors(installed)
    page.wait_for("html[data-state=ok]")
    page.wait_for_text("Nothing is wrong.")
    for code in ("host-answers", "access", "rules", "scripts", "host-installed", "folders"):
        assert told(page, code).startswith("ok: "), code
    assert __version__ in told(page, "host-answers")
    assert str(installed.terms_file) in told(page, "terms")

    installed.edit_terms(lambda text: text.replace('dnt = "on"', 'dnt = "maybe"'))
    page.wait_for(".problem[data-code=terms-mistake]")
    assert "line 7" in told(page, "terms-mistake")
    page.wait_for_text("Something is wrong.")
    installed.edit_terms(lambda text: text.replace('dnt = "maybe"', 'dnt = "on"'))
    page.wait_for("html[data-state=ok]")

    installed.uninstall()
    installed.kill_hosts()
    page.wait_for(".problem[data-code=host-not-found]")
    page.wait_for("html[data-state=problem]")
    assert "python3 install_host.py" in told(page, "host-not-found")
    page.wait_for_text("python3 install_host.py --doctor")
    assert told(page, "rules").startswith("ok: "), "the signals still go out"

    installed.browser.register(installed.places.launcher)
    page.click("#again")
    page.wait_for("html[data-state=ok]")
    page.close()


def test_what_the_host_would_mend_is_said(installed: Person) -> None:
    page = doctors(installed)
    page.wait_for("html[data-state=ok]")
    installed.places.launcher.chmod(0o600)
    page.click("#again")
    page.wait_for(".problem[data-code=launcher-not-executable]")
    page.wait_for_text("rbutton doctor --fix")
    installed.places.launcher.chmod(0o700)
    page.click("#again")
    page.wait_for("html[data-state=ok]")
    page.close()


def test_signals_that_are_not_in_the_browser_are_missed(installed: Person) -> None:
    """And what the page says to do puts them there again: the background starts anew."""
    page = doctors(installed)
    page.wait_for("html[data-state=ok]")
    page.run(
        "const api = globalThis.browser ?? chrome;"
        "await api.declarativeNetRequest.updateDynamicRules({ removeRuleIds: [2] });"
        "await api.scripting.unregisterContentScripts({ ids: ['gpc'] });"
    )
    page.click("#again")
    page.wait_for(".problem[data-code=no-rules]")
    page.wait_for(".problem[data-code=no-scripts]")
    installed.browser.stop_background()
    page.wait_for("html[data-state=ok]")
    installed.browser.let_reach_websites()
    page.wait_for(".problem[data-code=no-access] button")
    installed.browser.let_reach_websites(EVERYWHERE)
    page.wait_for("html[data-state=ok]")
    page.close()


def test_the_popup_leads_there(installed: Person) -> None:
    tab = installed.new_page()
    installed.uninstall()
    installed.kill_hosts()
    popup = installed.popup(tab)
    popup.wait_for("html[data-reason=host-not-found] [data-action=doctor]")
    popup.wait_for_text("What is wrong?")
    popup.close()
    installed.browser.register(installed.places.launcher)
    page = doctors(installed)
    page.click("#again")
    page.wait_for("html[data-state=ok]")
    page.close()
    tab.close()


def _found(person: Person, title: str) -> list[dict[str, Any]]:
    """What `rbutton doctor` finds in that browser's profiles."""
    script = "import sys; from rbutton.cli import main; sys.exit(main(['doctor', '--json']))"
    python = environment.python(person.places.data / f"env-{BUILD}")
    done = subprocess.run(
        [python, "-I", "-c", script],
        env=person.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    codes = {"extension-there", "extension-missing", "extension-disabled", "no-access"}
    return [one for one in found if one["code"] in codes and title in one["message"]]


@pytest.fixture
def usual(
    brand: str, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """A person whose browser has its profile where it has it when nobody says otherwise."""
    folder = tmp_path_factory.mktemp("usual")
    browser: Chromium | Firefox
    if brand == "firefox":
        browser = Firefox(folder)
        root = folder / "home" / ".mozilla" / "firefox"
        root.mkdir(parents=True)
        (root / "profiles.ini").write_text(f"[Profile0]\nIsRelative=0\nPath={folder / 'firefox'}\n")
    else:
        browser = Chromium(folder / "home" / ".config", playwright)
    person = Person(folder, browser, in_keyring=False)
    complete(person)
    yield person
    person.stop()


def test_what_real_profiles_tell(usual: Person) -> None:
    """There, its access taken back, switched off: each as the browser itself writes it."""
    title = "Firefox" if isinstance(usual.browser, Firefox) else "Chromium"
    usual.start()
    usual.stop()
    assert [one["code"] for one in _found(usual, title)] == ["extension-there"]
    assert "do not tell" not in _found(usual, title)[0]["message"]

    usual.start()
    usual.browser.let_reach_websites()
    usual.stop()
    assert [one["code"] for one in _found(usual, title)] == ["no-access"]

    usual.start()
    _switch_off(usual)
    usual.stop()
    assert [one["code"] for one in _found(usual, title)] == ["extension-disabled"]


def _switch_off(person: Person) -> None:
    if isinstance(person.browser, Firefox):
        driver = person.browser.driver
        with driver.using_context("chrome"):
            driver.execute_async_script(_DISABLE, script_args=(GECKO_ID,))
    else:
        assert isinstance(person.browser, Chromium)
        person.browser.on_extensions_page(
            f"await chrome.management.setEnabled('{manifests.extension_id()}', false);"
        )
