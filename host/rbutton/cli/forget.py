"""`rbutton forget`: erases what is kept of a site."""

from argparse import Namespace
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from rbutton.cli import asking, homes
from rbutton.cli.commands import DONE, NO, Commands, count
from rbutton.decisions.relationship import Relationship, relationship
from rbutton.person.backup import read_if_there
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record
from rbutton.terms.encoding import from_time_text, host_of


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "forget",
        help="erase what is kept of one site",
        description="Erases the agreements with SITE and all else that your ledger has of it. "
        "The ledger still verifies, and says that something was erased.",
    )
    parser.add_argument("site", metavar="SITE", help="https://shop.example, or shop.example")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--even-in-force", action="store_true", help="also what the site takes to be in force"
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Show what would be erased, ask, and do it.

    Raises:
        PersonError: nothing was erased, or the message says that it was.
    """
    home = homes.existing()
    ledger = Ledger(home.data / "ledger.sqlite3")
    kept = {
        origin: ledger.of_origin(origin)
        for origin in ledger.origins()
        if _is_meant(options.site, origin)
    }
    if not kept:
        # Of an earlier time that was interrupted.
        ledger.wipe()
        print("Nothing is kept of that site. All sites of which something is: rbutton agreements")
        return NO
    holding: list[str] = []
    for origin, records in kept.items():
        agreements = {record.agreement for record in records}
        about = count(len(agreements), "agreement")
        print(f"{origin}: {count(len(records), 'record')} of {about}.")
        holding += _still_holds(relationship(origin, records))
    for line in holding:
        print(line)
    if holding and not options.even_in_force:
        print("Nothing was erased. To do it even so, add --even-in-force.")
        return NO
    if not options.yes and not asking.yes("Erase that, for good?"):
        print("Nothing was erased.")
        return NO
    _erase(ledger, kept)
    for line in _afterwards(home, kept):
        print(line)
    return DONE


def _is_meant(site: str, origin: str) -> bool:
    wanted = site.strip().lower()
    if "://" in wanted:
        parts = urlsplit(wanted)
        return f"{parts.scheme}://{parts.netloc}" == origin
    # As the button names it, with its port, or the host alone.
    return wanted in (origin.partition("://")[2], host_of(origin))


def _still_holds(state: Relationship) -> Iterator[str]:
    """What forgetting would make impossible."""
    if state.sealed:
        yield (
            f"{state.origin} signed your terms on {_day(state.sealed.at)}, and that is in force. "
            "Forgetting it here ends nothing there, and you could no longer end it: press "
            "“End it…” in the button on its pages first."
        )
    if state.untold:
        yield (
            f"You ended something with {state.origin} on {_day(state.untold.notice.at)}, and the "
            "site has not confirmed that it knows. It would not be told again: visit it first."
        )


def _erase(ledger: Ledger, kept: dict[str, list[Record]]) -> None:
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


def _afterwards(home: Home, origins: Collection[str]) -> Iterator[str]:
    yield (
        "Erased. What the site itself, a backup of yours or unused parts of the disk have of it, "
        "is beyond this command."
    )
    text = (read_if_there(home.terms_file) or b"").decode("utf-8", "replace")
    hosts = sorted({host_of(origin) for origin in origins})
    if named := [host for host in hosts if host in text]:
        yield f"{home.terms_file} names {', '.join(named)}: take it out there by hand if you like."
    else:
        yield (
            "To your agent the site is new again, and may be offered terms. To keep it from that, "
            f"write in {home.terms_file}:"
        )
        yield from (f'  [sites."{host}"]\n  negotiate = "never"' for host in hosts)


def _day(text: str) -> str:
    return f"{from_time_text(text).astimezone():%Y-%m-%d}"
