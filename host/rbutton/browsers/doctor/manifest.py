"""The file by which a browser finds the host: there, ours, and letting our extension in."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rbutton.browsers import files, manifests, registering
from rbutton.browsers.doctor.again import again
from rbutton.browsers.places import Places
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.registering import Target
from rbutton.browsers.sandboxes import Sandbox
from rbutton.browsers.table import TABLE, Browser, Family
from rbutton.browsers.telling import Teller
from rbutton.finding import Finding, ok, problem, warning

_ALLOWED = {Family.CHROMIUM: "allowed_origins", Family.GECKO: "allowed_extensions"}


def look(
    browser: Browser,
    where: Places,
    record: Record | None,
    sandbox: Sandbox | None = None,
    profile: Path | None = None,
) -> Iterator[Finding]:
    """What keeps a browser that is here from finding the host, or that nothing does.

    Args:
        sandbox: what the browser is in; None where it is in none.
        profile: the folder that it is started with; None where it is the usual one.
    """
    target = registering.target(browser, where, sandbox, profile)
    one = _Manifest(browser, target, where, record, again(where, browser, profile))
    try:
        if one.read is None:
            raise FileNotFoundError
        text = one.read.read_text(encoding="utf-8")
    except FileNotFoundError:
        if record is not None:
            yield one.missing(record)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        yield one.unreadable(str(why))
    else:
        yield one.judged(text)


@dataclass(frozen=True)
class _Manifest:
    """That of one browser."""

    browser: Browser
    target: Target
    where: Places
    record: Record | None
    again: str

    @property
    def path(self) -> Path:
        """Where we would write it."""
        return self.target.manifest

    @property
    def read(self) -> Path | None:
        """The file that the browser reads."""
        return registering.registrar(self.where).read_for(self.path)

    @property
    def mend(self) -> Callable[[], str] | None:
        """Where nothing is installed, there is nothing that a manifest could name."""
        return None if self.record is None else self._write

    def missing(self, record: Record) -> Finding:
        """There is none."""
        title, fix = self.browser.title, self.again
        if (misplaced := _elsewhere(self.browser, self.where)) is not None:
            return problem(
                "manifest-misplaced",
                f"{title} does not find the agent: {misplaced} lies where it does not look. It "
                f"looks in {self.path.parent}.",
                fix,
                mend=self.mend,
            )
        if str(self.path) in record.manifests:
            return problem(
                "manifest-missing",
                f"{title} does not find the agent: {self.path} is missing.",
                fix,
                mend=self.mend,
            )
        return warning(
            "browser-not-registered",
            f"{title} is here, and the r-button is not installed for it.",
            f"If you want it there: {fix}",
        )

    def unreadable(self, why: str) -> Finding:
        """There is something, and it is no manifest of anybody's."""
        ours = self.record is not None and str(self.path) in self.record.manifests
        fix = self.again
        return problem(
            "manifest-unreadable",
            f"{self.browser.title} does not find the agent: {self.path} cannot be read ({why}).",
            fix if ours else f"Move it away. {fix}",
            mend=self.mend if ours and self.path.is_file() else None,
        )

    def judged(self, text: str) -> Finding:
        """There is one."""
        title, fix = self.browser.title, self.again
        try:
            found: Any = json.loads(text)
        except (ValueError, RecursionError):
            return self.unreadable("it is not JSON")
        if not isinstance(found, dict) or found.get("name") != manifests.HOST:
            return problem(
                "manifest-foreign",
                f"{title} does not find the agent: {self.path} is another program's.",
                f"Move it away. {fix}",
            )
        leads_to = None if self.read is None else registering.leads_to(self.read)
        if leads_to != self.where.launcher:
            return self._other_path(str(leads_to))
        wanted = json.loads(self._text())
        allowed = _ALLOWED[self.browser.family]
        if not set(wanted[allowed]) <= set(_strings(found.get(allowed))):
            return problem(
                "manifest-other-id",
                f"{title} does not let the button reach the agent: {self.path} does not allow its "
                f"id ({', '.join(wanted[allowed])}).",
                fix,
                mend=self.mend,
            )
        if self.target.trouble(self.where) is not None:
            return problem(
                "manifest-changed",
                f"{self.path}, by which {title} finds the agent, is not as it was written.",
                fix,
                mend=self.mend,
            )
        return ok("browser-finds-host", f"{title} finds the agent.")

    def _other_path(self, launcher: str) -> Finding:
        title, fix = self.browser.title, self.again
        message = f"{title} would start another program: {self.path} names {launcher}"
        if Path(launcher).exists():
            return problem(
                "manifest-other-installation",
                f"{message}, another installation of the r-button.",
                "Keep one: uninstall that one (install_host.py --uninstall, with its "
                f"RBUTTON_HOME), then this one again. {fix}",
            )
        return problem(
            "manifest-other-path", f"{message}, which is not there.", fix, mend=self.mend
        )

    def _text(self) -> str:
        return self.target.text(manifests.installed(self.where.extension))

    def _write(self) -> str:
        """Writes it, and has it in the record before: what is written can be removed again."""
        with files.only_one(self.where.lock, Teller(sys.stderr)):
            record = Record.load(self.where.record)
            if record is None:
                raise SetupError("The r-button was uninstalled meanwhile.")
            made = [each for path in self.target.files for each in files.make_folder(path.parent)]
            wrappers = [str(path) for path in self.target.files if path != self.path]
            ours = Record(
                programs=wrappers,
                manifests=[str(self.path)],
                folders=[str(folder) for folder in made],
            )
            record.add(ours)
            record.save(self.where.record, self.where.file_mode)
            self.target.write(self.where)
        return f"{self.path} was written anew."


def _elsewhere(browser: Browser, where: Places) -> Path | None:
    """A manifest of ours for this browser's kin, where no browser of that kin looks."""
    roots = dict.fromkeys((where.user_config, where.user_home / ".config"))
    variants = [replace(where, user_config=root) for root in roots]
    rows = [row for row in TABLE if not where.for_all or row.system_folder is not None]
    folders = [row.hosts(variant) for row in rows for variant in variants]
    # As the two kins name it, each in the other's place; and where Firefox has its profiles now.
    folders += [
        folder.parent / name
        for folder in list(folders)
        for name in ("NativeMessagingHosts", "native-messaging-hosts")
    ]
    folders += [root / "mozilla" / "native-messaging-hosts" for root in roots]
    read = {row.hosts(where) for row in rows if row.family is browser.family}
    for folder in dict.fromkeys(folders):
        path = manifests.path_in(folder)
        if folder not in read and _ALLOWED[browser.family] in (manifests.read(path) or {}):
            return path
    return None


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
