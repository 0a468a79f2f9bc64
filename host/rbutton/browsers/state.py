"""What is installed here, and whether it fits together."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rbutton.browsers import environment, registering
from rbutton.browsers.here import Found, find, find_all
from rbutton.browsers.places import Places, Platform, places, places_for_all
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.table import TABLE, Browser

WIDTH = 100
"""Characters of a terminal, within which the list for reading stays."""
_NARROW = 30
"""For the last column, where paths have the rest."""


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
    looked_for: str
    """How it and its version are found, in a few words."""
    sandbox: str | None
    """Flatpak or Snap, if that keeps it from the rest of the machine."""


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
    for_everyone: str | None
    """The build that is installed for everyone beside a person's own, if one is."""


def state(environ: Mapping[str, str], *, system: bool = False) -> State:
    """What is installed for this person, or for everyone, from looking at it."""
    where = places_for_all() if system else places(environ)
    return State(
        host=_host(where),
        browsers=[
            row
            for browser in TABLE
            if not system or browser.system_folder is not None
            for row in _rows(browser, where, environ)
        ],
        extension=str(where.extension),
        terms=str(where.config / "terms.toml"),
        data=str(where.data),
        for_everyone=None if system else _for_everyone(),
    )


def as_json(found: State) -> dict[str, object]:
    """`found` as `--list --json` prints it."""
    return asdict(found)


def as_text(found: State) -> str:
    """`found` for reading."""
    host = found.host
    lines = [f"Agent: {f'installed, {host.build}' if host.installed else 'not installed'}"]
    if host.trouble is not None:
        lines.append(f"  it does not work: {host.trouble}")
    if found.for_everyone is not None:
        own = "Your own, above and below, comes first. " if host.installed else ""
        lines.append(f"For everyone on this machine: installed, {found.for_everyone}")
        lines.append(f"  {own}Which browsers reach that one: install_host.py --list --system")
    lines.append("")
    rows = [("Browser", "Version", "Registered", "Found by")]
    for each in found.browsers:
        version = each.version or ("found" if each.executable else "not here")
        registered = "yes" if each.registered else "no"
        title = each.title if each.tried else f"{each.title} (untried)"
        rows.append((title, version, registered, each.looked_for))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    left = max(WIDTH - sum(widths) - 2 * len(widths), _NARROW)
    for row, told in zip(rows, (None, *found.browsers), strict=True):
        first, *more = textwrap.wrap(row[3], left, break_on_hyphens=False, break_long_words=False)
        for cells in ((*row[:3], first), *(("", "", "", part) for part in more)):
            lines.append("  ".join(map(str.ljust, cells, (*widths, 0))))
        if told is not None and told.trouble is not None:
            lines.append(f"  {told.trouble}")
    places_of = {"Extension": found.extension, "Terms": found.terms, "Data": found.data}
    there = [f"{name}: {path}" for name, path in places_of.items() if Path(path).exists()]
    lines += ["", *there] if there else []
    return "\n".join(lines)


def _for_everyone() -> str | None:
    try:
        record = Record.load(places_for_all().record)
    except SetupError:
        return "but its record is damaged"
    return None if record is None else record.build


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


def _rows(browser: Browser, where: Places, environ: Mapping[str, str]) -> Iterator[BrowserState]:
    """Of one browser: itself, here or not, and each that is here in a sandbox."""
    here = find_all(browser, environ)
    if not here or here[0].sandbox is not None:
        yield _row(browser, None, where, environ)
    for found in here:
        if found.sandbox is None or not where.for_all:
            yield _row(browser, found, where, environ)
    for profile in registering.profiles_of(browser, Record.load(where.record)):
        yield _row(browser, find(browser, environ), where, environ, profile)


def _row(
    browser: Browser,
    found: Found | None,
    where: Places,
    environ: Mapping[str, str],
    profile: Path | None = None,
) -> BrowserState:
    sandbox = None if found is None else found.sandbox
    target = registering.target(browser, where, sandbox, profile)
    title = browser.title if found is None else found.title
    there = registering.registrar(where).read_for(target.manifest) is not None
    trouble = target.trouble(where) if there else None
    if found is not None and sandbox is not None:
        trouble = found.why_not or trouble
        if there and trouble is None and sandbox.is_permitted(environ) is False:
            trouble = f"permit it: {sandbox.permission(where)}"
    return BrowserState(
        browser.name,
        title if profile is None else f"{title} in {profile}",
        browser.tried and where.platform is Platform.LINUX if found is None else found.tried,
        None if found is None else str(found.executable),
        None if found is None else found.version,
        str(target.manifest),
        there and trouble is None,
        trouble,
        browser.looked_for(where.platform) if found is None else found.looked_for,
        None if sandbox is None else sandbox.kind,
    )
