"""Erasing all that is kept of sites, for good: from the ledger, and from what was read of them."""

from collections.abc import Collection, Mapping

from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record
from rbutton.person.seen import SeenOfSites


def erase(
    home: Home, ledger: Ledger, kept: Mapping[str, list[Record]], read: Collection[str]
) -> None:
    """Erase them; the ledger still verifies, and says that something was erased.

    Args:
        kept: origin → its records, as the person was told of them.
        read: origins of which something was read.

    Raises:
        PersonError: nothing of the ledger was erased, or the message says that it was.
    """
    # First: it is no record, and where it fails, nothing of the ledger is gone.
    SeenOfSites(home.data / "seen.sqlite3").forget(read)
    with ledger.writing() as writing:
        for origin, records in kept.items():
            if writing.of_origin(origin) != records:
                raise PersonError(
                    "ledger",
                    f"Something was added about {origin} meanwhile, and nothing was erased.",
                    "Look again.",
                )
        writing.erase(kept)
    try:
        ledger.wipe()
    except PersonError as error:
        raise PersonError(
            "ledger",
            "It is erased, but remains of it may be in unused parts of the file, which could not "
            f"be rewritten: {error.message}",
            "Free some space on the disk, and do the same again.",
        ) from error
