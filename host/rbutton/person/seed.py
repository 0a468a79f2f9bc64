"""The seed of all the person's keys: in the OS keyring, or in a file where there is none.

Where it is, is chosen once and recorded; it is never moved silently, nor made anew while a record
says that there is one.
"""

import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from filelock import FileLock

from rbutton.person import files
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.patience import Refused, Result, within
from rbutton.person.seed_place import Place, SeedPlace
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.errors import InvalidDocument

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "rbutton"
#: A locked keyring may wait for a prompt that nobody sees.
KEYRING_SECONDS = 25.0
#: What is raised where the keyring ended between two answers, or mistook its default collection.
#: gnome-keyring does both now and then when several ask at once (GNOME/gnome-keyring#196).
PASSING = {
    "SecretServiceNotAvailableException",
    "ItemNotFoundException",
    "DBusErrorResponse",
}
#: What to do where a Secret Service has no default collection; without its stop.
MAKE_ONE = (
    "Log out and log in with your password, which makes one; or make one in your desktop's program "
    "for passwords and keys, and set it as the default"
)


class SeedGone(PersonError):
    """There was a seed, and it is no longer where it was kept."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__("seed", message, fix)


class Seed:
    """Read or made on first use; `import keyring` is slow, so it waits till then."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._place = SeedPlace(home)
        self._file = home.data / "seed"

    def read(self) -> bytes:
        """The 32 bytes.

        Raises:
            PersonError: the keyring is locked, silent or gone, or holds something else.
        """
        with FileLock(self._home.data / "seed.lock", mode=0o600):
            chosen = self._place.recorded()
            return self._recorded(chosen) if chosen else self._first()

    def kept(self) -> bytes | None:
        """What `read` would find; None where it would make one.

        Raises:
            PersonError: as `read`.
        """
        with FileLock(self._home.data / "seed.lock", mode=0o600):
            chosen = self._place.recorded()
            return self._recorded(chosen) if chosen else self._left()

    def put(self, seed: bytes) -> None:
        """Keep this one from now on, where the seed is or would be; an earlier one is gone.

        Raises:
            PersonError: as `read`; the earlier one is still there.
        """
        text = b64u(seed)
        with FileLock(self._home.data / "seed.lock", mode=0o600):
            chosen = self._place.recorded()
            backend = self._backend_of(chosen) if chosen else self._backend()
            if backend:
                _in_time(lambda: backend.set_password(SERVICE, self._entry(), text))
            else:
                files.write(self._file, text + "\n")
            if chosen is None:
                self._place.record(_place_in(backend))

    def remove(self) -> bool:
        """Take it out of the keyring. A file of it goes with the folder it is in.

        Returns:
            Whether there was an entry of this home's.

        Raises:
            PersonError: the keyring is locked, silent or gone; what was in it still is.
        """
        try:
            chosen = self._place.recorded()
        except PersonError:
            chosen = None
        # Also where no record tells of one: a crash may have come between.
        backend = self._backend_of(chosen) if chosen else self._backend()
        if backend is None:
            return False
        if _in_time(lambda: backend.get_password(SERVICE, self._entry())) is None:
            return False
        _in_time(lambda: backend.delete_password(SERVICE, self._entry()))
        return True

    def _backend(self) -> "KeyringBackend | None":
        return None if self._home.portable else _in_time(_best_backend)

    def _backend_of(self, chosen: Place) -> "KeyringBackend | None":
        name = chosen.backend
        if chosen.place == "file" or name is None:
            return None
        return _in_time(lambda: _load_backend(name))

    def _left(self) -> bytes | None:
        """What a crash left before the choice of its place was recorded."""
        backend = self._backend()
        if backend is None:
            return self._from_file() if self._file.exists() else None
        found = _in_time(lambda: backend.get_password(SERVICE, self._entry()))
        return None if found is None else _decode(found, "The keyring's entry")

    def _first(self) -> bytes:
        backend = self._backend()
        if backend is None:
            if not self._file.exists():
                files.create(self._file, b64u(os.urandom(32)) + "\n")
            self._place.record(_place_in(None))
            return self._from_file()
        # A crash after the keyring took it and before the record was written: take that one.
        found = _in_time(lambda: backend.get_password(SERVICE, self._entry()))
        if found is None:
            found = b64u(os.urandom(32))
            _in_time(lambda: backend.set_password(SERVICE, self._entry(), found))
        self._place.record(_place_in(backend))
        return _decode(found, "The keyring's entry")

    def _recorded(self, chosen: Place) -> bytes:
        backend = self._backend_of(chosen)
        if backend is None:
            return self._from_file()
        found = _in_time(lambda: backend.get_password(SERVICE, self._entry()))
        if found is None:
            raise SeedGone(
                f"Your keyring no longer has the entry “{SERVICE}” for {self._entry()}.",
                "Put it back from a backup: without it your earlier agreements cannot be ended.",
            )
        return _decode(found, "The keyring's entry")

    def _from_file(self) -> bytes:
        try:
            if files.open_to_others(self._file.stat()):
                raise PersonError(
                    "seed", f"{self._file} can be read by others.", f"Run: chmod 600 '{self._file}'"
                )
            text = self._file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise SeedGone(f"{self._file} cannot be read.", "Put it back from a backup.") from None
        return _decode(text, str(self._file))

    def _entry(self) -> str:
        return str(self._home.data)


