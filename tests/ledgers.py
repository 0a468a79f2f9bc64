"""Ledgers with a past, written by the person's own code."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from rbutton.person.ledger import Kind, Ledger, Writing
from rbutton.terms import notice
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.keys import person_key
from tests import sites
from tests.sites import Site

#: In the order they are offered; each is the state that an agreement comes to, but for "stale".
#: "stale" is sent once and never answered; "silent" as often as it may be.
FATES = ("waiting", "signed", "declined", "refused", "silent", "stale", "withdrawn", "taken-back")
_WORDS = b'{"type":"about:blank","code":"declined","detail":"We count visits."}'
_MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def offered(ledger: Writing, site: Site, at: datetime, *ids: str) -> SignedAgreement:
    """A proffer as the host keeps it: policy, proffer, sent."""
    made = sites.proffer(site, *ids, now=at, nonce=sites.nonce_of(site.origin, at))
    when = time_text(at)
    ledger.append("policy", when, site.origin, made.id, site.policy())
    ledger.append("proffer", when, site.origin, made.id, made.body)
    ledger.append("sent", when, site.origin, made.id, b'{"by":"touch"}')
    return made


def fated(ledger: Writing, site: Site, at: datetime, fate: str, *ids: str) -> SignedAgreement:
    """What is offered to `site` at that time, and what becomes of it five seconds later."""
    made = offered(ledger, site, at, *ids)

    def after(kind: Kind, body: bytes, later: timedelta = timedelta(seconds=5)) -> None:
        ledger.append(kind, time_text(at + later), site.origin, made.id, body)

    match fate:
        case "waiting" | "stale":
            pass
        case "silent":
            for tries in range(1, 5):
                after("sent", b'{"by":"retry"}', tries * _MINUTE)
            after("sent", b'{"by":"click"}', timedelta(days=2))
        case "declined":
            after("declined", _WORDS)
        case "refused":
            after("refused", _WORDS.replace(b"declined", b"unknown-terms"))
        case "signed":
            after("sealed", site.countersign(made.body))
        case "withdrawn" | "taken-back":
            if fate == "withdrawn":
                after("sealed", site.countersign(made.body))
            nonce = from_b64u(made.agreement.nonce)
            key = person_key(sites.SEED, nonce, site.origin)
            ended = notice.withdraw(made.id, key, at + _MINUTE)
            after("withdraw", ended.body, _MINUTE)
            after("sent", b'{"by":"click"}', _MINUTE)
        case _:
            raise ValueError(fate)
    return made


def one_of_each(path: Path, now: datetime) -> dict[str, SignedAgreement]:
    """A ledger with an agreement of each fate, offered to a site of that name.

    Returns:
        What was offered, by fate, in the order it was.
    """
    made = {}
    with Ledger(path).writing() as ledger:
        for number, fate in enumerate(FATES):
            days = {"silent": 4, "stale": 3}.get(fate, 0)
            at = now - timedelta(days=days, hours=10 - number)
            made[fate] = fated(ledger, Site(origin=f"https://{fate}.example"), at, fate)
    return made


def many(path: Path, count: int) -> list[SignedAgreement]:
    """A ledger with so many agreements, each with another site, most of them in force."""
    now = datetime.now(UTC) - timedelta(hours=1)
    fates = ("signed", "signed", "signed", "declined", "silent", "withdrawn")
    made = []
    with Ledger(path).writing() as ledger:
        for number in range(count):
            site = Site(origin=f"https://site-{number}.example", name=f"<b>Site {number}</b>")
            at = now - timedelta(hours=count - number, days=3)
            made.append(fated(ledger, site, at, fates[number % len(fates)]))
    return made
