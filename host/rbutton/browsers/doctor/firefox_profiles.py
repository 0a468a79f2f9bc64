"""What the profiles of Firefox and its kin tell, as Debian's Firefox ESR 153 writes them.

`extensions.json`: `addons[]` with `active`, `userDisabled`, `appDisabled`, `version`; an add-on
that is loaded temporarily is not in it. `extension-preferences.json`: by id, the `origins` that
the person has granted.
"""

from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import Any

from rbutton.browsers import manifests
from rbutton.browsers.doctor.seen import Seen, Unreadable, inside, read
from rbutton.browsers.places import Places
from rbutton.browsers.table import Browser


def folders(browser: Browser, where: Places) -> list[Path]:
    """The profiles that its `profiles.ini` names, and that were used."""
    found: list[Path] = []
    for root in browser.profile_roots(where):
        ini = ConfigParser(interpolation=None, strict=False)
        try:
            ini.read_string((root / "profiles.ini").read_text(encoding="utf-8"))
        except (OSError, ValueError, IniError):
            continue
        for section in ini.sections():
            if section.startswith("Profile") and (path := ini.get(section, "Path", fallback="")):
                # An absolute one stays what it is.
                found.append(root / path)
    return sorted({profile for profile in found if (profile / "prefs.js").exists()})


def seen(profile: Path, extension: Path) -> Seen | Unreadable | None:
    """The button in that profile; None where it is not kept there."""
    name = manifests.gecko_id(manifests.installed(extension))
    try:
        addons = inside(read(profile / "extensions.json"), "addons")
    except ValueError:
        return Unreadable(profile / "extensions.json")
    for addon in addons if isinstance(addons, list) else []:
        if inside(addon, "id") == name:
            version = inside(addon, "version")
            return Seen(
                on=inside(addon, "active") is True,
                why_off=_why_off(addon),
                access=_access(profile, name),
                version=version[:40] if isinstance(version, str) else None,
            )
    return None


def _why_off(addon: Any) -> str:
    if inside(addon, "userDisabled") is not True and inside(addon, "appDisabled") is True:
        return ", by Firefox itself: it is not signed, or not for this version"
    return ""


def _access(profile: Path, name: str) -> bool | None:
    try:
        granted = inside(read(profile / "extension-preferences.json"), name, "origins")
    except ValueError:
        return None
    return "<all_urls>" in granted if isinstance(granted, list) else None
