"""What is wrong with the person's own things: terms, seed, ledger. Nothing is changed or asked for.

Above all no keyring is unlocked: where it is locked, that is the finding.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rbutton.finding import Finding, ok, problem, warning
from rbutton.person import files, terms_file
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import VERSION, Ledger
from rbutton.person.patience import Refused, within
from rbutton.person.seed import MAKE_ONE, SERVICE
from rbutton.person.seed_place import Place, SeedPlace
from rbutton.person.verification import BadRecord, Verification, verified
from rbutton.terms.encoding import from_b64u
from rbutton.terms.errors import InvalidDocument

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

KEYRING_SECONDS = 5.0
"""For a keyring that asks nobody."""
HELD_SECONDS = 2.0
"""A host holds it for some milliseconds at a time."""
LEDGER_SECONDS = 10.0
"""How long records are checked; `rbutton verify` checks all, however many there are."""
_FROM_A_BACKUP = "Put it back from a backup: rbutton import FILE"
_UNLOCK = (
    "Unlock it: log in with your password, or use your desktop's program for passwords and keys."
)
_OF_THE_SECRET_SERVICE = {"SecretService", "libsecret"}
_MAGIC = b"SQLite format 3\0"
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def look(home: Home, roster: Collection[str]) -> Iterator[Finding]:
    """All there is to find about them.

    Args:
        home: need not be there.
        roster: ids that terms may name.
    """
    yield _terms(home, roster)
    yield from _seed(home)
    yield from _ledger(home.data / "ledger.sqlite3")


def _terms(home: Home, roster: Collection[str]) -> Finding:
    if not terms_file.had_first_run(home):
        return ok("terms-not-yet", f"{home.terms_file} is written when the button first starts.")
    wrong = terms_file.problem_of(home, roster)
    if wrong is None:
        return ok("terms", f"Your terms have no mistake: {home.terms_file}.")
    if not os.path.lexists(home.terms_file):
        return problem("terms-missing", wrong.message, wrong.fix)
    still = "The last good version stays in force meanwhile."
    return problem(
        "terms-mistake", f"{wrong.message} {still}", f"{wrong.fix} The file: {home.terms_file}"
    )


# The seed.


def _seed(home: Home) -> Iterator[Finding]:
    try:
        chosen = SeedPlace(home).recorded()
    except PersonError as error:
        yield problem("seed-place-unreadable", error.message, error.fix)
        return
    if chosen is None:
        yield _no_seed_yet(home)
    elif chosen.place == "file":
        yield from _seed_file(home)
    else:
        yield from _keyring(home, chosen)


def _seed_file(home: Home) -> Iterator[Finding]:
    path = home.data / "seed"
    try:
        text = path.read_text("ascii").strip()
        others = files.open_to_others(path.stat())
    except FileNotFoundError:
        yield problem("seed-gone", f"The seed of your keys is gone: {path}.", _FROM_A_BACKUP)
        return
    except (OSError, UnicodeDecodeError):
        yield problem("seed-damaged", f"{path} cannot be read.", _FROM_A_BACKUP)
        return
    if others:
        yield problem("seed-open", f"{path} can be read by others.", f"Type: chmod 600 '{path}'")
    elif not _is_a_seed(text):
        yield problem("seed-damaged", f"{path} does not hold a seed.", _FROM_A_BACKUP)
    elif home.portable:
        yield ok("seed", f"The seed of your keys is there: {path}.")
    else:
        yield warning(
            "seed-in-a-file",
            f"No keyring was found when the seed of your keys was made: it is in {path}, which "
            "only you can read.",
            "Nothing has to be done. What keeps others from your files, such as an encrypted disk, "
            "keeps them from it.",
        )


def _keyring(home: Home, chosen: Place) -> Iterator[Finding]:
    module = (chosen.backend or "").rpartition(".")[0].rpartition(".")[2]
    if module not in _OF_THE_SECRET_SERVICE:
        yield ok(
            "keyring-not-asked",
            f"The seed of your keys is in your keyring ({module}); it was not asked, as it might "
            "have asked you.",
        )
        return
    yield _told("is in it", lambda bus: _asked(bus, str(home.data)), _NO_KEYRING)


_NOT_YET = ok("seed-not-yet", "The seed of your keys is made with your first offer.")


def _no_seed_yet(home: Home) -> Finding:
    """What the first offer will meet."""
    if home.portable or (home.data / "seed").exists():
        return _NOT_YET
    try:
        import secretstorage  # noqa: F401
    except ImportError:  # another platform's keyring, which might ask
        return _NOT_YET
    return _told("would be kept in it", _where_a_seed_goes, _NOT_YET)


def _where_a_seed_goes(bus: "DBusConnection") -> Finding:
    """The collection that `keyring` takes; nothing is made or unlocked."""
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    try:
        locked = secretstorage.get_collection_by_alias(bus, "default").is_locked()
    except ItemNotFoundException:
        return warning(
            "keyring-empty",
            "No keyring was made for you yet, and the seed of your keys would be kept in one. "
            "Your first offer will ask you to make it, and fail where it cannot ask.",
            f"{MAKE_ONE}.",
        )
    if not locked:
        return _NOT_YET
    return warning(
        "keyring-locked",
        "Your keyring is locked, and the seed of your keys would be kept in it. Your first offer "
        "will ask you to unlock it.",
        f"{_UNLOCK} It then asks nothing.",
    )


def _told(seed: str, ask: Callable[["DBusConnection"], Finding], absent: Finding) -> Finding:
    """What `ask` finds, or what a keyring that does not answer it comes to.

    Args:
        seed: of the seed, as "is in it".
        ask: asks the keyring.
        absent: what it is where there is none.
    """
    try:
        return within(KEYRING_SECONDS, lambda: _in_the_secret_service(ask, absent))
    except TimeoutError:
        return problem(
            "keyring-silent",
            f"Your keyring did not answer in {KEYRING_SECONDS:.0f} seconds, and the seed of your "
            f"keys {seed}.",
            "End it and start it again (gnome-keyring-daemon, or another Secret Service): the "
            "simplest way is to log out and in.",
        )
    except Refused as error:
        return problem(
            "keyring-refuses",
            f"Your keyring refuses to answer: {type(error.__cause__).__name__}.",
            "See what it says itself, in your desktop's program for passwords and keys.",
            detail=str(error.__cause__)[:300],
        )


def _in_the_secret_service(ask: Callable[["DBusConnection"], Finding], absent: Finding) -> Finding:
    import secretstorage
    from secretstorage.exceptions import SecretStorageException

    try:
        bus = secretstorage.dbus_init()
    except (SecretStorageException, OSError):
        return absent
    with closing(bus):
        return ask(bus) if secretstorage.check_service_availability(bus) else absent


_NO_KEYRING = problem(
    "keyring-absent",
    "There is no keyring here now, and the seed of your keys is in one.",
    "Start it (GNOME Keyring, KeePassXC or another Secret Service) in the session in which "
    "your browser runs.",
)


def _asked(bus: "DBusConnection", entry: str) -> Finding:
    """The entry is looked for as `keyring` does, but for unlocking."""
    import secretstorage

    items = list(secretstorage.search_items(bus, {"service": SERVICE, "username": entry}))
    # A locked keyring need not say what is in it.
    where = items or secretstorage.get_all_collections(bus)
    if any(one.is_locked() for one in where):
        return problem(
            "keyring-locked",
            "Your keyring is locked, and the seed of your keys is in it.",
            _UNLOCK,
        )
    if not items:
        return problem(
            "seed-gone",
            f"Your keyring no longer has the entry “{SERVICE}” for {entry}, the seed of your keys.",
            _FROM_A_BACKUP,
        )
    if not _is_a_seed(items[0].get_secret().decode("ascii", "replace")):
        return problem(
            "seed-damaged", "The entry in your keyring does not hold a seed.", _FROM_A_BACKUP
        )
    return ok("seed", "The seed of your keys is in your keyring.")


def _is_a_seed(text: str) -> bool:
    try:
        return len(from_b64u(text)) == 32
    except InvalidDocument:
        return False


def _ledger(path: Path) -> Iterator[Finding]:
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        yield ok("ledger-not-yet", "Nothing was offered yet, so there is no ledger.")
        return
    except OSError as error:
        yield problem(
            "ledger-unreadable",
            f"Your ledger cannot be read: {path}: {error.strerror}.",
            "Make it a file that you may read and write.",
        )
        return
    if not header:
        yield ok("ledger-not-yet", f"Your ledger is empty: {path}.")
        return
    # https://www.sqlite.org/fileformat.html, "The Database Header": the application's own number.
    version = int.from_bytes(header[60:64], "big")
    if not header.startswith(_MAGIC) or version == 0:
        yield problem("ledger-damaged", f"{path} is no ledger any more.", _take_it_away(path))
        return
    if version > VERSION:
        yield problem(
            "ledger-newer",
            f"Your ledger was written by a newer r-button: {path}.",
            "Install that one again, or a newer one: python3 install_host.py in its folder.",
        )
        return
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield problem(
            "ledger-read-only",
            f"Your ledger cannot be written to: {path}.",
            "Make the file and its folder writable for you, or the disk they are on.",
        )
    if _is_held(path):
        yield problem(
            "ledger-busy",
            f"Your ledger is held by another program: {path}.",
            "Close programs that have it open, such as a viewer of databases.",
        )
        return
    yield _records(Ledger(path), path)


def _is_held(path: Path) -> bool:
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=HELD_SECONDS)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except sqlite3.Error as error:
        return error.sqlite_errorname.startswith("SQLITE_BUSY")
    return False


def _take_it_away(path: Path) -> str:
    return (
        f"Keep a copy of {path} elsewhere, take it away, and put a backup in its place: "
        "rbutton import FILE"
    )


class _LongEnough(Exception):
    """Some records are checked, not all."""


def _records(ledger: Ledger, path: Path) -> Finding:
    until = time.monotonic() + LEDGER_SECONDS
    checked = 0

    def progress(done: int, _total: int) -> None:
        nonlocal checked
        checked = done
        if time.monotonic() > until:
            raise _LongEnough

    try:
        tail = ledger.tail()
        for _ in verified(ledger, tail, progress, Verification()):
            pass
    except BadRecord as error:
        return problem("ledger-damaged", error.message, error.fix)
    except PersonError as error:
        return _unusable(error, path)
    except _LongEnough:
        return ok(
            "ledger",
            f"Your ledger is whole as far as its first {checked:,} of {tail.records:,} records; "
            "rbutton verify checks all of them.",
        )
    return ok("ledger", f"Your ledger is whole: {tail.records:,} records.")


def _unusable(error: PersonError, path: Path) -> Finding:
    cause = error.__cause__
    name = cause.sqlite_errorname if isinstance(cause, sqlite3.Error) else ""
    if name in _DAMAGED:
        return problem("ledger-damaged", error.message, _take_it_away(path))
    return problem("ledger-unreadable", error.message, error.fix)
