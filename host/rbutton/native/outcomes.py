"""What a reply that was carried back adds to the ledger: kind and body of each record."""

from collections.abc import Iterable
from datetime import datetime

from rbutton.decisions import reply
from rbutton.decisions.response import Response, Why
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.native.messages import FailedReply, Reply
from rbutton.person.ledger import Kind
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import jws
from rbutton.terms import notice as notices
from rbutton.terms.keys import PublicKey

Outcome = list[tuple[Kind, bytes]]


def of_proffer(proffer: bytes, got: Reply | FailedReply, now: datetime) -> Outcome:
    """What a reply to a proffer adds."""
    if isinstance(got, FailedReply):
        return [("response", Response.now(now, got.failed).body())]
    offered = agreements.read(proffer)
    match reply.understand(offered, got.status, _media_type(got), got.body, catalogue()):
        case reply.Sealed(signed):
            # Not as it came: a stranger may pad it to 64 KiB, and it is kept for good.
            return [("sealed", jws.text(signed.envelope))]
        case reply.Final(declined=declined, body=body):
            came = _response(got, now, "final")
            answer: tuple[Kind, bytes] = ("declined" if declined else "refused", body)
            # Too late or too early by clocks that differ: only here the site's clock matters.
            return (
                [("response", came.body()), answer] if got.status == 410 and came.date else [answer]
            )
        case reply.NoAnswer(why, fault):
            return [("response", _response(got, now, why, fault).body())]


def of_notice(
    done: Withdrawal, keys: Iterable[PublicKey], got: Reply | FailedReply, now: datetime
) -> Outcome:
    """What a reply to a `withdraw` adds.

    Args:
        keys: those of the site's policy.
    """
    if isinstance(got, FailedReply):
        return [("response", Response.now(now, got.failed).body())]
    told = notices.read(jws.parse(done.notice.body, "notice"))
    ended = agreements.read(done.what.body)
    came = (got.status, _media_type(got), got.body)
    match reply.understand_acknowledgement(told, ended, keys, came, now):
        case reply.Acknowledged(body):
            return [("acknowledged", body)]
        case reply.Final(body=body):
            return [("notice-refused", body)]
        case reply.NoAnswer(why, fault):
            return [("response", _response(got, now, why, fault).body())]


def _media_type(got: Reply) -> str:
    return got.headers.content_type or ""


def _response(got: Reply, now: datetime, why: Why, fault: str | None = None) -> Response:
    return Response.now(
        now,
        why,
        status=got.status,
        fault=fault,
        date=got.headers.date,
        retry_after=got.headers.retry_after,
    )
