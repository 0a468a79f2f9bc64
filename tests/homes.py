"""Homes of a person with a past, and backups of them."""

from datetime import UTC, datetime
from pathlib import Path

from rbutton.person import backup, settings
from rbutton.person.backup import Backup
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record
from rbutton.person.sealed_file import Cost, SealedFile
from rbutton.person.seed import Seed
from rbutton.person.verification import Verification, verified
from tests import ledgers, sites

PASSPHRASE = "correct horse battery staple"
#: What the bounds of Argon2 allow: a test is not a lock.
CHEAP = Cost(memory=8, passes=1, lanes=1)
TERMS = settings.FIRST_TEXT.replace('dnt = "on" ', 'dnt = "off"')


def home_in(folder: Path, *, seed: bytes | None = sites.SEED) -> Home:
    """A home after its first run, with nothing agreed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    home = Home.in_one_folder(folder)
    home.terms_file.write_text(settings.FIRST_TEXT)
    if seed:
        Seed(home).put(seed)
    return home


def busy_home(folder: Path, now: datetime | None = None) -> Home:
    """A home with an agreement of each kind, and terms of the person's own."""
    home = home_in(folder)
    home.terms_file.write_text(TERMS)
    home.last_good.write_text(TERMS)
    ledgers.one_of_each(home.data / "ledger.sqlite3", now or datetime.now(UTC))
    return home


def ledger_of(home: Home) -> Ledger:
    """Its ledger."""
    return Ledger(home.data / "ledger.sqlite3")


def sound(home: Home) -> list[Record]:
    """All records of a home; each must be as it was kept."""
    ledger = ledger_of(home)
    links = verified(ledger, ledger.tail(), unheard, Verification())
    return [link.record for link in links]


def unheard(done: int, total: int) -> None:
    """Progress that nobody waits for."""
    assert 0 <= done <= total


def exported(home: Home, path: Path) -> Path:
    """A backup of that home."""
    now = datetime.now(UTC)
    backup.write(home, path, PASSPHRASE, now, unheard, replace=True, cost=CHEAP)
    return path


def opened(path: Path) -> Backup:
    """A backup, ready to be taken in."""
    return Backup(SealedFile.open(path, PASSPHRASE))
