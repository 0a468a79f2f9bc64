"""`terms.toml` on disk: the first one, every later edit, and the last good one meanwhile."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rbutton.person import files, settings, terms_edit
from rbutton.person.errors import Mistake, PersonError
from rbutton.person.home import Home
from rbutton.person.settings import Settings
from rbutton.person.settings_parsing import parse

#: Room for a section of each of the sites there may be, and little enough that the browser is told
#: of all of it in one message.
MAX_BYTES = 458_752
FIX_TOO_LARGE = f"Keep it under {MAX_BYTES // 1024} KiB."
#: How often an edit begins anew because another program wrote meanwhile.
_TRIES = 5
#: More are told by their number: whoever replaced the whole file knows that.
_SHOWN = 40


@dataclass(frozen=True)
class Loosened:
    """An edit by hand that the person is to confirm before anything is signed by itself under it.

    Attributes:
        id: of this edit of what was confirmed before; another edit has another.
        changes: what is laxer, in sentences.
    """

    id: str
    changes: list[str]


class TermsFile:
    """The settings in force, followed as the file changes. Any thread may call.

    An edit counts after two equal reads, so that a half-saved file counts for nothing. While the
    file is missing or wrong, the last good settings stay in force and `problem` says what to do.

    Attributes:
        settings: in force now.
        problem: what is wrong with the file as it is, or None.
        loosened: what is in force and not yet confirmed, or None. Until it is, nothing is signed
            but by the person's click.

    Raises:
        PersonError: the folder cannot be written to at the first run.
    """

    def __init__(self, home: Home, roster: Collection[str]) -> None:
        self._path = home.terms_file
        self._last_good = home.last_good
        self._confirmed = home.confirmed
        self._undone = home.config / "terms.undone.toml"
        self._lock = home.data / "terms.lock"
        self._roster = roster
        self._busy = threading.RLock()
        self.settings = Settings()
        self.problem: PersonError | None = None
        self.loosened: Loosened | None = None
        self._in_force: str | None = None
        if not had_first_run(home):
            files.create(self._path, settings.FIRST_TEXT)
        self._taken = self._seen = self._read()
        self._known = self._read_confirmed()
        self._take(self._taken)
        if self.problem:
            self._fall_back()

    @property
    def path(self) -> Path:
        return self._path

    @property
    def knows_good(self) -> bool:
        """Whether `settings` are the person's: else nothing good is known, and they are safe."""
        return self._in_force is not None

    def read(self) -> str:
        """The text as it is now, right or wrong.

        Raises:
            PersonError: it is missing, or cannot be read.
        """
        text = self._read()
        if isinstance(text, PersonError):
            raise text
        return text

    def look(self) -> bool:
        """Look at the file once; to be called about twice a second.

        Returns:
            Whether settings, problem or what is to be confirmed changed.
        """
        with self._busy:
            text, known = self._read(), self._read_confirmed()
            settled, self._seen = _same(text, self._seen), text
            if not settled:
                return False
            if not _same(text, self._taken):
                self._taken, self._known = text, known
                self._take(text)
                return True
            if known == self._known:
                return False
            # By another browser's agent.
            self._known, before = known, self.loosened
            self._compare()
            return self.loosened != before

    def set(self, key: str, value: Any) -> None:
        """Change one setting, or take it out with None; comments and order stay.

        Args:
            key: as `terms_edit.key_of` has it: "signals.dnt", "sites.news.example.gpc".
            value: as TOML has it.

        Raises:
            PersonError: the file is broken now, or the change would break it; it is left alone.
        """
        path = terms_edit.key_of(key)
        self._edit(lambda text: terms_edit.put(text, path, value))

    def list_also(self, ids: Sequence[str]) -> None:
        """Accept these as counter-offers too, without asking.

        Raises:
            PersonError: as `set`.
        """

        def change(text: str) -> str:
            also = parse(text, self._roster).proffer.also
            more = [one for one in ids if one not in also]
            return terms_edit.put(text, terms_edit.key_of("proffer.also"), [*also, *more])

        self._edit(change)

    def grant(self, site: str, targets: Sequence[str] | None, until: str | None) -> None:
        """Add one of `exceptions`, or change when it ends.

        Args:
            site: a host name, or "*." and one.
            targets: host names; None: everybody on that site.
            until: RFC 3339; None: until it is revoked.

        Raises:
            PersonError: as `set`.
        """
        self._edit(lambda text: terms_edit.grant(text, site, targets, until))

    def revoke(self, site: str, targets: object = terms_edit.ALL) -> None:
        """Take out what `exceptions` has of a site and these targets, or of all.

        Raises:
            PersonError: as `set`.
        """
        self._edit(lambda text: terms_edit.revoke(text, site, targets))

    def replace(self, old: str, new: str) -> None:
        """Put another text in the place of the text `old`, right or wrong; it is confirmed.

        Raises:
            PersonError: the new text is wrong, or the file is not `old` any more.
        """

        def change(text: str) -> str:
            if text != old:
                raise _changed_meanwhile()
            return new

        self._edit(change, whole=True)

    def confirm(self, edit: str) -> None:
        """The person keeps what `loosened` shows.

        Args:
            edit: its `id`.

        Raises:
            PersonError: it is another edit by now.
        """
        with self._busy, self._alone():
            files.write(self._confirmed, self._asked_about(edit))
            self._known = self._read_confirmed()
            self._compare()

    def undo(self, edit: str) -> None:
        """Put the file back as it was last confirmed; what it was is kept beside it.

        Args:
            edit: the `id` of `loosened`.

        Raises:
            PersonError: it is another edit by now, or what was confirmed cannot be read.
        """
        with self._busy, self._alone():
            now, before = self._asked_about(edit), self._read_confirmed()
            if not _same(self._read(), now):
                raise _changed_meanwhile()
            parse(before or "", self._roster)
            files.write(self._undone, now)
            files.write(self._path, before or "")
            self._taken = self._seen = before or ""
            self._take(self._taken)

    def loosens(self, text: str) -> list[str]:
        """What is laxer in that text than in what the person last confirmed.

        Raises:
            PersonError: the text is wrong.
        """
        confirmed = self._read_confirmed()
        after = parse(text, self._roster)
        return [] if confirmed is None else self._between(confirmed, after)

    def _edit(self, change: Callable[[str], str], *, whole: bool = False) -> None:
        with self._busy, self._alone():
            for _ in range(_TRIES):
                text = self.read()
                if not whole:
                    parse(text, self._roster)
                changed = self._changed(change, text)
                # Somebody may have saved the file meanwhile, and programs of others know no lock.
                if _same(self._read(), text):
                    if changed != text:
                        files.write(self._path, changed)
                    break
            else:
                raise _changed_meanwhile()
            self._confirm_too(change, text, changed, whole=whole)
            self._taken = self._seen = changed
            self._take(changed)

    def _changed(self, change: Callable[[str], str], text: str) -> str:
        changed = change(text)
        parse(changed, self._roster)
        if len(changed.encode("utf-8")) > MAX_BYTES:
            raise _too_large()
        return changed

    def _confirm_too(
        self, change: Callable[[str], str], text: str, changed: str, *, whole: bool
    ) -> None:
        """An edit from here is the person's act: it needs no second one. An earlier one may."""
        confirmed = self._read_confirmed()
        if not whole and confirmed not in (None, text):
            try:
                # It may have come with a backup, mistakes and all.
                parse(confirmed or "", self._roster)
                changed = self._changed(change, confirmed or "")
            except PersonError:
                return
        if changed != confirmed:
            files.write(self._confirmed, changed)
        self._known = changed

    def _alone(self) -> Any:
        # Only a change needs it.
        from filelock import FileLock

        return FileLock(self._lock, mode=0o600)

    def _asked_about(self, edit: str) -> str:
        self._known = self._read_confirmed()
        self._compare()
        if self._in_force is None or self.loosened is None or self.loosened.id != edit:
            raise _changed_meanwhile()
        return self._in_force

    def _read(self) -> str | PersonError:
        return _read(self._path, self._last_good)

    def _read_confirmed(self) -> str | None:
        try:
            with self._confirmed.open("rb") as file:
                return file.read(MAX_BYTES + 1).decode("utf-8", "replace")
        except OSError:
            return None

    def _take(self, text: str | PersonError) -> None:
        try:
            if isinstance(text, PersonError):
                raise text
            self.settings = parse(text, self._roster)
        except PersonError as error:
            self.problem = error
            return
        self.problem = None
        self._in_force = text
        try:
            _keep(self._last_good, text)
            self._compare()
            if self.loosened is None:
                _keep(self._confirmed, text)
                self._known = text
        except PersonError as error:
            self.problem = error

    def _fall_back(self) -> None:
        try:
            text = self._last_good.read_text("utf-8")
            self.settings = parse(text, self._roster)
        except (OSError, UnicodeDecodeError, PersonError):
            # Nothing good is known: signals on, and nothing offered by itself.
            proffer = settings.Proffer(negotiate="never")
            self.settings = Settings(proffer=proffer)
        else:
            self._in_force = text
            self._compare()

    def _compare(self) -> None:
        """Hold what is in force against what was confirmed."""
        confirmed, text = self._known, self._in_force
        self.loosened = None
        if confirmed is None or text is None or confirmed == text:
            return
        if changes := self._between(confirmed, self.settings):
            import hashlib

            digest = hashlib.sha256(f"{confirmed}\0{text}".encode()).hexdigest()
            self.loosened = Loosened(digest[:32], changes)

    def _between(self, confirmed: str, after: Settings) -> list[str]:
        # Nearly always they are the same, and the first reply to a browser waits for this.
        from rbutton.person.loosening import loosenings

        try:
            before = parse(confirmed, self._roster)
        except PersonError:
            return ["What you had confirmed before cannot be read, so nobody can say what changed."]
        if before == after:
            return []
        changes = loosenings(before, after, datetime.now(UTC))
        more = len(changes) - _SHOWN
        return changes if more <= 0 else [*changes[:_SHOWN], f"And {more:,} more."]