def _place_in(backend: "KeyringBackend | None") -> Place:
    if backend is None:
        return Place("file", None)
    return Place("keyring", f"{type(backend).__module__}.{type(backend).__name__}")


def _decode(text: str, where: str) -> bytes:
    try:
        seed = from_b64u(text)
    except InvalidDocument:
        seed = b""
    if len(seed) != 32:
        raise SeedGone(f"{where} is not a seed.", "Put it back from a backup.")
    return seed


def _best_backend() -> "KeyringBackend | None":
    """The operating system's own keyring, or None. Chosen here: `keyring`'s default may change."""
    from keyring import backend, core

    core.init_backend()
    own = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
    found = [
        one
        for one in backend.get_all_keyring()
        if one.priority >= 1 and type(one).__module__.rpartition(".")[2] in own
    ]
    return max(found, key=lambda one: one.priority, default=None)


def _load_backend(name: str) -> "KeyringBackend":
    from keyring import core

    return core.load_keyring(name)


def _in_time(work: Callable[[], Result]) -> Result:
    """What `work` returns, in the time a person takes to unlock a keyring.

    A keyring that ended is started by the next call, so there is one.
    """
    try:
        try:
            return within(KEYRING_SECONDS, work)
        except Refused as error:
            if not _passing(error):
                raise
            return within(KEYRING_SECONDS, work)
    except TimeoutError:
        raise PersonError(
            "seed",
            f"Your keyring did not answer in {KEYRING_SECONDS:.0f} seconds.",
            "Unlock it, then press the button again.",
        ) from None
    except Refused as error:
        raise _refused(error.__cause__) from error.__cause__


def _refused(cause: BaseException | None) -> PersonError:
    if type(cause).__name__ == "InitError" and _is_among(cause, {"PromptDismissedException"}):
        return PersonError(
            "seed",
            "No keyring was ever made for you in your program for passwords and keys, and it could "
            "not ask you to make one, or you did not.",
            MAKE_ONE + ". Then press the button again.",
        )
    return PersonError(
        "seed",
        f"Your keyring refused: {type(cause).__name__}.",
        "Unlock it, then press the button again.",
    )


def _passing(error: BaseException | None) -> bool:
    return _is_among(error, PASSING)


def _is_among(error: BaseException | None, names: Collection[str]) -> bool:
    """Whether it, or what it came of, is called one of these; `keyring` need not be loaded."""
    while error is not None and type(error).__name__ not in names:
        error = error.__cause__
    return error is not None
