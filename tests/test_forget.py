"""`rbutton forget`: what is kept of a site is gone from the file, and the ledger is still whole."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rbutton.person.home import Home
from rbutton.person.seen import SeenOfSites
from rbutton.terms.encoding import from_b64u
from tests.commands import Done, at_a_terminal, rbutton
from tests.homes import busy_home, home_in, ledger_of, sound
from tests.sites import NOW, Site
from tests.test_merging import NEWS, SHOP, Person
from tests.visiting import greeted, offer, seen, visit

DECLINED = "https://declined.example"


@pytest.fixture
def busy(tmp_path: Path) -> Home:
    """A home with an agreement of each kind."""
    return busy_home(tmp_path / "home")


def forget(home: Home, *arguments: str) -> Done:
    """`rbutton forget`, for a script."""
    return rbutton(home.data, "forget", *arguments)


def left_lying_about(path: Path) -> None:
    """Write all rows anew, as an SQLite does that leaves what it frees as it is.

    Debian's own clears it; others do not.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM record")
        connection.execute("DELETE FROM record")
        connection.execute("INSERT INTO record SELECT * FROM copy ORDER BY seq % 7, seq")
        connection.commit()


def test_nothing_of_the_site_is_left_in_the_file(tmp_path: Path) -> None:
    """Not its name, not an id, key or word of what was signed: not even in unused pages."""
    person = Person(home_in(tmp_path / "home"))
    # Enough that SQLite divides its pages, and moves rows while it does.
    several = [Site(origin=f"https://number-{n}.example", name=f"Number {n}") for n in range(60)]
    forgotten = Site(origin="https://secret.example", name="Something Secret")
    for site in (*several[:30], forgotten, *several[30:]):
        person.agree(site)
        person.end(site)
        person.hear(site)
    person.agree(SHOP)
    path = person.home.data / "ledger.sqlite3"
    left_lying_about(path)
    records = ledger_of(person.home).of_origin(forgotten.origin)
    (agreement,) = {record.agreement for record in records}
    secrets = {forgotten.origin.encode(), b"Something Secret", agreement.encode()}
    for record in records:
        secrets |= {record.body}
        if record.kind in ("proffer", "sealed", "withdraw"):
            signed = json.loads(record.body)
            secrets |= {signed["payload"].encode(), signed["signatures"][0]["signature"].encode()}
            secrets |= {from_b64u(signed["payload"])[:60]}
    secrets -= {b'{"by":"click"}'}
    assert path.read_bytes().count(forgotten.origin.encode()) > 2 * len(records)
    done = forget(person.home, "secret.example", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    after = path.read_bytes()
    assert [secret for secret in secrets if secret in after] == []
    assert [one.name for one in path.parent.iterdir() if "journal" in one.name] == []
    assert len(ledger_of(person.home).origins()) == 61
    assert len(sound(person.home)) == 61 * 6 + 4
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_ledger_verifies_and_says_erased(busy: Home) -> None:
    """The chain ends as it did; other agreements are as they were."""
    before, others = ledger_of(busy).tail(), rbutton(busy.data, "agreements").stdout.splitlines()
    done = forget(busy, DECLINED, "--yes")
    assert done.returncode == 0
    assert f"{DECLINED}: 4 records of 1 agreement." in done.stdout
    assert ledger_of(busy).tail() == before
    assert ledger_of(busy).first_fault() is None
    told = rbutton(busy.data, "verify")
    assert (told.returncode, "4 of them erased" in told.stdout) == (0, True)
    assert json.loads(rbutton(busy.data, "verify", "--json").stdout)["erased"] == 4
    left = rbutton(busy.data, "agreements").stdout.splitlines()
    assert left == [line for line in others if not line.startswith(DECLINED)]


def test_what_follows_stands_in_the_same_chain(busy: Home) -> None:
    """New records rest on those that were erased, by their digests."""
    forget(busy, DECLINED, "--yes")
    Person(busy).agree(NEWS)
    assert [one.kind for one in sound(busy)[-4:]] == ["policy", "proffer", "sent", "sealed"]
    with closing(sqlite3.connect(busy.data / "ledger.sqlite3")) as connection:
        connection.execute("UPDATE record SET digest = x'00' WHERE kind = 'erased'")
        connection.commit()
    assert ledger_of(busy).first_fault() is not None


def test_a_site_that_is_forgotten_is_as_new(busy: Home) -> None:
    """To a host that runs all the while; the person is told so, and how to keep it from that."""
    site = Site(origin=DECLINED)
    with greeted(busy.data) as running:
        assert seen(running, site)["reason"] == "declined"
        done = forget(busy, DECLINED, "--yes")
        assert "new again, and may be offered terms" in done.stdout
        assert seen(running, site)["reason"] == "nothing-here"
        assert visit(running, site)["offer"] == "touch"
        assert offer(running, "touch", site)[0]
    assert forget(busy, DECLINED, "--yes").returncode == 0
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("  rbutton ")]
    assert rbutton(busy.config, *line.split()[1:]).returncode == 0
    assert '[sites."declined.example"]\nnegotiate = "never"' in busy.terms_file.read_text()


def test_before_the_button_was_started_nothing_is_kept(tmp_path: Path) -> None:
    done = rbutton(tmp_path / "none", "forget", DECLINED)
    assert done.returncode == 1
    assert done.stdout.startswith("Nothing is kept of any site yet. There is no ")


