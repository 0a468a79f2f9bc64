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
    match reply.understand(offered, _came(got), catalogue(), now):
        # Not as it came: a stranger may pad it to 64 KiB, and it is kept for good.
        case reply.Sealed(signed):
            return [("sealed", jws.text(signed.envelope))]
        case reply.Countered(signed):
            return [("countered", jws.text(signed.envelope))]
        case reply.Final(declined=declined, body=body):
            came = _response(got, now, "final")
            answer: tuple[Kind, bytes] = ("declined" if declined else "refused", body)
            # Too late or too early by clocks that differ: only here the site's clock matters.
            return (
                [("response", came.body()), answer] if got.status == 410 and came.date else [answer]
            )
        case reply.NoAnswer(why, fault):
            return [("response", _response(got, now, why, fault).body())]


def of_delivery(accepted: bytes, got: Reply | FailedReply, now: datetime) -> Outcome:
    """What a reply to a counter adds that the person accepted: it was signed by both before."""
    if isinstance(got, FailedReply):
        return [("response", Response.now(now, got.failed).body())]
    match reply.understand(agreements.read(accepted), _came(got), catalogue(), now):
        case reply.Sealed():
            return [("delivered", b"")]
        case reply.Final(body=body):
            return [("undeliverable", body)]
        case reply.NoAnswer(why, fault):
            return [("response", _response(got, now, why, fault).body())]
        case reply.Countered():
            return [("response", _response(got, now, "other").body())]


def of_notice(
    done: Withdrawal, keys: Iterable[PublicKey], got: Reply | FailedReply, now: datetime
) -> Outcome:
    """What a reply to a `withdraw` adds.

    Args:
        keys: those of the site's policy.
    """
    if isinstance(got, FailedReply):
        return [("response", Response.now(now, got.failed).body())]
    told = notices.read(jws.parse(done.record.body, "notice"))
    ended = agreements.read(done.what.body)
    match reply.understand_acknowledgement(told, ended, keys, _came(got), now):
        case reply.Acknowledged(body):
            return [("acknowledged", body)]
        case reply.Final(body=body):
            return [("notice-refused", body)]
        case reply.NoAnswer(why, fault):
            return [("response", _response(got, now, why, fault).body())]


def _came(got: Reply) -> tuple[int, str, bytes]:
    return got.status, got.headers.content_type or "", got.body


def _response(got: Reply, now: datetime, why: Why, fault: str | None = None) -> Response:
    return Response.now(
        now,
        why,
        status=got.status,
        fault=fault,
        date=got.headers.date,
        retry_after=got.headers.retry_after,
    )
