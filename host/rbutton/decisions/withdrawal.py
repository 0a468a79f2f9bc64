"""Taking back an agreement or a proffer: where the notice of it stands (protocol, section 6)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from rbutton.decisions import response
from rbutton.decisions.reply import code_of
from rbutton.decisions.response import Response
from rbutton.decisions.tries import TRIES_IN, tried_out
from rbutton.person.ledger import Record
from rbutton.terms.encoding import from_time_text


@dataclass(frozen=True)
class Withdrawal:
    """The person ended something, at once; the site may not know it yet.

    Attributes:
        notice: the record of the signed `withdraw`; its `agreement` is what was ended.
        what: the record of that: signed by both, or a proffer.
        sent: when it was handed to a browser for sending.
        response: what came back last, where it was no answer.
        answer: the record of the site's `acknowledge`, or of its refusal.
    """

    notice: Record
    what: Record
    sent: tuple[datetime, ...] = ()
    response: Response | None = None
    answer: Record | None = None

    def ends(self, agreement: str) -> bool:
        """Whether it is about the agreement of that id."""
        return self.notice.agreement == agreement

    @property
    def pending(self) -> bool:
        """The site has not said that it knows."""
        return self.answer is None

    @property
    def unknown_there(self) -> bool:
        """The site has no record of what was ended."""
        return (
            self.answer is not None
            and self.answer.kind == "notice-refused"
            and code_of(self.answer.body) == "unknown-agreement"
        )

    def may_retry(self, now: datetime) -> bool:
        """Whether it may be sent, the same bytes, without asking the person."""
        if not self.pending or tried_out(self.sent):
            return False
        # Unlike a proffer's, its time begins with the first try: a site may be visited late.
        if self.sent and now - self.sent[0] >= TRIES_IN:
            return False
        return self.response is None or not self.response.holds_back(now)

    def after(self, record: Record) -> Self:
        """This, with a later record about the same agreement."""
        match record.kind:
            case "sent":
                return replace(self, sent=(*self.sent, from_time_text(record.at)))
            case "response":
                return replace(self, response=response.read(record.body))
            case "acknowledged" | "notice-refused":
                return replace(self, answer=record)
        return self