def test_terms_that_name_the_site_are_told_of(busy: Home) -> None:
    """They are the person's own, and not erased."""
    text = '[sites."declined.example"]\nnegotiate = "never"\n'
    busy.terms_file.write_text(text)
    done = forget(busy, DECLINED, "--yes")
    assert f"{busy.terms_file} names declined.example" in done.stdout
    assert busy.terms_file.read_text() == text


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("signed.example", "that is in force"),
        ("withdrawn.example", "has not confirmed"),
        ("taken-back.example", "has not confirmed"),
    ],
)
def test_what_the_site_still_holds_is_not_forgotten_unsaid(
    busy: Home, site: str, told: str
) -> None:
    """Exit code 1: the answer is no; with --even-in-force it is yes, and said all the same."""
    before = ledger_of(busy).all()
    done = forget(busy, site, "--yes")
    assert done.returncode == 1
    assert told in done.stdout
    assert "--even-in-force" in done.stdout
    assert ledger_of(busy).all() == before
    done = forget(busy, site, "--yes", "--even-in-force")
    assert done.returncode == 0
    assert told in done.stdout
    assert f"https://{site}" not in ledger_of(busy).origins()


@pytest.mark.parametrize(
    ("meant", "origins"),
    [
        ("shop.example", ["https://shop.example", "https://shop.example:8443"]),
        ("Shop.Example ", ["https://shop.example", "https://shop.example:8443"]),
        ("shop.example:8443", ["https://shop.example:8443"]),
        ("https://shop.example", ["https://shop.example"]),
        ("https://shop.example/a/page?of=it", ["https://shop.example"]),
        ("http://localhost:8000", ["http://localhost:8000"]),
        ("localhost", ["http://localhost:8000"]),
        ("http://shop.example", []),
        ("example", []),
        ("op.example", []),
        ("*.example", []),
        ("%", []),
        ("", []),
    ],
)
def test_a_site_is_meant_by_origin_or_by_host(
    tmp_path: Path, meant: str, origins: list[str]
) -> None:
    """Nothing but what was named is erased."""
    person = Person(home_in(tmp_path / "home"))
    all_of_them = [
        "https://shop.example",
        "https://shop.example:8443",
        "https://a.shop.example",
        "http://localhost:8000",
        "https://xn--mnchen-3ya.example",
    ]
    for origin in all_of_them:
        person.offer(Site(origin=origin))
        person.decline(Site(origin=origin))
    done = forget(person.home, meant, "--yes")
    assert done.returncode == (0 if origins else 1)
    assert set(ledger_of(person.home).origins()) == set(all_of_them) - set(origins)
    if not origins:
        assert "Nothing is kept of that site." in done.stdout


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_it_is_asked_first(busy: Home, answer: str, code: int) -> None:
    """And what would be erased stands above the question."""
    asked = [("Erase that, for good? [y/N]", answer)]
    done, screen = at_a_terminal(busy.data, "forget", "declined.example", answers=asked)
    assert done == code
    assert screen.index("4 records of 1 agreement") < screen.index("for good?")
    assert (DECLINED in ledger_of(busy).origins()) is (code == 1)


def test_a_script_that_forgot_yes_is_told(busy: Home) -> None:
    """And nothing is erased."""
    done = forget(busy, "declined.example")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert DECLINED in ledger_of(busy).origins()


#: No file may become larger than that; the command sees it as a full disk.
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_disk_without_space_says_what_is_done_and_what_is_not(tmp_path: Path) -> None:
    """Erased is erased; to write the file anew takes room, and is done by the same once more."""
    person = Person(home_in(tmp_path / "home"))
    # So little that no page is freed: to write the file anew, all of it goes to the journal.
    person.keep("sent", SHOP, "A" * 43, b"{}")
    for number in range(30):
        person.agree(Site(origin=f"https://number-{number}.example"))
    path = person.home.data / "ledger.sqlite3"
    limited = (sys.executable, "-P", "-c", LIMITED, str(path.stat().st_size))
    done = rbutton(person.home.data, "forget", "shop.example", "--yes", before=limited)
    assert done.returncode == 3
    assert "It is erased, but remains of it" in done.stderr
    assert SHOP.origin not in ledger_of(person.home).origins()
    done = forget(person.home, "shop.example", "--yes")
    assert (done.returncode, done.stderr) == (1, "")
    assert len(sound(person.home)) == 121


def test_a_ledger_in_use_is_told_and_nothing_is_erased(busy: Home) -> None:
    """Another program reads it, and does not come to an end."""
    before = ledger_of(busy).all()
    with closing(sqlite3.connect(busy.data / "ledger.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM record").fetchone()
        done = forget(busy, "declined.example", "--yes")
    assert done.returncode == 3
    assert "locked" in done.stderr
    assert ledger_of(busy).all() == before


def test_what_was_read_of_a_site_is_erased_with_it(busy: Home) -> None:
    """Also where nothing was ever agreed with it."""
    store = SeenOfSites(busy.data / "seen.sqlite3")
    for origin in (DECLINED, "https://only-read.example", "https://stays.example"):
        url = f"{origin}/.well-known/gpc.json"
        store.keep(origin, "gpc", url=url, outcome="said", body=b'{"gpc":true}', now=NOW)
    assert forget(busy, "declined.example", "--yes").returncode == 0
    told = forget(busy, "only-read.example", "--yes")
    assert (told.returncode, told.stdout.splitlines()[0]) == (
        0,
        "https://only-read.example: what it says of itself, as it was read.",
    )
    assert store.origins() == ["https://stays.example"]
    left = (busy.data / "seen.sqlite3").read_bytes()
    assert b"declined.example" not in left
    assert b"only-read.example" not in left
