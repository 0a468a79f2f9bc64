"""`rbutton forget`: erases what is kept of a site."""

from argparse import Namespace
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from rbutton.cli import asking, homes
from rbutton.cli.commands import DONE, NO, Commands, count
from rbutton.cli.meant import HELP, is_meant
from rbutton.decisions.forgetting import still_holds
from rbutton.decisions.relationship import relationship
from rbutton.person.backup import read_if_there
from rbutton.person.forgetting import erase
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.person.seen import SeenOfSites
from rbutton.terms.encoding import host_of


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "forget",
        help="erase what is kept of one site",
        description="Erases the agreements with SITE, all else that your ledger has of it, and "
        "what was read of it. The ledger still verifies, and says that something was erased.",
    )
    parser.add_argument("site", metavar="SITE", help=HELP)
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
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("Nothing is kept of any site yet.", as_json=False)
        return NO
    ledger = Ledger(home.data / "ledger.sqlite3")
    kept = {
        origin: ledger.of_origin(origin)
        for origin in ledger.origins()
        if is_meant(options.site, origin)
    }
    seen = SeenOfSites(home.data / "seen.sqlite3")
    read = [origin for origin in seen.origins() if is_meant(options.site, origin)]
    if not kept and not read:
        # Of an earlier time that was interrupted.
        ledger.wipe()
        print("Nothing is kept of that site. All sites of which something is: rbutton sites list")
        return NO
    now = datetime.now(UTC)
    warned: list[str] = []
    for origin, records in kept.items():
        agreements = {record.agreement for record in records}
        about = count(len(agreements), "agreement")
        print(f"{origin}: {count(len(records), 'record')} of {about}.")
        warned += still_holds(relationship(origin, records, now), now)
    for origin in read:
        print(f"{origin}: what it says of itself, as it was read.")
    for line in warned:
        print(line)
    if warned and not options.even_in_force:
        print("Nothing was erased. To do it even so, add --even-in-force.")
        return NO
    if not options.yes and not asking.yes("Erase that, for good?"):
        print("Nothing was erased.")
        return NO
    erase(home, ledger, kept, read)
    for line in _afterwards(home, {*kept, *read}):
        print(line)
    return DONE


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
            "type:"
        )
        yield from (f"  rbutton terms set sites.{host}.negotiate never" for host in hosts)
