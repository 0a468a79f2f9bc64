"""`rbutton site`: what an owner types, and what they are told."""

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.site import export, folder, key_file
from rbutton.site.errors import FolderError
from rbutton.terms import notice, policy, promise
from rbutton.terms.encoding import from_time_text
from rbutton.terms.keys import PublicKey
from tests import site_process
from tests.commands import environment, rbutton
from tests.shops import NOW, ORIGIN, Proffer, Shop, proffer

NEW = ("--origin", ORIGIN, "--name", "Example Shop Ltd")


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "site"


def site(*arguments: object, code: int = 0, **more: Any) -> str:
    """Run `rbutton site …`: what it printed, on standard error where it failed."""
    done = rbutton(None, "site", *arguments, **more)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


class TestInit:
    def test_it_makes_what_serve_needs(self, where: Path) -> None:
        said = site("init", where, *NEW, "--accepts", "SD-BASE", "no-stalking")
        made = folder.site(where)
        assert made.policy.accepts == {"SD-BASE", "no-stalking"}
        assert made.policy.negotiates
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in where.iterdir()}
        files = (folder.FILE, folder.KEY, folder.STORE, ".gitignore")
        assert modes == dict.fromkeys(files, 0o600)
        assert stat.S_IMODE(where.stat().st_mode) == 0o700
        for word in ("nginx", "Apache", "Caddy", '<link rel="emanciterms"', "site check"):
            assert word in said

    def test_key_and_store_stay_out_of_a_repository(self, where: Path) -> None:
        """Of which the folder is a part; rules that are there stay."""
        git = ("git", "-C", str(where.parent))
        subprocess.run([*git, "init", "--quiet"], check=True)
        site("init", where, *NEW)
        folder.site(where).store.close()
        subprocess.run([*git, "add", "."], check=True)
        added = subprocess.run([*git, "ls-files"], capture_output=True, text=True, check=True)
        assert added.stdout.split() == ["site/.gitignore", f"site/{folder.FILE}"]
        rules = (where / ".gitignore").read_text()
        for before, after in (("*.tmp\n!*.pem", f"*.tmp\n!*.pem\n{rules}"), (rules, rules)):
            (where / folder.FILE).unlink()
            (where / ".gitignore").write_text(before)
            site("init", where, *NEW)
            assert (where / ".gitignore").read_text() == after
            ignored = subprocess.run([*git, "check-ignore", "-q", where / folder.KEY], check=False)
            assert ignored.returncode == 0

    @pytest.mark.parametrize(
        "name", [folder.FILE, folder.KEY, folder.FORMER, ".gitignore", "emanciterms.json"]
    )
    def test_a_link_is_not_written_over(self, where: Path, name: str) -> None:
        """Whether it leads anywhere or not."""
        if name in (folder.FORMER, "emanciterms.json"):
            site("init", where, *NEW, "--static")
            (where / name).unlink(missing_ok=True)
        where.mkdir(exist_ok=True)
        (where / name).symlink_to(where.parent / "elsewhere")
        said = site("init", where, *NEW, "--static", "--new-key", code=3)
        assert f"{where / name} is a link, and was left as it is." in said
        assert (where / name).is_symlink()
        assert not (where.parent / "elsewhere").exists()

    def test_for_a_static_site_it_makes_the_one_file(self, where: Path) -> None:
        """With a promise that every agent can verify."""
        said = site("init", where, *NEW, "--static", "--accepts", "no-stalking")
        body = (where / "emanciterms.json").read_bytes()
        read = policy.read(body, ORIGIN, catalogue().vocabulary, NOW)
        assert not read.document.negotiates
        made = promise.verify(
            read.document.promise, origin=ORIGIN, keys=read.keys, catalogue=catalogue(), now=NOW
        )
        assert [term.id for term in made.terms] == ["no-stalking"]
        assert from_time_text(made.until) > NOW
        assert f"{ORIGIN}/.well-known/emanciterms.json" in said
        assert "proxy_pass" not in said

    def test_again_it_keeps_key_and_policy(self, where: Path) -> None:
        site("init", where, *NEW, "--static")
        before = {one.name: one.read_bytes() for one in where.iterdir()}
        for option, value in (("--origin", "https://other.example"), ("--accepts", "no-stalking")):
            said = site("init", where, option, value)
            assert f"{where / folder.FILE} was there already and was kept: {option}" in said
            assert "edit that file" in said
        assert "was kept" not in site("init", where)
        assert {one.name: one.read_bytes() for one in where.iterdir()} == before

    def test_a_later_promise_is_a_new_file(self, where: Path) -> None:
        site("init", where, *NEW, "--static")
        text = (where / folder.FILE).read_text()
        edited = text.partition("until = ")[0] + "until = 2031-01-01T00:00:00Z\n"
        (where / folder.FILE).write_text(edited)
        site("init", where)
        members = json.loads((where / "emanciterms.json").read_bytes())
        assert promise.read(members["promise"]).promise.until == "2031-01-01T00:00:00Z"

    @pytest.mark.parametrize("key", ["until", "expires"])
    def test_what_is_over_is_not_made(self, where: Path, key: str) -> None:
        """A file that no button would heed; the one that was made before stays."""
        site("init", where, *NEW, "--static")
        made = (where / "emanciterms.json").read_bytes()
        path = where / folder.FILE
        text, over = path.read_text(), f"{key} = 2020-01-01T00:00:00Z\n"
        edited = re.sub(r"until = .*\n", over, text) if key == "until" else over + text
        path.write_text(edited)
        said = site("init", where, "--new-key", code=3)
        assert f"{key} is past: 2020-01-01T00:00:00Z. Put a later {key} there" in said
        assert (where / "emanciterms.json").read_bytes() == made

    def test_a_mistake_in_the_file_leaves_the_key(self, where: Path) -> None:
        """It is found before the new one is made."""
        site("init", where, *NEW, "--accepts", "no-stalking")
        path = where / folder.FILE
        before = {one.name: one.read_bytes() for one in where.iterdir()}
        for mistake in ("acepts = 3", 'counter = ["SD-BASE-DP"]'):
            path.write_bytes(before[folder.FILE] + f"{mistake}\n".encode())
            site("init", where, "--new-key", code=3)
            path.write_bytes(before[folder.FILE])
            assert {one.name: one.read_bytes() for one in where.iterdir()} == before

    def test_a_new_key_notes_the_old_one(self, where: Path) -> None:
        site("init", where, *NEW)
        old = folder.policy(where).jwk
        assert "new one" in site("init", where, "--new-key")
        made = folder.policy(where)
        assert made.jwk != old
        assert made.former_keys == {old}
        site("init", where, "--new-key")
        assert folder.former_keys(where) == [old, made.jwk]

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            ((), 2, "--origin"),
            (("--origin", "http://shop.example", "--name", "x"), 2, "only loopback"),
            (("--origin", "https://shop.example/", "--name", "x"), 2, "not an origin"),
            ((*NEW, "--accepts", "zebra"), 3, "not in the roster: zebra"),
            (("--origin", ORIGIN, "--name", "a\u202eb"), 3, "bidi"),
            ((*NEW, "--contact", "zebra"), 3, "--contact is not a mailto: or https: URL. Nothing"),
            ((*NEW, "--accepts", "SD-BASE-PD"), 3, "Did you mean SD-BASE-DP? Nothing was made."),
            ((*NEW, "--accepts", "NO-Stalkin"), 3, "Did you mean no-stalking?"),
            ((*NEW[:3], "\udcff"), 3, "--name has a control, bidi or format character. Nothing"),
            ((*NEW, "--contact", f"mailto:{5000 * 'x'}"), 3, "Nothing was made."),
        ],
    )
    def test_what_no_agent_would_take_is_not_made(
        self, where: Path, arguments: Any, code: int, says: str
    ) -> None:
        """Nor is anything else: no key, no folder; and no file is blamed that is not there."""
        said = site("init", where, *arguments, code=code)
        assert says in said
        assert folder.FILE not in said
        assert not where.exists()

    def test_what_is_to_be_typed_next_is_what_was_typed(self, where: Path, tmp_path: Path) -> None:
        """From an environment of its own, whose command is on no PATH."""
        typed = tmp_path / "rbutton"
        start = f"#!{sys.executable} -P\nfrom rbutton.cli import main\nraise SystemExit(main())\n"
        typed.write_text(start)
        typed.chmod(0o755)
        command = [f"{tmp_path}/./rbutton", "site", "init", str(where), *NEW]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert f"{tmp_path}/./rbutton site serve {where}" in said
        assert f"{tmp_path}/./rbutton site check {ORIGIN}" in said
        assert "endpoint: rbutton site serve" in site("init", where)


