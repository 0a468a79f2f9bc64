"""`terms.toml` on disk: the first one, every later edit, and the last good one meanwhile."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from rbutton.person import files, settings
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.settings import Settings

#: Far more than anybody writes; a larger file is a mistake.
MAX_BYTES = 262_144


class TermsFile:
    """The settings in force, followed as the file changes.

    An edit counts after two equal reads, so that a half-saved file counts for nothing. While the
    file is missing or wrong, the last good settings stay in force and `problem` says what to do.

    Attributes:
        settings: in force now.
        problem: what is wrong with the file as it is, or None.

    Raises:
        PersonError: the folder cannot be written to at the first run.
    """

    def __init__(self, home: Home, roster: Collection[str]) -> None:
        self._path = home.terms_file
        self._last_good = home.last_good
        self._lock = home.data / "terms.lock"
        self._roster = roster
        self.settings = Settings()
        self.problem: PersonError | None = None
        if not had_first_run(home):
            files.create(self._path, settings.FIRST_TEXT)
        self._taken = self._seen = self._read()
        self._take(self._taken)
        if self.problem:
            self._fall_back()

    @property
    def path(self) -> Path:
        return self._path

    def look(self) -> bool:
        """Look at the file once; to be called about twice a second.

        Returns:
            Whether settings or problem changed.
        """
        text = self._read()
        settled, self._seen = _same(text, self._seen), text
        if not settled or _same(text, self._taken):
            return False
        self._taken = text
        self._take(text)
        return True

    def set(self, key: str, value: Any) -> None:
        """Change one setting, keeping the comments and order of the file.

        Args:
            key: section and name, "signals.dnt".
            value: as TOML has it.

        Raises:
            PersonError: the file is broken now, or the change would break it; it is left alone.
        """
        # Only a change needs them.
        import tomlkit
        from filelock import FileLock
        from tomlkit.exceptions import TOMLKitError
        from tomlkit.items import Table

        section, name = key.split(".")
        with FileLock(self._lock, mode=0o600):
            text = self._read()
            if isinstance(text, PersonError):
                raise text
            settings.parse(text, self._roster)
            try:
                document = tomlkit.parse(text)
                table = document.setdefault(section, tomlkit.table())
            except TOMLKitError as error:
                raise PersonError("config", f"terms.toml: {error}.", "Mend it by hand.") from None
            if not isinstance(table, Table):
                raise PersonError(
                    "config", f"terms.toml: {section} is no section.", "Edit the file by hand."
                )
            table[name] = value
            changed = tomlkit.dumps(document)
            settings.parse(changed, self._roster)
            if len(changed.encode("utf-8")) > MAX_BYTES:
                raise _too_large()
            files.write(self._path, changed)
        self._taken = self._seen = changed
        self._take(changed)

    def _read(self) -> str | PersonError:
        return _read(self._path, self._last_good)

    def _take(self, text: str | PersonError) -> None:
        try:
            if isinstance(text, PersonError):
                raise text
            self.settings = settings.parse(text, self._roster)
        except PersonError as error:
            self.problem = error
            return
        self.problem = None
        try:
            if self._last_good.read_bytes() == text.encode("utf-8"):
                return
        except OSError:
            pass
        try:
            files.write(self._last_good, text)
        except PersonError as error:
            self.problem = error

    def _fall_back(self) -> None:
        try:
            text = self._last_good.read_text("utf-8")
            self.settings = settings.parse(text, self._roster)
        except (OSError, UnicodeDecodeError, PersonError):
            # Nothing good is known: signals on, and nothing offered by itself.
            proffer = settings.Proffer(negotiate="never")
            self.settings = Settings(proffer=proffer)


def had_first_run(home: Home) -> bool:
    """Whether there ever was a `terms.toml`."""
    return home.last_good.exists() or home.terms_file.exists()


def problem_of(home: Home, roster: Collection[str]) -> PersonError | None:
    """What is wrong with the file as it is now, or None. Nothing is written."""
    text = _read(home.terms_file, home.last_good)
    if isinstance(text, PersonError):
        return text
    try:
        settings.parse(text, roster)
    except PersonError as error:
        return error
    return None


def _read(path: Path, last_good: Path) -> str | PersonError:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return PersonError(
            "config",
            f"{path} is missing.",
            f"Put it back; the last good one is {last_good}.",
        )
    except OSError as error:
        return PersonError(
            "config", f"{path} cannot be read: {error.strerror}.", "Make it readable."
        )
    if len(data) > MAX_BYTES:
        return _too_large()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return PersonError("config", f"terms.toml, line {line}: not UTF-8.", "Save it as UTF-8.")


def _too_large() -> PersonError:
    return PersonError(
        "config",
        f"terms.toml is too large: more than {MAX_BYTES:,} bytes.",
        "Keep it under 256 KiB.",
    )


def _same(one: str | PersonError, other: str | PersonError) -> bool:
    # Two errors are equal when they say the same; Python compares them by identity.
    return type(one) is type(other) and str(one) == str(other)
