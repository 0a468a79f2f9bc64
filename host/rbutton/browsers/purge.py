"""Removing what is the person's, too: for good, so it is counted and asked for first.

This room knows no other, so counting, keeping a copy and the keyring are done by the host's own
environment, while it is there.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rbutton.browsers import environment, files
from rbutton.browsers.places import Places, Platform, places, places_for_all
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.telling import Teller
from rbutton.browsers.uninstall import remove_if_empty, take_away

KEPT = (
    "terms*.toml",
    "terms.schema.json",
    "ledger.sqlite3",
    "ledger.sqlite3-journal",
    "seen.sqlite3",
    "seen.sqlite3-journal",
    "seed",
    "seed.json",
    "seed.lock",
    "terms.lock",
    "install.lock",
    "install.log",
)
"""What the host, the command and the installer write, by name; nothing else is removed."""

WORD = "purge"
PATIENCE = 60.0  # seconds for a word of the host's own code; a keyring has 25 of them


@dataclass
class _Outcome:
    removed: dict[Path, list[str]] = field(default_factory=dict)
    """Names of files, by the folder they were in."""
    entry: bool = False
    """The keyring's is removed."""
    left: list[str] = field(default_factory=list)
    """Sentences about what should not be there any more."""


def purge(checkout: Path, environ: Mapping[str, str], teller: Teller, *, yes: bool) -> Exit:
    """Removes the installation and all that is this person's, having asked.

    Args:
        yes: without asking.

    Returns:
        `Exit.NO` where something is left that should not be, which is told.

    Raises:
        SetupError: nothing was removed.
    """
    where = places(environ)
    record = Record.load(where.record)
    theirs = list(_kept(where))
    if record is None and not theirs:
        take_away(None, where, teller)
        remove_if_empty(where.config, where.data)
        teller.say("Nothing of yours is here.")
        return Exit.DONE
    if not yes and not sys.stdin.isatty():
        raise SetupError(
            "This removes your terms, your agreements and your keys for good, and there is no "
            "terminal to ask you on.",
            f"To keep a copy, type first:\n{_to_copy(where, checkout)}\n"
            "To go ahead without being asked: add --yes",
            code=Exit.USAGE,
        )
    if _in_use(where):
        raise SetupError(
            "A browser still runs your agent, which would write into what is removed. Nothing was "
            "removed.",
            "Close the browser, all its windows, and run this again.",
            code=Exit.NO,
        )
    for folder in (where.config, where.data):
        files.check_writable(folder)
    agent = _Agent.of(where, environ, checkout, teller) if theirs else None
    _tell_what_goes(theirs, where, agent, teller)
    if not yes:
        _ask(where, agent)
    # As it is now: an environment may have been made for this.
    record = Record.load(where.record)
    outcome = _Outcome()
    _remove_seed(where, agent, outcome)
    try:
        take_away(record, where, teller)
    except OSError as error:
        outcome.left.append(f"{error.filename} could not be removed: {error.strerror}.")
    _remove_theirs(where, outcome)
    remove_if_empty(where.config, where.data, *map(Path, record.folders if record else ()))
    return _tell_outcome(where, outcome, teller)


def _kept(where: Places) -> Iterator[Path]:
    """What is the person's, and what was left of writing it."""
    for folder in dict.fromkeys((where.config, where.data)):
        for pattern in KEPT:
            yield from sorted(folder.glob(pattern))
            yield from sorted(folder.glob(f".{pattern}.????????"))


def _to_copy(where: Places, checkout: Path) -> str:
    """What to type for a copy: the command, which is installed again first where it is gone."""
    commands = [one.command for one in (where, places_for_all()) if one.command.exists()]
    copy = "  " + shlex.join([str((commands or [where.command])[0]), "export", "FILE"])
    again = "  " + shlex.join(["python3", str(checkout / "install_host.py")])
    return copy if commands else f"{again}\n{copy}"


