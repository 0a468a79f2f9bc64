"""What the profiles of Chromium and its kin tell, as Debian's Chromium 156 writes them.

`extensions.settings.<id>` in `Preferences`, in other builds in `Secure Preferences`:
`disable_reasons`, a list, before Chromium 134 a number; `withholding_permissions`, true where the
person limited its access, and then `runtime_granted_permissions`.
"""

from pathlib import Path
from typing import Any

from rbutton.browsers import manifests
from rbutton.browsers.doctor.seen import Seen, Unreadable, inside, read
from rbutton.browsers.places import Places
from rbutton.browsers.table import Browser

FILES = ("Preferences", "Secure Preferences")
_ALL = {"<all_urls>", "*://*/*"}


def folders(browser: Browser, where: Places) -> list[Path]:
    """The profiles in its user data folder."""
    found = (path for root in browser.profile_roots(where) for path in root.glob("*/Preferences"))
    return sorted(path.parent for path in found if _is_a_persons(path))


def _is_a_persons(path: Path) -> bool:
    return path.parent.name not in {"System Profile", "Guest Profile"}


def seen(profile: Path, extension: Path) -> Seen | Unreadable | None:
    """The button in that profile; None where it is not."""
    for name in FILES:
        try:
            whole = read(profile / name)
        except ValueError:
            return Unreadable(profile / name)
        entry = inside(
            whole, "extensions", "settings", manifests.extension_id(manifests.installed(extension))
        )
        # One that was removed leaves an entry without a path.
        if isinstance(entry, dict) and "path" in entry:
            return Seen(
                on=not entry.get("disable_reasons") and entry.get("state", 1) == 1,
                why_off="",
                access=_access(entry),
                version=_text(inside(entry, "service_worker_registration_info", "version")),
            )
    return None


def _access(entry: dict[str, Any]) -> bool | None:
    withheld = entry.get("withholding_permissions")
    if withheld is not True:
        return None if withheld is None else True
    granted = inside(entry, "runtime_granted_permissions", "explicit_host")
    return isinstance(granted, list) and not _ALL.isdisjoint(map(str, granted))


def _text(value: Any) -> str | None:
    return value[:40] if isinstance(value, str) else None
