"""What the extension asks of a host on a visit, step by step."""

from pathlib import Path
from typing import Any

from rbutton.person.ledger import Ledger, Record
from tests.host_process import Host, host
from tests.sites import Site

SHOP = Site()
NO_REPLY = {"failed": "timeout"}


class greeted:  # noqa: N801 - used as `host` is
    """A host on a portable home, after its hello."""

    def __init__(self, home: Path) -> None:
        self._host = host("--home", home)

    def __enter__(self) -> Host:
        started = self._host.__enter__()
        started.hello()
        return started

    def __exit__(self, *error: Any) -> None:
        self._host.__exit__(*error)


def records(home: Path) -> list[Record]:
    """The ledger, whose chain must hold."""
    ledger = Ledger(home / "ledger.sqlite3")
    assert ledger.first_fault() is None
    return ledger.all()


def kinds(home: Path) -> list[str]:
    """What kinds of record there are, oldest first."""
    return [record.kind for record in records(home)]


def visit(running: Host, site: Site = SHOP, **changes: Any) -> Any:
    """The view after a visit on which the site's policy was fetched."""
    return running.result(
        "visit", origin=site.origin, announced=True, policy=site.served(**changes)
    )["view"]


def seen(running: Host, site: Site = SHOP) -> Any:
    """The view of what the ledger knows."""
    return running.result("visit", origin=site.origin, announced=False, policy=None)["view"]


def offer(running: Host, by: str, site: Site = SHOP) -> tuple[Any, Any]:
    """What is to be posted, and the view."""
    result = running.result("offer", origin=site.origin, policy=site.served(), by=by)
    return result["post"], result["view"]


def reply(running: Host, post: Any, answer: Any, site: Site = SHOP) -> Any:
    """The view after the site's answer."""
    return running.result("reply", origin=site.origin, agreement=post["agreement"], reply=answer)[
        "view"
    ]


def negotiate(running: Host, by: str = "touch", site: Site = SHOP) -> Any:
    """A whole negotiation: the last view."""
    post, _ = offer(running, by, site)
    return reply(running, post, site.answer(post["body"]), site)
