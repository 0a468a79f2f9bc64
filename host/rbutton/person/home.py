"""Where the person's files are, and that only the person can read them."""

import os
from dataclasses import dataclass
from pathlib import Path

from rbutton.person import files
from rbutton.person.errors import PersonError

VARIABLE = "RBUTTON_HOME"


@dataclass(frozen=True)
class Home:
    """The folders of one person.

    Attributes:
        config: holds `terms.toml`.
        data: holds the ledger, the last good settings and what tells where the seed is.
        portable: everything, the seed too, is in one folder; the keyring is left alone.
    """

    config: Path
    data: Path
    portable: bool

    @classmethod
    def in_one_folder(cls, folder: Path) -> "Home":
        """For tests, demos and portable use."""
        return cls(config=folder, data=folder, portable=True)

    @classmethod
    def of_environment(cls) -> "Home":
        """`RBUTTON_HOME` where it is set, else the platform's folders."""
        if folder := os.environ.get(VARIABLE):
            return cls.in_one_folder(Path(folder).absolute())
        # A host of the person's own is told its folders.
        from platformdirs import PlatformDirs

        folders = PlatformDirs("rbutton", appauthor=False)
        return cls(folders.user_config_path, folders.user_data_path, portable=False)

    @property
    def terms_file(self) -> Path:
        return self.config / "terms.toml"

    @property
    def last_good(self) -> Path:
        """The terms as they last were without a mistake."""
        return self.data / "terms.last-good.toml"

    @property
    def confirmed(self) -> Path:
        """The terms under which the person lets the agent sign by itself."""
        return self.data / "terms.confirmed.toml"

    def open(self) -> None:
        """Make the folders where they are missing; refuse those that others can enter.

        Raises:
            PersonError: a folder cannot be made, is not the user's, or its mode is not 0700.
        """
        for folder in {self.config, self.data}:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                found = folder.stat()
            except OSError as error:
                raise PersonError(
                    "home",
                    f"{folder} cannot be used: {error.strerror}.",
                    "Make it writable for you.",
                ) from None
            if files.POSIX and found.st_uid != os.getuid():
                raise PersonError(
                    "home", f"{folder} belongs to another user.", f"Run: chown -R $USER '{folder}'"
                )
            if mode := files.open_to_others(found):
                raise PersonError(
                    "home",
                    f"{folder} can be entered by others (mode {mode:03o} too much).",
                    f"Run: chmod 700 '{folder}'",
                )
