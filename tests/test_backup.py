"""`rbutton export` and `rbutton import`: everything of a person's, carried to another machine."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rbutton.person import merging, sealed_file, settings
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import next_head
from rbutton.person.seed import Seed
from rbutton.terms.encoding import b64u, from_b64u
from tests import processes, sites
from tests.commands import Done, at_a_terminal, rbutton
from tests.homes import (
    CHEAP,
    PASSPHRASE,
    TERMS,
    busy_home,
    exported,
    home_in,
    ledger_of,
    opened,
    sound,
    unheard,
)
from tests.host_process import host
from tests.machine import contents
from tests.test_merging import NEWS, OTHER_SEED, SHOP, Person
from tests.visiting import seen

ENTRIES = """
import secretstorage, sys
from contextlib import closing
with closing(secretstorage.dbus_init()) as bus:
    for item in secretstorage.search_items(bus, {"service": "rbutton", "username": sys.argv[1]}):
        print(item.get_secret().decode())
"""


@pytest.fixture
def busy(tmp_path: Path) -> Home:
    """A home with an agreement of each kind, and terms of its own."""
    return busy_home(tmp_path / "busy")


@pytest.fixture
def fresh(tmp_path: Path) -> Home:
    """A home after its first run."""
    return home_in(tmp_path / "fresh", seed=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup goes."""
    return tmp_path / "a backup"


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """A file with the passphrase."""
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    return path


def export(home: Path | None, file: Path, word: Path, *more: str, **options: Any) -> Done:
    """`rbutton export`, for a script."""
    return rbutton(home, "export", file, "--passphrase-file", word, *more, **options)


def take_in(home: Path | None, file: Path, word: Path, *more: str, **options: Any) -> Done:
    """`rbutton import --yes`, for a script."""
    return rbutton(home, "import", file, "--passphrase-file", word, "--yes", *more, **options)


def kept(home: Home) -> dict[str, bytes]:
    """All that is in a home, but for its locks."""
    return {name: data for name, data in contents(home.data).items() if not name.endswith(".lock")}


