"""What came back on a post that sealed nothing, as it is kept and told.

A fact worth keeping: it says why nothing is agreed yet, and when the site wants to be asked again.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from rbutton.terms.encoding import from_time_text, time_text

#: timeout, network, too-large: the post failed. status: an HTTP status that is no answer.
#: unreadable: a 200 that is not signed terms, or a signature that is none. returned: our own bytes.
#: other: other terms, signed. misnamed: terms that the roster has otherwise under that id.
#: untimely: a counter-offer whose time has not come.
#: unconfirmed: a notice of the site's that does not acknowledge the person's.
#: final: the answer is kept as a decline or a refusal.
Why = Literal[
    "timeout",
    "network",
    "too-large",
    "status",
    "unreadable",
    "returned",
    "other",
    "misnamed",
    "untimely",
    "unconfirmed",
    "final",
]

#: A site cannot keep the agent away for longer than that.
LONGEST_WAIT = timedelta(hours=24)
#: What the protocol lets two clocks differ by (section 5).
SKEW = timedelta(minutes=5)
_LONGEST_HEADER = 64
_TOLD: dict[Why, str] = {
    "timeout": "No answer came within 5 seconds.",
    "network": "It could not be reached.",
    "too-large": "Its answer was larger than 65,536 bytes.",
    "returned": "It sent your terms back unsigned.",
    "other": "It signed other terms than those that were offered, which does not count.",
    "misnamed": "It answered with terms that are not what their name says, which does not count.",
    "untimely": "It offered other terms, but by your clock their time has not come.",
    "unconfirmed": "It answered something else than that it knows.",
}


@dataclass(frozen=True)
class Response:
    """What a `response` record says.

    Attributes:
        at: when it came, by the person's clock.
        status: the HTTP status, where there was one.
        fault: what is wrong with an unreadable one, in the words of `InvalidDocument`.
        date: the site's clock, where it differs from the person's by more than `SKEW`.
        wait_until: the site asked not to be asked again before.
    """

    at: datetime
    why: Why
    status: int | None = None
    fault: str | None = None
    date: datetime | None = None
    wait_until: datetime | None = None

    @classmethod
    def now(
        cls,
        now: datetime,
        why: Why,
        *,
        status: int | None = None,
        fault: str | None = None,
        date: str | None = None,
        retry_after: str | None = None,
    ) -> "Response":
        """What has just come, with two headers as the site wrote them."""
        theirs = _moment(date)
        return cls(
            now.replace(microsecond=0),
            why,
            status,
            fault,
            theirs if theirs and abs(now - theirs) > SKEW else None,
            None if why == "final" else _wait(retry_after, now),
        )

    def body(self) -> bytes:
        """As a record's body."""
        members = {
            "at": time_text(self.at),
            "why": self.why,
            "status": self.status,
            "fault": self.fault,
            "date": self.date and time_text(self.date),
            "wait_until": self.wait_until and time_text(self.wait_until),
        }
        return json.dumps(members).encode()

    def holds_back(self, now: datetime) -> bool:
        """Whether the site asked not to be asked again yet.

        A moment further off than a site can ask for was reckoned by a clock that was set since.
        """
        return self.wait_until is not None and now < self.wait_until <= now + LONGEST_WAIT

    def sentence(self) -> str:
        """Why nothing is agreed, for the person."""
        if self.why == "status" and self.status == 429:
            return "It had no time for it."
        if self.why == "status":
            what = "an error" if self.status and self.status >= 400 else "nothing that counts"
            return f"It answered with {what} ({self.status})."
        if self.why == "unreadable":
            return f"Its answer cannot be used: {self.fault}."
        return _TOLD.get(self.why, "")

    def clock(self) -> str:
        """By how much the two clocks differ, for the person; empty while they do not."""
        if self.date is None:
            return ""
        off = self.at - self.date
        which = "ahead of" if off > timedelta(0) else "behind"
        return (
            f"Your computer's clock is about {_about(abs(off))} {which} the site's. "
            "If yours is the wrong one, set it right and try again."
        )


def read(body: bytes) -> Response:
    """A record's body, as `Response.body` made it."""
    members = json.loads(body)
    date, wait_until = members["date"], members["wait_until"]
    return Response(
        from_time_text(members["at"]),
        members["why"],
        members["status"],
        members["fault"],
        date and from_time_text(date),
        wait_until and from_time_text(wait_until),
    )


def _wait(retry_after: str | None, now: datetime) -> datetime | None:
    """`Retry-After` (RFC 9110, section 10.2.3): seconds or a date; bounded."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        # Any number of ten digits is beyond the bound.
        until: datetime | None = now + min(timedelta(seconds=int(text[:10])), LONGEST_WAIT)
    else:
        until = _moment(text)
    if until is None or until <= now:
        return None
    return min(until, now + LONGEST_WAIT).replace(microsecond=0)


def _moment(text: str | None) -> datetime | None:
    """An HTTP date, or None for whatever else a site writes there."""
    if not text or len(text) > _LONGEST_HEADER:
        return None
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _about(span: timedelta) -> str:
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        # From 90 % of a unit on it is that unit: 55 minutes are about an hour.
        if span.total_seconds() >= 0.9 * unit:
            count = max(1, round(span.total_seconds() / unit))
            one = "an" if name == "hour" else "a"
            return f"{one} {name}" if count == 1 else f"{count:,} {name}s"
    return "a minute"
