"""Telling browsers of the host, and telling them no more: by files, or on Windows by the registry.

Uninstalling and the doctor go by the path of the manifest, on every platform.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rbutton.browsers import files, manifests, registry, sandboxes
from rbutton.browsers.here import Found
from rbutton.browsers.places import Places, Platform
from rbutton.browsers.record import Record
from rbutton.browsers.sandboxes import Flatpak, Sandbox, Snap
from rbutton.browsers.table import Browser, Family


class Registrar(Protocol):
    """How the browsers of a platform come to a host's manifest."""

    def read_for(self, manifest: Path) -> Path | None:
        """The file that they read where they look for `manifest`; None where they read none."""

    def write(self, manifest: Path, text: str, mode: int) -> None:
        """Puts it there, where they come to it.

        Raises:
            OSError: it cannot be written.
        """

    def remove(self, manifest: Path) -> None:
        """Takes it away, and what leads there."""


class InFolders:
    """Linux and macOS: they look into a folder."""

    def read_for(self, manifest: Path) -> Path | None:
        """The manifest itself."""
        return manifest if manifest.exists() or manifest.is_symlink() else None

    def write(self, manifest: Path, text: str, mode: int) -> None:
        """Writes the file."""
        files.write(manifest, text, mode)

    def remove(self, manifest: Path) -> None:
        """Removes the file."""
        manifest.unlink()


@dataclass(frozen=True)
class InRegistry:
    """Windows: a key of the registry has the path of a file, which is ours to place.

    Attributes:
        keys: the folder below which the file's own path is the name of the key.
    """

    keys: Path

    def read_for(self, manifest: Path) -> Path | None:
        """What the key names."""
        named = registry.value(self.key(manifest))
        return None if named is None else Path(named)

    def write(self, manifest: Path, text: str, mode: int) -> None:
        """Writes the file, and then the key that leads to it."""
        files.write(manifest, text, mode)
        registry.put(self.key(manifest), str(manifest))

    def remove(self, manifest: Path) -> None:
        """Removes the key if it leads to the file, and the file."""
        if self.read_for(manifest) == manifest:
            registry.remove(self.key(manifest))
        manifest.unlink(missing_ok=True)

    def key(self, manifest: Path) -> str:
        """Of the current user."""
        return "\\".join([*manifest.relative_to(self.keys).parent.parts, manifest.stem])


def registrar(where: Places) -> Registrar:
    """That of the machine which the places are on."""
    return InRegistry(where.keys) if where.platform is Platform.WINDOWS else InFolders()


@dataclass(frozen=True)
class Target:
    """What makes one browser, or several that look in the same place, come to the host.

    Attributes:
        launcher: what it starts; within a Flatpak a wrapper.
        wraps: the launcher that is wrapped; None where none is.
    """

    manifest: Path
    family: Family
    launcher: Path
    wraps: Path | None = None

    @property
    def files(self) -> list[Path]:
        """All that is written."""
        return [self.manifest] if self.wraps is None else [self.launcher, self.manifest]

    def text(self, extension: Path | None) -> str:
        """Of the manifest, for the extension in that folder."""
        return manifests.text_for(self.family, self.launcher, extension)

    def write(self, where: Places) -> None:
        """Writes it, in folders that are there.

        Raises:
            OSError: a file cannot be written.
        """
        if self.wraps is not None:
            files.write(self.launcher, sandboxes.wrapper(self.wraps), where.program_mode)
        registrar(where).write(
            self.manifest, self.text(manifests.installed(where.extension)), where.file_mode
        )

    def trouble(self, where: Places) -> str | None:
        """What keeps the extension from reaching the host by it; None where nothing does."""
        read = registrar(where).read_for(self.manifest)
        found = None if read is None else manifests.read(read)
        if found is None:
            return f"{read or self.manifest} is not the r-button's"
        if found.get("path") != str(self.launcher):
            return f"it is registered with another program, {found.get('path')}"
        if self.wraps is not None and sandboxes.wrapped(self.launcher) != self.wraps:
            return f"{self.launcher} does not start {self.wraps}"
        if found != json.loads(self.text(manifests.installed(where.extension))):
            return f"{read} is not as it was written"
        return None


def target(
    browser: Browser, where: Places, sandbox: Sandbox | None = None, profile: Path | None = None
) -> Target:
    """That of one browser.

    Args:
        profile: the folder of a profile that it was told to use, if it was.
    """
    if sandbox is None:
        return Target(
            manifests.path_in(browser.hosts(where, profile)), browser.family, where.launcher
        )
    launcher = sandbox.launcher(where)
    return Target(
        manifests.path_in(sandbox.hosts(browser, where)),
        browser.family,
        launcher,
        where.launcher if launcher != where.launcher else None,
    )


def targets(found: Iterable[Found], where: Places, profile: Path | None = None) -> list[Target]:
    """Those of browsers that are here, each place once."""
    several = (target(each.browser, where, each.sandbox, profile) for each in found)
    return list({one.manifest: one for one in several}.values())


def leads_to(manifest: Path) -> Path | None:
    """The program that a manifest of our host has started in the end; None where it is no such."""
    found = manifests.read(manifest)
    if found is None:
        return None
    launcher = Path(str(found.get("path")))
    return sandboxes.wrapped(launcher) or launcher


def take_away(manifest: Path, where: Places, record: Record) -> list[Path]:
    """Removes the manifest, and what belongs to it, if it is still ours; answers the files."""
    if str(manifest) in record.manifests and manifests.is_damaged(manifest):
        # Left where it is, it would keep the next installation from writing a whole one.
        registrar(where).remove(manifest)
        return [manifest]
    launcher = Path(str((manifests.read(manifest) or {}).get("path")))
    ours = not launcher.exists() and str(launcher) in record.programs
    if not ours and leads_to(manifest) != where.launcher:
        return []
    registrar(where).remove(manifest)
    if launcher == where.launcher:
        return [manifest]
    launcher.unlink(missing_ok=True)
    return [manifest, launcher]


def manifests_of(browser: Browser, where: Places, record: Record) -> list[Path]:
    """Where the browser was told of the host, sandboxes and folders of its own included."""
    places = places_of(browser, where)
    places += [Path(path) for path, name in record.profiles.items() if name == browser.name]
    return [path for path in dict.fromkeys(places) if str(path) in record.manifests]


def places_of(browser: Browser, where: Places) -> list[Path]:
    """Where the browser could be told of the host, sandboxes included."""
    could: list[Sandbox | None] = [None]
    if where.platform is Platform.LINUX and not where.for_all:
        # By where they look, whether they are here still or not.
        could += [Flatpak(browser.flatpak, Path())] if browser.flatpak else []
        could += [Snap(browser.snap, Path())] if browser.snap else []
    return [target(browser, where, sandbox).manifest for sandbox in could]


def profiles_of(browser: Browser, record: Record | None) -> list[Path]:
    """The folders of profiles of their own for which it was told of the host."""
    profiles = {} if record is None else record.profiles
    return [Path(path).parent.parent for path, name in profiles.items() if name == browser.name]


def sharing(browser: Browser, where: Places, others: Sequence[Browser]) -> list[Browser]:
    """Those that look for hosts where this one does."""
    own = browser.hosts(where)
    return [other for other in others if other != browser and other.hosts(where) == own]
