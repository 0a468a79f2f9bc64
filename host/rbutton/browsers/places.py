"""Where the r-button's files are on this machine."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Platform(Enum):
    """What the machine runs, as people call it."""

    LINUX = "Linux"
    MAC = "macOS"
    WINDOWS = "Windows"


# `install_host.py` refuses what is none of them.
PLATFORM = {"darwin": Platform.MAC, "win32": Platform.WINDOWS}.get(sys.platform, Platform.LINUX)


def this_platform() -> Platform:
    """What this machine runs."""
    return PLATFORM


@dataclass(frozen=True)
class Places:
    """The folders of one installation, all absolute."""

    home: Path | None
    """`RBUTTON_HOME`, where everything is under one folder; None in daily use."""
    data: Path
    config: Path
    user_home: Path
    user_config: Path
    """Browsers have their folders there, or in `user_home`. On Linux `$XDG_CONFIG_HOME` or
    `~/.config`, on macOS `~/Library/Application Support`, on Windows `%LOCALAPPDATA%`."""
    demo: Path
    """The demo's environment, kept for the next demo, apart from what the person uses."""
    links: Path | None
    """Where the person's shell may find `rbutton`; None under `RBUTTON_HOME`."""
    for_all: bool = False
    """Root's, for everyone on this machine. What is a person's is then named with a `~`."""
    platform: Platform = Platform.LINUX

    def is_ours(self, link: Path) -> bool:
        """Whether it is a link to something that was installed here."""
        return link.is_symlink() and link.readlink().is_relative_to(self.data)

    @property
    def launcher(self) -> Path:
        """What the browser starts."""
        return self.data / "bin" / f"rbutton-host{self._suffix}"

    @property
    def command(self) -> Path:
        """What the person types."""
        return self.data / "bin" / f"rbutton{self._suffix}"

    @property
    def _suffix(self) -> str:
        return ".bat" if self.platform is Platform.WINDOWS else ""

    @property
    def keys(self) -> Path:
        """On Windows: holds the manifests, each below the name of the key that leads to it."""
        return self.data / "HKEY_CURRENT_USER"

    @property
    def extension(self) -> Path:
        """The copy of the extension that the browser loads."""
        return self.data / "extension"

    @property
    def packed(self) -> Path:
        """The extension as Firefox takes it, for everyone."""
        return self.data / "extension.xpi"

    @property
    def pictures(self) -> Path:
        """Of the step that a browser leaves to the person."""
        return self.data / "pictures"

    @property
    def wheels(self) -> Path:
        """The packages that the environment was made of, for a time without a network."""
        return self.data / "wheels"

    @property
    def file_mode(self) -> int:
        """Of what browsers read."""
        return 0o644 if self.for_all else 0o600

    @property
    def program_mode(self) -> int:
        """Of what browsers and people start."""
        return 0o755 if self.for_all else 0o700

    @property
    def record(self) -> Path:
        """Every path an installation wrote."""
        return self.data / "install.json"

    @property
    def lock(self) -> Path:
        """Held while an installation is at work."""
        return self.data / "install.lock"

    @property
    def host_locks(self) -> tuple[Path, ...]:
        """Held by a host while it writes. They are made by `rbutton.person`, and hold nothing."""
        return (self.data / "seed.lock", self.data / "terms.lock")

    @property
    def log(self) -> Path:
        """What pip said, kept when it failed."""
        return self.data / "install.log"

    def host_arguments(self) -> list[str]:
        """What `rbutton.native` is told of its folders; nothing where it looks for itself."""
        if self.for_all:
            return []
        if self.home is not None:
            return ["--home", str(self.home)]
        return ["--config", str(self.config), "--data", str(self.data)]


def places(environ: Mapping[str, str], platform: Platform | None = None) -> Places:
    """The person's folders: what `platformdirs` names, which the host goes by, or `RBUTTON_HOME`.

    Args:
        platform: this machine's, if it is not said.
    """
    platform = platform or this_platform()
    variable = "USERPROFILE" if platform is Platform.WINDOWS else "HOME"
    person = Path(environ[variable]) if environ.get(variable) else Path.home()
    match platform:
        case Platform.LINUX:
            data = _named(environ, "XDG_DATA_HOME", person / ".local" / "share")
            config = _named(environ, "XDG_CONFIG_HOME", person / ".config")
            cache = _named(environ, "XDG_CACHE_HOME", person / ".cache")
            browsers = config
        case Platform.MAC:
            browsers = person / "Library" / "Application Support"
            data = _named(environ, "XDG_DATA_HOME", browsers)
            config = _named(environ, "XDG_CONFIG_HOME", browsers)
            cache = _named(environ, "XDG_CACHE_HOME", person / "Library" / "Caches")
        case Platform.WINDOWS:
            browsers = _named(environ, "LOCALAPPDATA", person / "AppData" / "Local")
            data = config = cache = browsers
    demo = cache / "rbutton" / "demo"
    links = None if platform is Platform.WINDOWS else person / ".local" / "bin"
    data, config = data / "rbutton", config / "rbutton"
    if environ.get("RBUTTON_HOME"):
        home = Path(environ["RBUTTON_HOME"]).expanduser().absolute()
        return Places(home, home, home, person, browsers, demo, None, platform=platform)
    return Places(None, data, config, person, browsers, demo, links, platform=platform)


def places_for_all() -> Places:
    """The folders of an installation for everyone on this machine (Linux, FHS 3.0: 4.9)."""
    person = Path("~")
    return Places(
        home=None,
        data=Path("/usr/local/lib/rbutton"),
        config=person / ".config" / "rbutton",
        user_home=person,
        user_config=person / ".config",
        demo=person / ".cache" / "rbutton" / "demo",
        links=Path("/usr/local/bin"),
        for_all=True,
    )


def _named(environ: Mapping[str, str], name: str, default: Path) -> Path:
    # The XDG Base Directory Specification: a path that is not absolute is ignored.
    value = environ.get(name, "")
    return Path(value) if os.path.isabs(value) else default  # noqa: PTH117 - as text
