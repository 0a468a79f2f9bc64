"""Browsers in a sandbox, which keeps them from starting a program of the person's."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rbutton.browsers.table import BY_NAME
from rbutton.finding import Finding, warning

FLATPAKS = {
    "chromium": "org.chromium.Chromium",
    "chrome": "com.google.Chrome",
    "firefox": "org.mozilla.firefox",
}
SNAPS = {"chromium": "chromium", "firefox": "firefox"}
"""What they are called there, by the table's names."""
SYSTEM = Path("/")


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Those that are here as a Flatpak or a Snap, whatever else is here of the same browser."""
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    own = environ.get("XDG_DATA_HOME", "")
    data = Path(own) if own.startswith("/") else home / ".local" / "share"
    for name, app in FLATPAKS.items():
        for root in (data / "flatpak", SYSTEM / "var/lib/flatpak"):
            if (root / "exports/bin" / app).exists():
                yield _sandboxed(name, f"as a Flatpak, {app}")
                break
    for name, snap in SNAPS.items():
        if (SYSTEM / "snap/bin" / snap).exists() or (SYSTEM / "snap" / snap / "current").exists():
            yield _sandboxed(name, f"as a Snap, {snap}")


def _sandboxed(name: str, how: str) -> Finding:
    title = BY_NAME[name].title
    return warning(
        "sandboxed-browser",
        f"{title} is here {how}: its sandbox keeps it from starting the host.",
        f"Use a {title} that is not in a sandbox, such as the one of your distribution's packages "
        "or of its maker.",
    )
