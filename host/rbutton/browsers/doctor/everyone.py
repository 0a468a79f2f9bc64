"""What is wrong with the installation for everyone on a machine, whoever asks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rbutton.browsers.doctor import NOT_INSTALLED, button, host, manifest
from rbutton.browsers.doctor.again import again
from rbutton.browsers.here import find_all
from rbutton.browsers.places import Places, places_for_all
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.table import TABLE
from rbutton.finding import Finding, problem


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """All there is to find about it; of persons nothing.

    The host is started for real.
    """
    where = places_for_all()
    try:
        record = Record.load(where.record)
    except SetupError as error:
        yield problem("record-unreadable", error.message, again(where))
        return
    if record is None:
        yield problem(
            NOT_INSTALLED,
            f"The r-button is not installed for everyone: there is no {where.record}.",
            again(where),
        )
        return
    yield from host.look(where, record)
    yield from button.look(where, record)
    if host.could_start(where):
        yield from host.start(where, environ)
    for browser in TABLE:
        if browser.system_folder is not None:
            for found in find_all(browser, environ):
                if found.sandbox is None:
                    yield from manifest.look(browser, where, record)
    yield from _links(where, record)


def _links(where: Places, record: Record) -> Iterator[Finding]:
    """The command, and the button in Debian's browsers."""
    for link in map(Path, record.links):
        if not (link.is_symlink() and link.exists() and where.is_ours(link)):
            yield problem(
                "link-missing",
                f"{link} does not lead to what is in {where.data}: what finds the r-button by it "
                "has none.",
                again(where),
            )
