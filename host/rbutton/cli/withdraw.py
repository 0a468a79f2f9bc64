"""`rbutton withdraw`: ends an agreement, or takes an offer back."""

from argparse import Namespace
from datetime import UTC, datetime

from rbutton.cli import asking, homes
from rbutton.cli.commands import DONE, NO, Commands
from rbutton.cli.meant import HELP, is_meant
from rbutton.decisions.relationship import relationship
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.words import day
from rbutton.native import signing
from rbutton.person.ledger import Ledger
from rbutton.person.seed import Seed
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms.encoding import from_time_text


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "withdraw",
        help="end an agreement, or take an offer back",
        description="Ends the agreement with SITE, or takes back what it was offered: for you at "
        "once. The site is told when you are next on its pages.",
    )
    parser.add_argument("site", metavar="SITE", help=HELP)
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Show what would end, ask, and end it.

    Raises:
        PersonError: nothing was ended.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("Nothing is in force or offered there.", as_json=False)
        return NO
    ledger = Ledger(home.data / "ledger.sqlite3")
    now = datetime.now(UTC)
    meant = [origin for origin in ledger.origins() if is_meant(options.site, origin)]
    ending = {
        origin: found
        for origin in meant
        if (found := relationship(origin, ledger.of_origin(origin), now).endable(now))
    }
    if not ending:
        print("Nothing is in force or offered there. All there is: rbutton agreements")
        return NO
    for origin, record in ending.items():
        terms = agreements.read(record.body).agreement.terms
        titles = "; ".join(title_of(term.id, catalogue()) for term in terms)
        what = "offered" if record.kind == "proffer" else "signed by both"
        print(f"{origin}: {titles}, {what} on {day(from_time_text(record.at))}.")
    if not options.yes and not asking.yes("End that? It cannot be undone."):
        print("Nothing was ended.")
        return NO
    seed = Seed(home).read()
    with ledger.writing() as writing:
        for origin, record in ending.items():
            state = relationship(origin, writing.of_origin(origin), now)
            signing.withdraw(writing, seed, state, record.agreement, now)
    print("Ended. The site is told when you are next on its pages.")
    return DONE