def had_first_run(home: Home) -> bool:
    """Whether there ever was a `terms.toml`."""
    return home.last_good.exists() or home.terms_file.exists()


def text_of(path: Path, last_good: Path | None = None) -> str:
    """The text of a file like `terms.toml`.

    Args:
        path: of the file.
        last_good: what can be put back where it is missing.

    Raises:
        PersonError: it is missing, cannot be read, or is too large.
    """
    text = _read(path, last_good)
    if isinstance(text, PersonError):
        raise text
    return text


def problem_of(home: Home, roster: Collection[str]) -> PersonError | None:
    """What is wrong with the file as it is now, or None. Nothing is written."""
    text = _read(home.terms_file, home.last_good)
    if isinstance(text, PersonError):
        return text
    try:
        parse(text, roster)
    except PersonError as error:
        return error
    return None


def _keep(path: Path, text: str) -> None:
    try:
        if path.read_bytes() == text.encode("utf-8"):
            return
    except OSError:
        pass
    files.write(path, text)


def _read(path: Path, last_good: Path | None) -> str | PersonError:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return PersonError(
            "config",
            f"{path} is missing.",
            f"Put it back; the last good one is {last_good}." if last_good else "Name another.",
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
        return Mistake("not UTF-8.", "Save it as UTF-8.", line)


def _too_large() -> Mistake:
    return Mistake(f"it is too large: more than {MAX_BYTES:,} bytes.", FIX_TOO_LARGE)


def _changed_meanwhile() -> PersonError:
    return PersonError("config", "terms.toml was changed meanwhile.", "Look at it, and try again.")


def _same(one: str | PersonError, other: str | PersonError) -> bool:
    # Two errors are equal when they say the same; Python compares them by identity.
    return type(one) is type(other) and str(one) == str(other)