def _in_use(where: Places) -> bool:
    envs = [*where.data.glob("env-*"), *places_for_all().data.glob("env-*")]
    uid = os.geteuid() if files.POSIX else None
    return any(environment.in_use(env, uid=uid) for env in envs)


@dataclass(frozen=True)
class _Agent:
    """The host's own code, for the folders of this person."""

    python: Path
    environ: dict[str, str]

    @classmethod
    def of(
        cls, where: Places, environ: Mapping[str, str], checkout: Path, teller: Teller
    ) -> "_Agent | None":
        """That of an installation or, where none works, one made for this; None if it cannot be."""
        env = _installed(where)
        if env is None:
            teller.say("What is yours is looked at by the r-button's own code, which is not here.")
            try:
                env = _made(where, checkout, teller)
            except (SetupError, OSError) as error:
                told = error.message if isinstance(error, SetupError) else str(error)
                teller.say(f"It could not be made: {told}")
                return None
        if where.home is not None:
            folders = {"RBUTTON_HOME": str(where.home)}
        else:
            folders = {
                "XDG_CONFIG_HOME": str(where.config.parent),
                "XDG_DATA_HOME": str(where.data.parent),
            }
        return cls(environment.python(env), {**environ, **folders})

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Answers what it said; a failure to answer is told on standard error."""
        command = [str(self.python), "-I", "-m", *words]
        try:
            return subprocess.run(
                command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(command, Exit.NOT_SET_UP, "", str(error))

    def export(self, file: Path) -> bool:
        """Whether it is all in `file` now; the person is asked for a passphrase."""
        command = [str(self.python), "-I", "-m", "rbutton.cli", "export", str(file)]
        return subprocess.run(command, env=self.environ, check=False).returncode == Exit.DONE

    def counted(self) -> str:
        """How many agreements there are, or why that cannot be said."""
        done = self.run("rbutton.cli", "agreements", "--json")
        if done.returncode != Exit.DONE:
            why = done.stderr.strip().removeprefix("rbutton: ") or f"exit code {done.returncode}"
            return f"They could not be counted. {why}"
        states = [json.loads(line)["state"] for line in done.stdout.splitlines()]
        return f"In force: {states.count('active')}. Ever offered: {len(states)}."


def _installed(where: Places) -> Path | None:
    """The environment of an installation that works: this person's, or everyone's."""
    for one in (where, places_for_all()):
        with suppress(SetupError):
            record = Record.load(one.record)
            env = one.data / f"env-{record.build}" if record else None
            if env and environment.is_ready(env, environment.DAILY):
                return env
    return None


def _made(where: Places, checkout: Path, teller: Teller) -> Path:
    """An environment made for this alone. It is in the record first, as any."""
    build = environment.build_id(checkout)
    env = where.data / f"env-{build}"
    made = files.private_folder(where.data)
    with files.only_one(where.lock, teller):
        record = Record.load(where.record) or Record(build=build)
        trees = [str(env), str(where.wheels)]
        record.add(Record(trees=trees, folders=[str(folder) for folder in made]))
        record.save(where.record)
        environment.prepare(
            env, checkout, environment.DAILY, where.log, teller, wheels=where.wheels
        )
    return env


def _seed_in_keyring(where: Places) -> bool:
    """Whether it is there; also where its record cannot tell."""
    try:
        record = json.loads((where.data / "seed.json").read_text(encoding="utf-8"))
        return bool(record["place"] != "file")
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return where.home is None


def _tell_what_goes(
    theirs: list[Path], where: Places, agent: _Agent | None, teller: Teller
) -> None:
    ledger = where.data / "ledger.sqlite3"
    teller.say("This removes the r-button and, for good, what is yours:")
    for path, what in (
        (where.config / "terms.toml", "your terms"),
        (ledger, "your agreements"),
        (where.data / "seed", "the seed of your keys"),
    ):
        if path in theirs:
            teller.say(f"  {what}: {path}")
        if path == ledger and path in theirs:
            teller.say(f"    {agent.counted() if agent else 'They could not be counted.'}")
    if _seed_in_keyring(where):
        teller.say(f"  the seed of your keys: the entry “rbutton” of {where.data} in your keyring")
    if ledger in theirs:
        teller.say(
            "Sites keep what they signed and are not told. Without your keys you can end none of "
            "it: to do that, press “End it…” in the button first."
        )


def _ask(where: Places, agent: _Agent | None) -> None:
    if agent is not None and _wants("Keep a copy first?"):
        name = _typed("The name of a new file for it: ")
        if not name:
            raise SetupError("There is no copy, and nothing was removed.", code=Exit.NO)
        _export(Path(name).expanduser().absolute(), where, agent)
    if _typed(f"Type {WORD} to remove all of that: ") != WORD:
        raise SetupError("Nothing was removed.", code=Exit.NO)


def _wants(question: str) -> bool:
    # Nothing else is taken for a no: it may be the name of a file.
    while True:
        answer = _typed(f"{question} [y/n] ").lower()
        if answer in ("y", "yes", "n", "no"):
            return answer[0] == "y"


def _typed(question: str) -> str:
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt):
        raise SetupError("\nNothing was removed.", code=Exit.NO) from None


def _export(file: Path, where: Places, agent: _Agent) -> None:
    if file.parent.resolve() in (where.config.resolve(), where.data.resolve()):
        raise SetupError(
            f"{file} would be in a folder that is removed. Nothing was removed.",
            "Start again, and give a file elsewhere.",
            code=Exit.NO,
        )
    if not agent.export(file):
        raise SetupError("There is no copy, and nothing was removed.", code=Exit.NO)


def _remove_seed(where: Places, agent: _Agent | None, outcome: _Outcome) -> None:
    if where.home is not None:
        return  # it never was in the keyring
    if agent is None:
        why = "The r-button's own code, which takes it out, is not here."
    else:
        done = agent.run("rbutton.cli.seed_entry")
        outcome.entry = done.stdout.strip() == "removed"
        if done.returncode == Exit.DONE:
            return
        why = done.stderr.strip().rpartition("\n")[2]
    # Where none is recorded there is hardly one, and a keyring that is missing has none.
    if _seed_in_keyring(where):
        outcome.left.append(
            f"The seed of your keys is still in your keyring: the entry “rbutton” of {where.data}. "
            f"{why}\nUnlock the keyring, then remove it in your system's program for passwords and "
            f"keys{_or_type(where)}"
        )


def _or_type(where: Places) -> str:
    if where.platform is not Platform.LINUX:
        return "."
    return (
        ", or type (on Debian it is in libsecret-tools):\n"
        f"  secret-tool clear service rbutton username {shlex.quote(str(where.data))}"
    )


def _remove_theirs(where: Places, outcome: _Outcome) -> None:
    for path in list(_kept(where)):
        led_to = path.resolve() if path.is_symlink() else None
        try:
            path.unlink()
        except OSError as error:
            outcome.left.append(f"{path} could not be removed: {error.strerror}.")
            continue
        outcome.removed.setdefault(path.parent, []).append(path.name)
        if led_to is not None and led_to.exists():
            outcome.left.append(f"{path} was a link: what it led to is still there, {led_to}.")


def _tell_outcome(where: Places, outcome: _Outcome, teller: Teller) -> Exit:
    for folder, names in outcome.removed.items():
        if folder.exists():
            teller.say(f"Removed from {folder}: {', '.join(names)}")
            there = ", ".join(sorted(path.name for path in folder.iterdir()))
            teller.say(f"  What else is in there stays: {there or 'nothing, but it is in use'}")
        else:
            teller.say(f"Removed: {folder}, with {', '.join(names)}")
    if outcome.entry:
        teller.say(f"Removed: the entry “rbutton” of {where.data} in your keyring")
    if places_for_all().record.exists():
        teller.say(
            "The r-button for everyone on this machine stays: from the next start of a browser it "
            "begins anew for you. Root can remove it: install_host.py --uninstall --system"
        )
    for sentence in outcome.left:
        teller.say(sentence)
    return Exit.NO if outcome.left else Exit.DONE
