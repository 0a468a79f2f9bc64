"""What an installation wrote outside the person's own data: what uninstalling removes."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from rbutton.browsers import files
from rbutton.browsers.problems import SetupError


@dataclass
class Record:
    """Paths, as strings, by how each is told to be still ours before it is removed."""

    build: str = ""
    trees: list[str] = field(default_factory=list)
    """Folders that are ours with all that is in them."""
    programs: list[str] = field(default_factory=list)
    """Files in the data folder."""
    manifests: list[str] = field(default_factory=list)
    """Ours while they name our launcher."""
    links: list[str] = field(default_factory=list)
    """Ours while they point into the data folder."""
    folders: list[str] = field(default_factory=list)
    """Made on the way, outermost first: removed if nothing is left in them."""
    profiles: dict[str, str] = field(default_factory=dict)
    """Of the manifests those in a folder of a profile of its own, and the browser's name."""

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The record at `path`, or None where nothing was installed.

        Raises:
            SetupError: it cannot be read.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise SetupError(
                f"The record of what was installed, {path}, cannot be read: {error}",
                "Run install_host.py again: it makes the record anew.",
            ) from error

    def save(self, path: Path, mode: int = 0o600) -> None:
        """Writes the record."""
        files.write(path, json.dumps(asdict(self), indent=2) + "\n", mode)

    @property
    def written(self) -> list[str]:
        """What is written in one step each, so that a crash may leave something beside it."""
        return [*self.manifests, *self.programs, *self.links]

    def add(self, other: Self) -> None:
        """Takes over the paths of `other`."""
        for name, paths in asdict(other).items():
            if isinstance(paths, list):
                mine: list[str] = getattr(self, name)
                mine.extend(path for path in paths if path not in mine)
        self.profiles |= other.profiles

    def drop_what_is_gone(self) -> None:
        """Forgets the paths at which nothing is any more."""
        for name, paths in asdict(self).items():
            if isinstance(paths, list):
                setattr(self, name, [path for path in paths if os.path.lexists(path)])
        self.profiles = {path: of for path, of in self.profiles.items() if path in self.manifests}