MISTAKES = {
    "name = 3": "name is wrong",
    'zebra = "x"': "zebra is not a member it may have.\n",
    "acepts = []": "acepts is not a member it may have. Did you mean accepts?\n",
    "rate = {bursts = 3}": "rate.bursts is not a member it may have. Did you mean burst?\n",
    'rate = {contact = "x"}': "contact stands above the first section, [rate] or another.",
    'contact = "zebra"': "site.toml: contact is not a mailto: or https: URL.\n",
    'limits = {track = {offsite = "never"}}': 'in quotes: "track.offsite"',
    'expires = "2027-01-01"': "without quotes",
    "expires = 2027-01-01T00:00:00": "site.toml: expires has no time zone.",
    "expires = 0001-01-01T00:00:00+01:00": "site.toml: expires is a time before the year 1",
    "promise = {until = 9999-12-31T23:59:59-01:00}": "site.toml: promise.until is a time before",
    "promise = {until = 2027-01-01T00:00:00Z}": "site.toml: promise.terms is wrong",
    'limits = {share = "zebra"}': "site.toml: limits.share cannot be: share is not one of none,",
    "keep_ended_days = 37": "greater than or equal to 38. A counter-offer can be accepted so late",
    'counter = ["SD-BASE-DP"]': "counter",
    "most = 0": "most",
    "= 3": "line",
    'store = "zebra"': "URL is none",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_in_the_file_is_told_with_its_place(where: Path, line: str) -> None:
    """By every command that reads it, before anything is served."""
    site("init", where, *NEW, "--accepts", "do-not-track")
    path = where / folder.FILE
    key = line.partition("=")[0]
    kept = [one for one in path.read_text().splitlines() if not key or not one.startswith(key)]
    path.write_text("\n".join([*kept, line, ""]))
    for command in (("serve", where), ("export", where, "--csv")):
        said = site(*command, code=3)
        assert MISTAKES[line] in said
        assert said.startswith("rbutton: ")


def test_a_key_misspelt_is_told_before_the_one_that_is_missing(where: Path) -> None:
    site("init", where, *NEW)
    path = where / folder.FILE
    path.write_text(path.read_text().replace("\nname = ", "\nnmae = "))
    said = site("export", where, "--csv", code=3)
    assert "nmae is not a member it may have. Did you mean name?" in said


def test_a_policy_that_is_over_is_served_with_a_warning(where: Path) -> None:
    """It may be all that people can end their agreements with."""
    site("init", where, *NEW)
    path = where / folder.FILE
    path.write_text(f"expires = 2020-01-01T00:00:00Z\n{path.read_text()}")
    with site_process.serving(where, stderr=subprocess.PIPE) as (server, process):
        assert server.ask("GET", "/.well-known/emanciterms.json")[0] == 200
        assert process.stderr
        said = process.stderr.readline()
    assert "expires is past: 2020-01-01T00:00:00Z. No button takes this policy" in said


def test_where_nothing_was_made_it_says_what_to_type(tmp_path: Path) -> None:
    for verb in (("serve",), ("export", "--json")):
        assert "rbutton site init" in site(verb[0], tmp_path, *verb[1:], code=3)


def test_a_site_that_only_promises_is_not_served(where: Path) -> None:
    site("init", where, *NEW, "--static")
    assert "signs with nobody" in site("serve", where, code=3)


def test_a_page_for_trying_is_at_the_sites_own_origin_or_not_at_all(where: Path) -> None:
    site("init", where, *NEW)
    said = site("serve", where, "--port", "0", "--demo-page", code=3)
    assert f"says origin = {ORIGIN}" in said
    assert "--origin http://127.0.0.1:" in said


def test_a_port_that_is_taken_is_told(where: Path) -> None:
    import socket

    site("init", where, *NEW)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = site("serve", where, "--port", taken.getsockname()[1], code=3)
    assert "--port" in said
    said = site("serve", where, "--port", 65_536, code=3)
    assert ".." not in said


def test_it_listens_on_ipv6(where: Path) -> None:
    """And says where, as an address that can be typed."""
    site("init", where, *NEW)
    with site_process.serving(where, host="::1") as (server, _):
        assert server.ask("GET", "/.well-known/emanciterms.json")[0] == 200


def test_there_is_a_worker(where: Path) -> None:
    site("init", where, *NEW)
    assert "there has to be one" in site("serve", where, "--workers", 0, code=2)


class TestExport:
    def agreements(self, where: Path) -> tuple[Proffer, Proffer]:
        """One in force, one that was ended with a formula for a reason."""
        site("init", where, *NEW, "--accepts", "SD-BASE-DP")
        shop = Shop(where / folder.STORE, folder.policy(where))
        kept, ended = proffer(shop.policy), proffer(shop.policy)
        for one in (kept, ended):
            assert shop.post(one.body).status == 200
        reason = '=HYPERLINK("https://evil.example","\u00e9")\n,"x"'
        shop.post(notice.withdraw(ended.id, ended.key, NOW, reason).body)
        return kept, ended

    def test_csv(self, where: Path) -> None:
        kept, ended = self.agreements(where)
        done = rbutton(None, "site", "export", where, "--csv")
        assert "2 agreements." in done.stderr
        rows = {
            row["id"].lstrip("'"): row
            for row in csv.DictReader(io.StringIO(done.stdout, newline=""))
        }
        assert rows.keys() == {kept.id, ended.id}
        assert rows[kept.id]["terms"] == "SD-BASE-DP"
        assert rows[kept.id]["state"] == "sealed"
        assert rows[kept.id]["key"] == "current"
        assert rows[ended.id]["state"] == "withdrawn"
        assert rows[ended.id]["reason"].startswith("'=HYPERLINK")

    def test_json(self, where: Path) -> None:
        """Exact, with what was signed; and it says whose key that was."""
        kept, ended = self.agreements(where)
        site("init", where, "--new-key")
        done = rbutton(None, "site", "export", where, "--json")
        rows = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert rows[kept.id]["jws"]["payload"] == json.loads(kept.body)["payload"]
        assert rows[kept.id]["key"] == "former"
        assert rows[ended.id]["reason"].startswith("=HYPERLINK")
        assert rows[ended.id]["notice"]["signatures"]
        (where / folder.FORMER).unlink()
        assert '"foreign"' in site("export", where, "--json")

    @pytest.mark.parametrize(
        "text", ["=1", "+1", "-1", "@x", "\t=1", "\r1", " =1", "|x", "%0a", "＝1", "＠x", "\n=1"]
    )
    def test_no_cell_is_a_formula(self, text: str) -> None:
        assert export._cell(text) == f"'{text}"
        assert export._cell(["a", text]) == f"a {text}"

    @pytest.mark.parametrize("text", ["SD-BASE", "a=b", "2026-11-22T10:00:00Z", ""])
    def test_all_else_stays_as_it_is(self, text: str) -> None:
        assert export._cell(text) == text


@pytest.mark.parametrize(
    "arguments",
    [
        ("site", "export", "{}", "--json"),
        ("site", "init", "{}"),
        ("signals",),
        ("signals", "--json"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_a_reader_that_has_enough_ends_it_quietly(
    where: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """As `head` does; one that is gone at once stands for all."""
    site("init", where, *NEW, "--accepts", "SD-BASE-DP")
    shop = Shop(where / folder.STORE, folder.policy(where))
    assert shop.post(proffer(shop.policy).body).status == 200
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-P", "-m", "rbutton.cli", *(one.format(where) for one in arguments)]
    done = subprocess.run(
        command,
        env=environment(tmp_path / "home"),
        stdout=writes,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writes)
    assert (done.returncode, "Error" in done.stderr) == (1, False), done.stderr


#: Python that has the base and the extra `site`, and nothing of a person's; or the other way.
WITHOUT = """if True:
    import sys
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in sys.argv[1].split(","):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.meta_path.insert(0, Missing())
    from rbutton.cli import main
    sys.exit(main(sys.argv[2:]))
"""
PERSONS = "keyring,tomlkit,platformdirs,filelock,publicsuffixlist,nativemessaging"
KIT = "sqlalchemy,starlette,uvicorn,httpx,anyio,psycopg"


def without(packages: str, *arguments: object) -> Any:
    command = [sys.executable, "-P", "-c", WITHOUT, packages, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_owner_needs_nothing_of_a_persons(where: Path) -> None:
    done = without(PERSONS, "site", "init", where, *NEW)
    assert done.returncode == 0, done.stderr
    assert without(PERSONS, "site", "export", where, "--csv").returncode == 0
    assert "install_host.py" in without(PERSONS, "--help").stdout


@pytest.mark.parametrize(
    "asked",
    ["agreements", "signals", "verify", "terms check", "sites list", "doctor", "forget a.example"],
)
def test_an_owner_who_asks_for_what_is_a_persons_is_told_how_to_have_it(asked: str) -> None:
    done = without(PERSONS, *asked.split())
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"rbutton: \w+ is not installed here\. .*install_host\.py\n", done.stderr)


def test_a_person_needs_nothing_of_the_kit(where: Path) -> None:
    """And is told what is missing, where they ask for it."""
    assert "agreements" in without(KIT, "--help").stdout
    done = without(KIT, "site", "init", where, *NEW)
    assert done.returncode == 3
    assert "  python3 -m venv .venv\n" in done.stderr
    assert '  .venv/bin/pip install ".[site]"\n' in done.stderr
    assert "python3-venv" in done.stderr


def test_postgresql_without_its_driver_is_told(where: Path) -> None:
    site("init", where, *NEW)
    with (where / folder.FILE).open("a") as file:
        file.write('store = "postgresql://rbutton@127.0.0.1/shop"\n')
    done = without("psycopg", "site", "serve", where)
    assert done.returncode == 3
    assert '.venv/bin/pip install ".[site-postgresql]"' in done.stderr


def test_key_and_former_keys_are_never_lost(where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key that cannot be written leaves the old one."""
    site("init", where, *NEW)
    old = folder.policy(where).jwk
    monkeypatch.setattr(key_file, "renew", _fails)
    with pytest.raises(FolderError):
        folder.change_key(where)
    assert folder.policy(where).jwk == old
    assert folder.former_keys(where) == [old]
    assert isinstance(old, PublicKey)


def _fails(_: Path) -> None:
    raise FolderError("full")
