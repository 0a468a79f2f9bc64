"""Where the r-button's files are on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The folders of one installation, all absolute."""

    home: Path | None
    """`RBUTTON_HOME`, where everything is under one folder; None in daily use."""
    data: Path
    config: Path
    user_home: Path
    user_config: Path
    """`$XDG_CONFIG_HOME` or `~/.config`. Browsers have their folders there, or in `user_home`."""
    demo: Path
    """The demo's environment, kept for the next demo, apart from what the person uses."""
    links: Path | None
    """Where the person's shell may find `rbutton`; None under `RBUTTON_HOME`."""
    for_all: bool = False
    """Root's, for everyone on this machine. What is a person's is then named with a `~`."""

    @property
    def launcher(self) -> Path:
        """What the browser starts."""
        return self.data / "bin" / "rbutton-host"

    @property
    def command(self) -> Path:
        """What the person types."""
        return self.data / "bin" / "rbutton"

    @property
    def extension(self) -> Path:
        """The copy of the extension that the browser loads."""
        return self.data / "extension"

    @property
    def packed(self) -> Path:
        """The extension as Firefox takes it, for everyone."""
        return self.data / "extension.xpi"

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


def places(environ: Mapping[str, str]) -> Places:
    """The folders that `RBUTTON_HOME`, the XDG variables or, without them, `HOME` name."""
    person = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    demo = _xdg(environ, "XDG_CACHE_HOME", person / ".cache") / "rbutton" / "demo"
    configs = _xdg(environ, "XDG_CONFIG_HOME", person / ".config")
    if environ.get("RBUTTON_HOME"):
        home = Path(environ["RBUTTON_HOME"]).expanduser().absolute()
        return Places(home, home, home, person, configs, demo, None)
    data = _xdg(environ, "XDG_DATA_HOME", person / ".local" / "share")
    links = person / ".local" / "bin"
    return Places(None, data / "rbutton", configs / "rbutton", person, configs, demo, links)


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


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    # The XDG Base Directory Specification: a path that is not absolute is ignored.
    value = environ.get(name, "")
    return Path(value) if value.startswith(os.sep) else default
