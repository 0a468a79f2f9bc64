"""Where the seed is: chosen once and recorded. Told of in the first reply to a browser."""

import json
from dataclasses import dataclass
from typing import Literal

from rbutton.person import files
from rbutton.person.errors import PersonError
from rbutton.person.home import Home

IN_A_FILE = "No keyring was found: the seed of your keys is a file that only you can read."


@dataclass(frozen=True)
class Place:
    """A choice that was made.

    Attributes:
        backend: the keyring's class, as `keyring` loads it; None for a file.
    """

    place: Literal["file", "keyring"]
    backend: str | None


class SeedPlace:
    """The record of it, `seed.json` in the data folder."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.data / "seed.json"

    def notice(self) -> str | None:
        """What the person should know of where the seed is; None before the first use too."""
        try:
            chosen = self.recorded()
        except PersonError:
            return None
        in_a_file = chosen is not None and chosen.place == "file"
        return IN_A_FILE if in_a_file and not self._home.portable else None

    def recorded(self) -> Place | None:
        """What was chosen; None before the first use.

        Raises:
            PersonError: there is a record, and it cannot be read.
        """
        try:
            members = json.loads(self._path.read_text("utf-8"))
            return Place(members["place"], members["backend"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise PersonError(
                "seed", f"{self._path} cannot be read.", "Put it back from a backup."
            ) from None

    def record(self, chosen: Place) -> None:
        """Keep it, once and for all."""
        members = {"place": chosen.place, "backend": chosen.backend}
        files.write(self._path, json.dumps(members) + "\n")
