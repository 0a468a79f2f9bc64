"""Taking away what an installation brought, and nothing of the person's."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rbutton.browsers import files, manifests
from rbutton.browsers.install import is_ours
from rbutton.browsers.places import Places, places
from rbutton.browsers.record import Record
from rbutton.browsers.table import TABLE
from rbutton.browsers.telling import Teller


def uninstall(environ: Mapping[str, str], teller: Teller) -> None:
    """Removes what the record lists, and the demo's environment; tells where the data is.

    Raises:
        SetupError: the record cannot be read.
    """
    where = places(environ)
    demo_was_here = where.demo.exists()
    shutil.rmtree(where.demo, ignore_errors=True)
    _remove_if_empty(where.demo.parent)
    record = Record.load(where.record)
    if record is None:
        teller.say("The demo's environment is gone." if demo_was_here else "Nothing is installed.")
    else:
        with files.only_one(where.lock, teller):
            _remove(record, where)
        for folder in sorted(map(Path, record.folders), key=_depth, reverse=True):
            _remove_if_empty(folder)
        teller.say("The r-button's host is uninstalled.")
        if pages := " or ".join(_pages(record, where)):
            teller.say(f"Remove the button itself on the browser's own page: {pages}")
    _tell_what_stays(where, teller)


def _remove(record: Record, where: Places) -> None:
    # The manifests first: from then on no browser starts what is half gone.
    for manifest in map(Path, record.manifests):
        if (manifests.read(manifest) or {}).get("path") == str(where.launcher):
            manifest.unlink()
    for link in map(Path, record.links):
        if is_ours(link, where.command):
            link.unlink()
    for program in map(Path, record.programs):
        program.unlink(missing_ok=True)
    for tree in map(Path, record.trees):
        shutil.rmtree(tree, ignore_errors=True)
    where.log.unlink(missing_ok=True)
    for lock in where.host_locks:
        files.remove_lock(lock)
    where.record.unlink()


def _pages(record: Record, where: Places) -> dict[str, None]:
    """Where the browsers that were told of the host keep their extensions, each page once."""
    told = set(record.manifests)
    return {
        browser.extensions_page: None
        for browser in TABLE
        if str(manifests.path_in(browser.hosts(where))) in told
    }


def _depth(folder: Path) -> int:
    return len(folder.parts)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # not empty, or gone: both are as it should be
        folder.rmdir()


def _tell_what_stays(where: Places, teller: Teller) -> None:
    stays = [folder for folder in dict.fromkeys((where.config, where.data)) if _holds(folder)]
    if stays:
        teller.say("What is yours stays: your terms and the record of your agreements. It is in")
        for folder in stays:
            teller.say(f"  {folder}")
        teller.say("A seed kept in your keyring stays there, too.")


def _holds(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