def agreements(home: Path | None, **options: Any) -> str:
    """What `rbutton agreements --json` says."""
    done = rbutton(home, "agreements", "--json", **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# There and back


def test_everything_arrives(busy: Home, fresh: Home, file: Path, word: Path) -> None:
    """Terms byte for byte, the seed, every agreement; the file says nothing to who finds it."""
    done = export(busy.data, file, word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "8 agreements in 37 records" in done.stdout
    sealed = file.read_bytes()
    for secret in (b"example", b"SD-BASE", b"Example Shop", b64u(sites.SEED).encode()):
        assert secret not in sealed
    done = take_in(fresh.data, file, word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "8 new, 0 here already; 37 records to add" in done.stdout
    assert "new and in force: https://signed.example, since " in done.stdout
    assert '+dnt = "off"' in done.stdout
    assert agreements(fresh.data) == agreements(busy.data)
    for name in ("terms.toml", "terms.last-good.toml", "seed"):
        assert (fresh.data / name).read_bytes() == (busy.data / name).read_bytes()
    assert rbutton(fresh.data, "verify").returncode == 0


def test_a_second_time_there_is_nothing_to_do(
    busy: Home, fresh: Home, file: Path, word: Path
) -> None:
    """On the new machine, and on the old one."""
    export(busy.data, file, word)
    take_in(fresh.data, file, word)
    for home in (busy, fresh):
        before = kept(home)
        done = take_in(home.data, file, word)
        assert (done.returncode, done.stderr) == (0, "")
        assert "0 new, 8 here already; 0 records to add" in done.stdout
        assert "Nothing is to be done." in done.stdout
        assert kept(home) == before


def test_it_works_before_anything_else_was_started(busy: Home, tmp_path: Path, file: Path) -> None:
    """A new machine, no folder yet: it is made, and is its owner's alone."""
    exported(busy, file)
    new = tmp_path / "not" / "yet"
    done = rbutton(new, "import", file, "--yes", "--passphrase-file", "-", typed=PASSPHRASE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "terms.toml: taken from the backup, as there is none here." in done.stdout
    assert new.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in new.iterdir())
    assert agreements(new) == agreements(busy.data)


def test_the_seed_comes_from_one_keyring_and_goes_into_another(
    tmp_path: Path, file: Path, word: Path
) -> None:
    """The real Secret Service, on the platform's folders: no file ever has it."""

    def machine(name: str) -> tuple[dict[str, str], Path]:
        folder = tmp_path / name
        env = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}
        return env, folder / "data" / "rbutton"

    (old, old_data), (new, new_data) = machine("old"), machine("new")
    home = Home(tmp_path / "old" / "config" / "rbutton", old_data, portable=False)
    home.open()
    home.terms_file.write_text(TERMS)
    Seed(home).put(sites.SEED)
    Person(home).agree(SHOP)
    assert export(None, file, word, env=old).returncode == 0
    done = take_in(None, file, word, env=new)
    assert (done.returncode, done.stderr) == (0, "")
    assert "put in, as there is none here" in done.stdout
    secret = b64u(sites.SEED)
    for data in (old_data, new_data):
        assert processes.run(ENTRIES, data).split() == [secret]
        assert json.loads((data / "seed.json").read_text())["place"] == "keyring"
        for path in data.iterdir():
            assert secret.encode() not in path.read_bytes()
    assert agreements(None, env=new) == agreements(None, env=old)
    assert "the same as here" in take_in(None, file, word, env=new).stdout


def test_a_host_that_runs_goes_by_it_at_once(
    busy: Home, file: Path, word: Path, home: Path
) -> None:
    """An open browser shows what came with the backup, and has its settings."""
    exported(busy, file)
    with host("--home", home) as running:
        assert running.hello()["settings"]["signals"]["dnt"] is True
        shop = sites.Site(origin="https://signed.example")
        assert seen(running, shop)["state"] == "unknown"
        assert take_in(home, file, word).returncode == 0
        view = seen(running, shop)
        assert (view["state"], view["reason"]) == ("active", "signed")
        assert running.event()["settings"]["signals"]["dnt"] is False


def test_the_site_is_told_of_what_the_merging_ended(tmp_path: Path, file: Path, word: Path) -> None:
    """By the next visit, as of anything that the person ends."""
    here, there = (Person(home_in(tmp_path / name)) for name in ("here", "there"))
    there.now = there.now.replace(hour=9)
    goes, stays = there.agree(SHOP), here.agree(SHOP)
    exported(there.home, file)
    done = take_in(here.home.data, file, word)
    assert f"ended: {SHOP.origin}, signed " in done.stdout
    with host("--home", here.home.data) as running:
        running.hello()
        view = running.result("visit", origin=SHOP.origin, announced=True, policy=SHOP.served())[
            "view"
        ]
        assert (view["state"], view["agreement"]["id"], view["tell"]) == ("active", stays, goes)
        told = running.result(
            "withdraw", origin=SHOP.origin, agreement=goes, policy=SHOP.served(), by="retry"
        )
        assert told["post"]["agreement"] == goes


# What is asked, and what is not done


def test_the_passphrase_is_asked_for_twice(busy: Home, fresh: Home, file: Path) -> None:
    """On the terminal, and it does not stand there."""
    asked = [("Passphrase:", PASSPHRASE), ("The same again:", PASSPHRASE)]
    code, screen = at_a_terminal(busy.data, "export", file, answers=asked)
    assert code == 0, screen
    assert PASSPHRASE not in screen
    asked = [("Passphrase:", PASSPHRASE), ("Take it in? [y/N]", "yes")]
    code, screen = at_a_terminal(fresh.data, "import", file, answers=asked)
    assert code == 0, screen
    assert screen.index("8 new") < screen.index("Take it in?") < screen.index("It is taken in")
    assert PASSPHRASE not in screen
    assert agreements(fresh.data) == agreements(busy.data)


def test_a_short_passphrase_is_warned_of(busy: Home, file: Path, word: Path) -> None:
    """At a terminal it is asked about; a script is told, and goes on."""
    typed = [("Passphrase:", "abc"), ("The same again:", "abc")]
    asked = [*typed, ("Take it all the same? [y/N]", "n")]
    code, screen = at_a_terminal(busy.data, "export", file, answers=asked)
    assert (code, file.exists()) == (2, False)
    assert "fewer than 12 characters" in screen
    word.write_text("abc\n")
    done = export(busy.data, file, word)
    assert (done.returncode, file.exists()) == (0, True)
    assert "fewer than 12 characters" in done.stderr


def test_a_folder_that_is_not_there_is_named(busy: Home, tmp_path: Path) -> None:
    done = rbutton(busy.data, "export", tmp_path / "none" / "copy")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no folder {tmp_path / 'none'}." in done.stderr


@pytest.mark.parametrize("answer", ["", "n", "what"])
def test_no_is_no(busy: Home, fresh: Home, file: Path, answer: str) -> None:
    """Only a yes takes it in. Exit code 1: the answer is no."""
    exported(busy, file)
    before = kept(fresh)
    asked = [("Passphrase:", PASSPHRASE), ("Take it in? [y/N]", answer)]
    code, screen = at_a_terminal(fresh.data, "import", file, answers=asked)
    assert code == 1
    assert "Nothing was done." in screen
    assert {name: kept(fresh)[name] for name in before} == before
    assert agreements(fresh.data) == ""


def test_a_dry_run_only_shows(busy: Home, fresh: Home, file: Path, word: Path) -> None:
    """The same text, and nothing happens."""
    exported(busy, file)
    before = kept(fresh)
    shown = take_in(fresh.data, file, word, "--dry-run")
    assert shown.returncode == 0
    assert {name: kept(fresh)[name] for name in before} == before
    assert agreements(fresh.data) == ""
    assert Seed(fresh).kept() is None
    told = shown.stdout.splitlines()
    assert told[:-1] == take_in(fresh.data, file, word).stdout.splitlines()[:-1]
    assert told[-1] == "Nothing was done, as --dry-run says."


def test_slips_at_the_keyboard_lead_to_no_file(busy: Home, file: Path) -> None:
    """Two that differ, or an empty one: wrong usage, and nothing is written."""
    two = [("Passphrase:", PASSPHRASE), ("The same again:", "correct horse")]
    for answers, told in ((two, "not the same"), ([("Passphrase:", "")], "is empty")):
        code, screen = at_a_terminal(busy.data, "export", file, answers=answers)
        assert code == 2
        assert told in screen
        assert not file.exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("\n", "is empty"),
        ("", "is empty"),
        (None, "cannot be read"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_passphrase_file_without_one_is_wrong_usage(
    busy: Home, file: Path, word: Path, line: str | bytes | None, told: str
) -> None:
    """It says what is wrong with it."""
    word.unlink()
    if line is not None:
        word.write_bytes(line if isinstance(line, bytes) else line.encode())
    done = export(busy.data, file, word)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert not file.exists()


def test_the_first_line_is_the_passphrase(busy: Home, fresh: Home, file: Path, word: Path) -> None:
    """Whichever way its lines end, and whatever follows."""
    word.write_bytes(f"{PASSPHRASE}\r\nsomething else\n".encode())
    assert export(busy.data, file, word).returncode == 0
    done = rbutton(
        fresh.data, "import", file, "--yes", "--passphrase-file", "-", typed=f"{PASSPHRASE}\n"
    )
    assert done.returncode == 0


@pytest.mark.parametrize("verb", ["export", "import"])
def test_without_a_terminal_it_says_how_to_go_on(busy: Home, file: Path, verb: str) -> None:
    """Nobody is there to ask."""
    if verb == "import":
        exported(busy, file)
    done = rbutton(busy.data, verb, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--passphrase-file" in done.stderr


def test_what_is_no_backup_is_told_before_a_passphrase_is_asked_for(busy: Home, file: Path) -> None:
    """None there, one of something else, one of a newer button: exit code 1 at once."""
    for data in (None, b"PK", b"rbutton backup 2\n", b"rbutton backup 1\n{}\n"):
        if data:
            file.write_bytes(data)
        code, screen = at_a_terminal(busy.data, "import", file, answers=[])
        assert code == 1
        assert "Passphrase" not in screen
        assert str(file) in screen


def test_a_script_that_forgot_yes_is_told(busy: Home, fresh: Home, file: Path, word: Path) -> None:
    """And nothing is taken in."""
    exported(busy, file)
    done = rbutton(fresh.data, "import", file, "--passphrase-file", word)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert agreements(fresh.data) == ""


def test_a_file_that_is_there_is_not_overwritten(busy: Home, file: Path, word: Path) -> None:
    """Before a passphrase is thought of; with --force it is replaced."""
    file.write_text("precious")
    done = export(busy.data, file, Path("/nonexistent"))
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert file.read_text() == "precious"
    assert export(busy.data, file, word, "--force").returncode == 0
    assert file.read_bytes().startswith(b"rbutton backup 1\n")


def test_nothing_is_exported_where_nothing_is(tmp_path: Path, file: Path, word: Path) -> None:
    """What to do next is said, and nothing is made."""
    done = rbutton(tmp_path / "nowhere", "export", file, "--passphrase-file", word)
    assert (done.returncode, done.stderr) == (1, "")
    assert "install_host.py" in done.stdout
    assert not (tmp_path / "nowhere").exists()
    assert not file.exists()


def test_what_cannot_be_read_back_is_not_written(busy: Home, file: Path, word: Path) -> None:
    """A damaged ledger, or a seed that is gone, is told instead."""
    (busy.data / "seed").rename(busy.data / "seed.away")
    done = export(busy.data, file, word)
    assert done.returncode == 3
    assert "seed cannot be read" in done.stderr
    (busy.data / "seed.away").rename(busy.data / "seed")
    damage = ledger_of(busy)
    with damage.writing() as writing:
        writing.append("sealed", "2026-11-22T10:00:00Z", SHOP.origin, "A" * 43, b"{}")
    done = export(busy.data, file, word)
    assert done.returncode == 3
    assert "Record 38 of your ledger (sealed, https://shop.example)" in done.stderr
    assert not file.exists()
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_terms_that_were_lost_keep_nobody_from_a_backup(busy: Home, file: Path, word: Path) -> None:
    """The last good ones and all the rest are in it."""
    busy.terms_file.unlink()
    assert export(busy.data, file, word).returncode == 0
    assert opened(file).contents.terms is None
    assert opened(file).contents.last_good == TERMS.encode()


# Files that are not what they should be


def test_each_fault_of_a_file_has_its_own_sentence(
    busy: Home, fresh: Home, file: Path, word: Path
) -> None:
    """Exit code 1: the answer is no. Nothing was taken in."""
    whole = exported(busy, file).read_bytes()
    before = kept(fresh)

    def told(data: bytes, passphrase: str = PASSPHRASE) -> str:
        file.write_bytes(data)
        word.write_text(passphrase)
        done = take_in(fresh.data, file, word)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("rbutton: ")
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "The passphrase is not that of" in told(whole, "wrong")
    assert "is not a backup of the r-button" in told(b"SQLite format 3\x00" + whole)
    assert "newer r-button" in told(whole.replace(b"backup 1", b"backup 2", 1))
    assert "was cut short" in told(whole[:120])
    assert "damaged: from byte" in told(whole[:-1])
    assert "damaged: from byte" in told(whole[:5_000] + b"?" + whole[5_001:])
    assert kept(fresh) == before


Lines = list[dict[str, Any]]


def lines_of(path: Path) -> Lines:
    """What is in a backup, line by line."""
    with opened(path)._sealed.content() as content:
        return [json.loads(line) for line in content]


def forged(path: Path, lines: Lines | list[bytes]) -> None:
    """A file with these lines, under the right passphrase."""
    with sealed_file.writing(path, PASSPHRASE, replace=True, cost=CHEAP) as out:
        for line in lines:
            out.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")


def rechained(path: Path, lines: Lines) -> None:
    """The same, with numbers and a head that fit."""
    first, *rest = lines
    for number, line in enumerate(rest, 1):
        line["seq"] = number
    forged(path, [first | {"records": len(rest)}, *rest])
    head = b""
    with suppress(PersonError):  # at the end, as the head is another one
        for link in opened(path).links():
            head = next_head(head, link.digest)
    forged(path, [first | {"records": len(rest), "head": b64u(head)}, *rest])


def without_member(lines: Lines, at: int, name: str) -> Lines:
    del lines[at][name]
    return lines


def with_member(lines: Lines, at: int, /, **members: Any) -> Lines:
    lines[at] |= members
    return lines


def seal_changed(lines: Lines) -> Lines:
    """One bit of a signature."""
    at = next(i for i, line in enumerate(lines) if line.get("kind") == "sealed")
    body = json.loads(from_b64u(lines[at]["body"]))
    signature = bytearray(from_b64u(body["signatures"][1]["signature"]))
    signature[0] ^= 1
    body["signatures"][1]["signature"] = b64u(bytes(signature))
    return with_member(lines, at, body=b64u(json.dumps(body).encode()))


HOSTILE: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "no member": (lambda lines: without_member(lines, 0, "seed"), "seed is missing"),
    "one more": (lambda lines: with_member(lines, 0, more=1), "more is not a member"),
    "a short seed": (lambda lines: with_member(lines, 0, seed="AAAA"), "seed is not 32 bytes"),
    "too many": (lambda lines: with_member(lines, 0, records=10**8), "records is wrong"),
    "fewer than there are": (lambda lines: with_member(lines, 0, records=3), "goes on after"),
    "more than there are": (lambda lines: with_member(lines, 0, records=38), "no end"),
    "another head": (lambda lines: with_member(lines, 0, head=b64u(bytes(32))), "not those of"),
    "no time": (lambda lines: with_member(lines, 0, made="now"), "made is not a UTC time"),
    "terms that are no bytes": (lambda lines: with_member(lines, 0, terms="?"), "base64url"),
    "a number left out": (lambda lines: lines[:5] + lines[6:], "another number"),
    "two that change places": (
        lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
        "another number",
    ),
    "a number that is none": (lambda lines: with_member(lines, 4, seq="4"), "another number"),
    "a body that is no text": (lambda lines: with_member(lines, 4, body=[]), "body is wrong"),
    "a body that is too large": (
        lambda lines: with_member(lines, 4, body=b64u(bytes(65_537))),
        "larger than 65,536",
    ),
    "a body nested without end": (
        lambda lines: with_member(lines, 4, body=[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]),
        "nested deeper",
    ),
    "an erased one with a body": (lambda lines: with_member(lines, 4, kind="erased"), "digest"),
    "another line end": (lambda lines: with_member(lines, 4, more="x" * 1_048_576), "no end"),
}


@pytest.mark.parametrize(("forge", "told"), HOSTILE.values(), ids=HOSTILE)
def test_lines_that_no_button_writes_are_refused(
    busy: Home, fresh: Home, file: Path, forge: Callable[[Lines], Lines], told: str
) -> None:
    """Whoever knows the passphrase can write any: nothing of it is taken in."""
    exported(busy, file)
    forged(file, forge(lines_of(file)))
    refused(busy, fresh, file, told)


RECHAINED: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a signature": (seal_changed, "a signature does not verify"),
    "a kind": (lambda lines: with_member(lines, 3, kind="gift"), "does not know"),
    "a site": (lambda lines: with_member(lines, 3, origin="javascript:x"), "not an origin"),
    "a time": (lambda lines: with_member(lines, 3, at="2026-13-01T00:00:00Z"), "at is not a UTC"),
    "a policy left out": (lambda lines: [lines[0], *lines[2:]], "rests on a policy"),
    "a response that would break the host": (
        lambda lines: with_member(lines, 3, kind="response", body=b64u(b"{}")),
        "at is missing",
    ),
}


@pytest.mark.parametrize(("forge", "told"), RECHAINED.values(), ids=RECHAINED)
def test_records_that_nobody_signed_are_refused(
    busy: Home, fresh: Home, file: Path, forge: Callable[[Lines], Lines], told: str
) -> None:
    """Though they stand in a chain that is whole."""
    exported(busy, file)
    rechained(file, forge(lines_of(file)))
    refused(busy, fresh, file, told)


def refused(busy: Home, fresh: Home, file: Path, told: str) -> None:
    """By a home that knows the ledger, and by one that does not."""
    for home in (busy, fresh):
        before = kept(home)
        with pytest.raises(PersonError) as caught:
            merging.look(home, opened(file), sites.NOW, unheard)
        assert caught.value.code == "backup"
        assert told in caught.value.message
        assert {name: kept(home)[name] for name in before} == before
    assert ledger_of(fresh).all() == []


def test_a_first_line_that_is_no_text_is_refused(fresh: Home, file: Path) -> None:
    """Or none at all."""
    for lines in ([], [b"\n"], [b"\xff\n"], [b"[]\n"], [b'{"made":1,"made":2}\n'], [b"{}"]):
        forged(file, lines)
        with pytest.raises(PersonError) as caught:
            opened(file)
        assert caught.value.code == "backup"


# terms.toml


Terms = str | None


@pytest.mark.parametrize(
    ("theirs", "ours", "after"),
    [
        (TERMS, (TERMS, None), (TERMS, None)),
        (TERMS, (settings.FIRST_TEXT, None), (TERMS, None)),
        (TERMS, (settings.FIRST_TEXT, settings.FIRST_TEXT), (TERMS, None)),
        (TERMS, (None, None), (TERMS, None)),
        (TERMS, ("[signals]\n", None), ("[signals]\n", TERMS)),
        # Somebody's terms are being edited, and are the first ones just now.
        (TERMS, (settings.FIRST_TEXT, "[signals]\n"), (settings.FIRST_TEXT, TERMS)),
        (TERMS, (None, "[signals]\n"), (None, TERMS)),
        (settings.FIRST_TEXT, ("[signals]\n", None), ("[signals]\n", None)),
        (None, ("[signals]\n", None), ("[signals]\n", None)),
        (None, (None, None), (None, None)),
        ("# \u2282\r\nno = TOML\r\n", (None, None), ("# \u2282\r\nno = TOML\r\n", None)),
    ],
)
def test_terms_replace_only_those_that_nobody_edited(
    tmp_path: Path,
    file: Path,
    theirs: Terms,
    ours: tuple[Terms, Terms],
    after: tuple[Terms, Terms],
) -> None:
    """Ours are terms.toml and the last good one; then terms.toml and what was put beside it."""

    def home(name: str, terms: Terms, last_good: Terms) -> Home:
        made = home_in(tmp_path / name)
        made.terms_file.unlink()
        for path, text in ((made.terms_file, terms), (made.last_good, last_good)):
            if text is not None:
                path.write_bytes(text.encode())
        return made

    def text_in(path: Path) -> Terms:
        return path.read_bytes().decode() if path.exists() else None

    old, new = home("old", theirs, None), home("new", *ours)
    plan = merging.look(new, opened(exported(old, file)), sites.NOW, unheard)
    merging.apply(new, plan, opened(file), sites.NOW, unheard)
    assert text_in(new.terms_file) == after[0]
    assert text_in(new.config / "terms.imported.toml") == after[1]
    assert text_in(new.last_good) == ours[1]
    assert merging.look(new, opened(file), sites.NOW, unheard).changes_nothing


def test_terms_beside_terms_are_never_overwritten(tmp_path: Path, file: Path, word: Path) -> None:
    """Those of another backup get another name."""
    here, there = home_in(tmp_path / "here"), home_in(tmp_path / "there")
    here.terms_file.write_text("# mine\n")
    for number in (1, 2):
        there.terms_file.write_text(f"# theirs {number}\n")
        exported(there, file)
        for _ in range(2):
            done = take_in(here.data, file, word)
            assert done.returncode == 0
    assert here.terms_file.read_text() == "# mine\n"
    assert (here.config / "terms.imported.toml").read_text() == "# theirs 1\n"
    assert (here.config / "terms.imported-2.toml").read_text() == "# theirs 2\n"
    assert sorted(path.name for path in here.config.glob("terms.imported*")) == [
        "terms.imported-2.toml",
        "terms.imported.toml",
    ]


def test_text_from_the_file_gives_a_terminal_no_commands(
    tmp_path: Path, fresh: Home, file: Path, word: Path
) -> None:
    """Terms are shown line by line, whatever is in them, and no more than somebody reads."""
    other = home_in(tmp_path / "other")
    other.terms_file.write_bytes(b"# \x1b[2Jgone\x07 \xff\n" + b"# line\n" * 500)
    exported(other, file)
    done = take_in(fresh.data, file, word, "--dry-run")
    assert done.returncode == 0
    assert re.search(r"[^\n -~\u00a0-\uffff]", done.stdout) is None
    assert "[2Jgone" in done.stdout
    assert "more" in done.stdout
    assert len(done.stdout.splitlines()) < 80


# Seeds, as a person is told of them


def test_two_seeds_are_a_choice_that_is_explained(tmp_path: Path, file: Path, word: Path) -> None:
    """Which agreements could then not be ended; nothing happens before it is made."""
    there = Person(home_in(tmp_path / "there"))
    there.agree(SHOP)
    here = Person(home_in(tmp_path / "here", seed=OTHER_SEED), seed=OTHER_SEED)
    here.agree(NEWS)
    exported(there.home, file)
    before = kept(here.home)
    done = take_in(here.home.data, file, word)
    assert done.returncode == 1
    told = done.stdout
    assert told.index("--keep-seed here") < told.index(SHOP.origin, told.index("--keep-seed"))
    assert told.index("--keep-seed file") < told.rindex(NEWS.origin)
    assert "--keep-seed" in done.stderr
    assert kept(here.home) == before
    done = take_in(here.home.data, file, word, "--keep-seed", "here")
    assert done.returncode == 0
    assert "not to be ended with the button" in done.stdout
    with host("--home", here.home.data) as running:
        running.hello()
        ending = {"policy": None, "by": "click"}
        mine = seen(running, NEWS)["ending"]
        assert running.result("withdraw", origin=NEWS.origin, agreement=mine, **ending)["post"]
        other = seen(running, SHOP)["ending"]
        error = running.error("withdraw", origin=SHOP.origin, agreement=other, **ending)
        assert error["code"] == "seed"


# Crashes

#: Where what is written becomes what is kept.
DECISIVE = ("fsync", "fdatasync", "unlink", "link", "rename", "ftruncate")


def killed_again_and_again(
    folder: Path, run: Callable[[Path, tuple[str, ...]], Done]
) -> Iterator[Path]:
    """The folder of each run that was killed: at every call of every kind, one by one.

    strace counts each kind by itself.
    """
    killed = 0
    for call in DECISIVE:
        for when in range(1, 60):
            inject = f"inject={call}:signal=KILL:when={when}"
            quiet = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}")
            here = folder / f"{call}-{when}"
            here.mkdir()
            done = run(here, (*quiet, "-e", inject))
            if done.returncode == 0:
                break
            assert done.returncode in (-9, 137), done.stderr
            killed += 1
            yield here
    assert killed > 2


def test_an_import_that_is_killed_leaves_the_old_ledger_or_the_new(
    tmp_path: Path, file: Path, word: Path
) -> None:
    """At every decisive system call; the same once more does the rest."""
    other = Person(home_in(tmp_path / "other"))
    other.home.terms_file.write_text(TERMS)
    other.agree(SHOP)
    exported(other.home, file)

    def run(folder: Path, before: tuple[str, ...]) -> Done:
        Person(home_in(folder / "home", seed=None)).agree(NEWS)
        return take_in(folder / "home", file, word, before=before)

    seen_there = set()
    for folder in killed_again_and_again(tmp_path, run):
        now = Home.in_one_folder(folder / "home")
        seen_there.add(frozenset(ledger_of(now).origins()))
        sound(now)
        assert take_in(now.data, file, word).returncode == 0
        assert set(ledger_of(now).origins()) == {SHOP.origin, NEWS.origin}
        assert Seed(now).read() == sites.SEED
        assert now.terms_file.read_text() == TERMS
        assert merging.look(now, opened(file), sites.NOW, unheard).changes_nothing
    assert seen_there == {frozenset({NEWS.origin}), frozenset({NEWS.origin, SHOP.origin})}


@pytest.mark.parametrize("force", [False, True])
def test_an_export_that_is_killed_leaves_no_half_of_a_file(
    busy: Home, tmp_path: Path, word: Path, force: bool
) -> None:
    """What was there before, or all of the new one."""
    more = ["--force"] if force else []

    def run(folder: Path, before: tuple[str, ...]) -> Done:
        if force:
            (folder / "backup").write_text("before")
        return export(busy.data, folder / "backup", word, *more, before=before)

    for folder in killed_again_and_again(tmp_path, run):
        path = folder / "backup"
        if path.exists() and path.read_bytes() != b"before":
            assert opened(path).contents.tail == ledger_of(busy).tail()
        else:
            assert path.exists() is force
            assert export(busy.data, path, word, *more).returncode == 0


def test_a_seed_that_left_the_keyring_is_put_back(tmp_path: Path, file: Path, word: Path) -> None:
    """Into the keyring, under the home's name, as the error said that a backup would."""
    env = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_DATA_HOME": str(tmp_path / "d")}
    home = Home(tmp_path / "c" / "rbutton", tmp_path / "d" / "rbutton", portable=False)
    home.open()
    home.terms_file.write_text(TERMS)
    Person(home, seed=Seed(home).read()).agree(SHOP)
    assert export(None, file, word, env=env).returncode == 0
    entry = processes.run(ENTRIES, home.data)
    assert processes.run(ENTRIES + "        item.delete()", home.data) == entry != ""
    assert "backup" in export(None, tmp_path / "other", word, env=env).stderr
    done = take_in(None, file, word, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert processes.run(ENTRIES, home.data) == entry


EXAMPLES = re.findall(
    r"^```\w+ example=([\w-]+)\n(.*?)^```$",
    (Path(__file__).parents[1] / "docs" / "backup.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_the_document_shows_what_is_written(busy: Home, file: Path) -> None:
    """Every example has the members of the real thing, and its first two lines are read."""
    shown = dict(EXAMPLES)
    with sealed_file.writing(file, PASSPHRASE) as out:
        out.write(b"")
    header = json.loads(file.read_bytes().splitlines()[1])
    magic, second = shown["backup-header"].splitlines()
    assert magic.encode() == file.read_bytes().splitlines()[0]
    assert {**json.loads(second), "salt": header["salt"]} == header
    assert len(from_b64u(json.loads(second)["salt"])) == 16
    with ledger_of(busy).writing() as writing:
        writing.erase(["https://declined.example"])
    file.unlink()
    lines = lines_of(exported(busy, file))
    erased = next(line for line in lines if line.get("kind") == "erased")
    sealed = next(line for line in lines if line.get("kind") == "sealed")
    reals = {"backup-first": lines[0], "backup-record": sealed, "backup-erased": erased}
    for name, real in reals.items():
        assert list(json.loads(shown[name])) == list(real)
    assert shown.keys() == {"backup-header", *reals}


def test_ctrl_c_is_no_traceback(busy: Home, file: Path, word: Path) -> None:
    """In the middle of the question; nor is Ctrl-D."""
    exported(busy, file)
    code, screen = at_a_terminal(busy.data, "import", file, answers=[("Passphrase:", "\x04")])
    assert code == 1
    assert "Traceback" not in screen
    asked = [("Passphrase:", "\x03")]
    code, screen = at_a_terminal(busy.data, "import", file, answers=asked)
    assert code == 1
    assert "Stopped." in screen
    assert "Traceback" not in screen


def test_help_lists_every_verb_in_plain_words(tmp_path: Path) -> None:
    """What each is for, in one line."""
    done = rbutton(tmp_path, "--help")
    assert done.returncode == 0
    for verb in ("agreements", "forget", "verify", "export", "import"):
        assert re.search(rf"^ +{verb}\s+\w+", done.stdout, re.MULTILINE), verb
