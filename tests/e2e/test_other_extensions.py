"""Next to another extension that says the same: one header, one value, no error in the page."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marionette_driver.addons import Addons
from playwright.sync_api import Playwright

from tests.e2e.browsers import Page
from tests.e2e.browsers.chromium import EXTENSION, Chromium
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.per_site import BOTH, choose, frames_read, page_at, sent_to, serve
from tests.e2e.person import Person
from tests.e2e.recorder import Site

_MANIFEST = {
    "manifest_version": 3,
    "name": "another",
    "version": "1",
    "browser_specific_settings": {"gecko": {"id": "another@example.test"}},
    "permissions": ["declarativeNetRequestWithHostAccess"],
    "host_permissions": ["<all_urls>"],
    "declarative_net_request": {
        "rule_resources": [{"id": "signals", "enabled": True, "path": "rules.json"}]
    },
    "content_scripts": [
        {
            "matches": ["<all_urls>"],
            "js": ["says.js"],
            "run_at": "document_start",
            "all_frames": True,
            "world": "MAIN",
        }
    ],
}
_TYPES = ["main_frame", "sub_frame", "image", "xmlhttprequest", "script"]
_RULES = [
    {
        "id": number,
        "condition": {"resourceTypes": _TYPES},
        "action": {
            "type": "modifyHeaders",
            "requestHeaders": [{"header": header, "operation": "set", "value": "1"}],
        },
    }
    for number, header in enumerate(("DNT", "Sec-GPC"), 1)
]
# Sealed, so that nobody after it can say anything else.
_SAYS = """
for (const [name, value] of [["doNotTrack", "1"], ["globalPrivacyControl", true]]) {
  try {
    const get = () => value;
    Object.defineProperty(Navigator.prototype, name, { get, SEALED enumerable: true });
  } catch (error) {
    window.refused = String(error);
  }
}
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


def _another(folder: Path, *, sealed: bool) -> Path:
    other = folder / "another"
    other.mkdir()
    (other / "manifest.json").write_text(json.dumps(_MANIFEST), "utf-8")
    (other / "rules.json").write_text(json.dumps(_RULES), "utf-8")
    says = _SAYS.replace("SEALED", "configurable: false," if sealed else "configurable: true,")
    (other / "says.js").write_text(says, "utf-8")
    return other


@pytest.fixture(params=["before-sealed", "after-sealed", "before", "after"])
def person(
    request: pytest.FixtureRequest, brand: str, playwright: Playwright, tmp_path: Path
) -> Iterator[Person]:
    """One who has both, the other installed before ours or after it."""
    order, _, how = request.param.partition("-")
    other = _another(tmp_path, sealed=how == "sealed")
    if brand == "chromium":
        pair = [other, EXTENSION] if order == "before" else [EXTENSION, other]
        person = Person(tmp_path, Chromium(tmp_path, playwright, Path(",".join(map(str, pair)))))
        person.start()
    else:
        person = Person(tmp_path, Firefox(tmp_path))
        person.start()
        assert isinstance(person.browser, Firefox)
        packed = tmp_path / "another.xpi"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in other.iterdir():
                archive.write(file, file.name)
        Addons(person.browser.driver).install(str(packed), temp=False)
        if order == "before":
            # Enabled again, ours is the later one.
            person.browser.let_into_private_windows()
    yield person
    person.stop()


def _read(page: Page) -> Any:
    return page.run("return [navigator.doNotTrack, navigator.globalPrivacyControl];")


def _nothing_went_wrong(person: Person, page: Page) -> None:
    """Neither for the page's own listeners, nor before it had any."""
    assert page.run("return window.errors;") == []
    assert person.browser.uncaught() == []


def test_the_header_goes_once_and_the_property_has_one_value(person: Person, site: Site) -> None:
    """And where ours is off on a site, what the other says is not taken away."""
    site.forget()
    page = person.new_page()
    page.goto(page_at(site, "news.test", frame=page_at(site, "ads.test", "frame")))
    site.wait_for("/page/frame")
    assert sent_to(site, "news.test", "/page/a") == BOTH
    assert sent_to(site, "news.test", "/own.svg") == BOTH
    assert sent_to(site, "ads.test", "/page/frame") == BOTH
    assert _read(page) == ["1", True]
    assert page.run("return window.told.dnt;") == "1"
    _nothing_went_wrong(person, page)

    choose(person, '[sites."news.test"]\nbutton = "off"\n')
    site.forget()
    page.goto(page_at(site, "news.test", "off", frame=page_at(site, "ads.test", "frame")))
    assert sent_to(site, "news.test", "/page/off") == BOTH
    assert sent_to(site, "news.test", "/own.svg") == BOTH
    assert _read(page) == ["1", True]
    # By then the frame, which the button tells what its page has, has been told.
    popup = person.popup(page)
    popup.wait_for("html[data-state=off]")
    popup.close()
    assert sent_to(site, "ads.test", "/page/frame") == BOTH
    assert frames_read(page) == [["1", True]]
    _nothing_went_wrong(person, page)
