"""What is installed here, and whether it fits together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rbutton.browsers import environment, manifests
from rbutton.browsers.places import Places, places, places_for_all
from rbutton.browsers.record import Record
from rbutton.browsers.table import TABLE, Browser, find


@dataclass(frozen=True)
class BrowserState:
    """One row of `--list`."""

    name: str
    title: str
    tried: bool
    """Whether our tests run in it."""
    executable: str | None
    version: str | None
    manifest: str
    registered: bool
    """The browser, if it is here, would start our host."""
    trouble: str | None
    """Why it would not, where something stands in the way; None where nothing was registered."""


@dataclass(frozen=True)
class HostState:
    """The host itself."""

    installed: bool
    build: str | None
    launcher: str
    works: bool
    trouble: str | None


@dataclass(frozen=True)
class State:
    """All that `--list` tells."""

    host: HostState
    browsers: list[BrowserState]
    extension: str
    terms: str
    data: str


def state(environ: Mapping[str, str], *, system: bool = False) -> State:
    """What is installed for this person, or for everyone, from looking at it."""
    where = places_for_all() if system else places(environ)
    return State(
        host=_host(where),
        browsers=[
            _browser(browser, where, environ)
            for browser in TABLE
            if not system or browser.system_folder is not None
        ],
        extension=str(where.extension),
        terms=str(where.config / "terms.toml"),
        data=str(where.data),
    )


def as_json(found: State) -> dict[str, object]:
    """`found` as `--list --json` prints it."""
    return asdict(found)


def as_text(found: State) -> str:
    """`found` for reading."""
    host = found.host
    lines = [f"Host: {f'installed, {host.build}' if host.installed else 'not installed'}"]
    if host.trouble is not None:
        lines.append(f"  it does not work: {host.trouble}")
    lines.append("")
    rows = [("Browser", "Version", "Registered")]
    for each in found.browsers:
        version = each.version or ("found" if each.executable else "not here")
        registered = "yes" if each.registered else f"no: {each.trouble}" if each.trouble else "no"
        title = each.title if each.tried else f"{each.title} (untried)"
        rows.append((title, version, registered))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines += [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}" for row in rows]
    lines += ["", f"Extension: {found.extension}", f"Terms: {found.terms}", f"Data: {found.data}"]
    return "\n".join(lines)


def _host(where: Places) -> HostState:
    record = Record.load(where.record)
    if record is None:
        return HostState(False, None, str(where.launcher), False, None)
    env = where.data / f"env-{record.build}"
    trouble = None
    if not where.launcher.exists():
        trouble = f"{where.launcher} is missing; run install_host.py again"
    elif not environment.is_ready(env, environment.DAILY):
        trouble = f"{env} is incomplete; run install_host.py again"
    return HostState(True, record.build, str(where.launcher), trouble is None, trouble)


def _browser(browser: Browser, where: Places, environ: Mapping[str, str]) -> BrowserState:
    found = find(browser, environ)
    manifest = manifests.path_in(browser.hosts(where))
    there = manifest.exists()
    trouble = None
    if there:
        # Before anything is installed, the checkout's own.
        extension = where.extension if where.extension.exists() else None
        trouble = manifests.trouble(manifest, browser.family, where.launcher, extension)
    return BrowserState(
        browser.name,
        browser.title,
        browser.tried,
        None if found is None else str(found.executable),
        None if found is None else found.version,
        str(manifest),
        there and trouble is None,
        trouble,
    )
