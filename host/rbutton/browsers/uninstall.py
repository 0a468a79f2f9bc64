"""Taking away what an installation brought, and nothing of the person's."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rbutton.browsers import files, for_all, registering
from rbutton.browsers.places import Places, places, places_for_all
from rbutton.browsers.record import Record
from rbutton.browsers.table import BY_NAME, TABLE
from rbutton.browsers.telling import Teller


def uninstall_for_all(checkout: Path, teller: Teller) -> None:
    """Removes what the record of the installation for everyone lists.

    Raises:
        SetupError: we are not root, or the record cannot be read.
    """
    for_all.check(checkout, "--uninstall --system")
    where = places_for_all()
    record = Record.load(where.record)
    if record is None:
        teller.say("Nothing is installed for everyone.")
        return
    _take_away(record, where, teller)
    teller.say("The r-button is uninstalled, but for what each person installed for themselves.")
    teller.say("What is each person's stays: their terms and agreements, in their homes.")


def unregister(environ: Mapping[str, str], names: Sequence[str], teller: Teller) -> None:
    """Takes the host's manifest from the browsers of those names; all else stays installed.

    Raises:
        SetupError: the record cannot be read.
    """
    where = places(environ)
    record = Record.load(where.record)
    if record is None:
        teller.say("Nothing is installed.")
        return
    with files.only_one(where.lock, teller):
        for name in dict.fromkeys(names):
            browser = BY_NAME[name]
            registered = registering.manifests_of(browser, where, record)
            if not registered:
                teller.say(f"{browser.title} was not registered.")
                continue
            for manifest in registered:
                gone = registering.take_away(manifest, where, record)
                above = {str(folder) for one in gone for folder in one.parents}
                remove_if_empty(*map(Path, above.intersection(record.folders)))
                record.manifests.remove(str(manifest))
            others = registering.sharing(browser, where, TABLE)
            neither = "".join(f", nor does {other.title}" for other in others)
            teller.say(
                f"{browser.title} no longer reaches the agent{neither}. Remove the button itself "
                f"on its own page: {browser.extensions_page}"
            )
        record.drop_what_is_gone()
        record.save(where.record)
    if not record.manifests:
        teller.say(
            "No browser reaches the agent now. To remove it, too: install_host.py --uninstall"
        )


def uninstall(environ: Mapping[str, str], teller: Teller) -> None:
    """Removes what the record lists, and the demo's environment; tells where the data is.

    Raises:
        SetupError: the record cannot be read.
    """
    where = places(environ)
    take_away(Record.load(where.record), where, teller)
    if places_for_all().record.exists():
        teller.say(
            "The r-button for everyone on this machine stays, and browsers use that one now. To "
            "remove it: sudo /usr/bin/python3 install_host.py --uninstall --system"
        )
    _tell_what_stays(where, teller)


def take_away(record: Record | None, where: Places, teller: Teller) -> None:
    """Removes what one person's record lists, and the demo's environment; tells of both.

    Args:
        record: None where nothing is installed.
    """
    demo_was_here = where.demo.exists()
    shutil.rmtree(where.demo, ignore_errors=True)
    remove_if_empty(where.demo.parent)
    if record is None:
        teller.say("The demo's environment is gone." if demo_was_here else "Nothing is installed.")
        return
    _take_away(record, where, teller)
    if record.programs:
        teller.say("The r-button's agent is uninstalled.")
    if pages := " or ".join(_pages(record, where)):
        teller.say(f"Remove the button itself on the browser's own page: {pages}")


def _take_away(record: Record, where: Places, teller: Teller) -> None:
    with files.only_one(where.lock, teller):
        _remove(record, where)
    remove_if_empty(*map(Path, record.folders))


def _remove(record: Record, where: Places) -> None:
    for path in (*map(Path, record.written), where.record):
        files.remove_leftovers(path)
    # The manifests first: from then on no browser starts what is half gone.
    for manifest in map(Path, record.manifests):
        registering.take_away(manifest, where, record)
    for link in map(Path, record.links):
        if where.is_ours(link):
            link.unlink()
    for program in map(Path, record.programs):
        program.unlink(missing_ok=True)
    for tree in map(Path, record.trees):
        files.remove_tree(tree)
    where.log.unlink(missing_ok=True)
    for lock in where.host_locks:
        files.remove_lock(lock)
    where.record.unlink()


def _pages(record: Record, where: Places) -> dict[str, None]:
    """Where the browsers that were told of the host keep their extensions, each page once."""
    return {
        browser.extensions_page: None
        for browser in TABLE
        if registering.manifests_of(browser, where, record)
    }


def _depth(folder: Path) -> int:
    return len(folder.parts)


def remove_if_empty(*folders: Path) -> None:
    """Removes those folders in which nothing is, inner ones first."""
    for folder in sorted(folders, key=_depth, reverse=True):
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
