"""An extension with the button's two header rules, and nothing else that costs anything.

It has the button's ids, each in a profile of its own, so the tests' browsers handle it as they do
the button.
"""

import json
from pathlib import Path

from tests.e2e.browsers.chromium import EXTENSION

_WORKER = """
const api = globalThis.browser ?? globalThis.chrome;
const resourceTypes = Object.values(api.declarativeNetRequest.ResourceType);
const rules = ["DNT", "Sec-GPC"].map((header, index) => ({
  id: index + 1,
  condition: { resourceTypes },
  action: { type: "modifyHeaders", requestHeaders: [{ header, operation: "set", value: "1" }] },
}));
api.runtime.onInstalled.addListener(async () => {
  await api.declarativeNetRequest.updateDynamicRules({ addRules: rules });
  api.tabs.create({ url: api.runtime.getURL("options/options.html") });
});
"""
_FILES = {
    "worker.js": _WORKER,
    "options/options.html": '<!doctype html><html data-state="ready"><title>rules alone</title>',
    "popup/popup.html": '<!doctype html><html data-reason="empty"><h1>Popup</h1>',
}


def make(folder: Path) -> Path:
    """Write it into a new folder."""
    ours = json.loads((EXTENSION / "manifest.json").read_text("utf-8"))
    manifest = {
        **{name: ours[name] for name in ("manifest_version", "key", "browser_specific_settings")},
        "name": "rules alone",
        "version": "1",
        "permissions": ["declarativeNetRequestWithHostAccess", "nativeMessaging"],
        "host_permissions": ["<all_urls>"],
        "background": {"service_worker": "worker.js", "scripts": ["worker.js"]},
        "action": {"default_popup": "popup/popup.html"},
    }
    for name, text in {**_FILES, "manifest.json": json.dumps(manifest)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
