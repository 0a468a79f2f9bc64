"""Something the person signed that counts at once, and that the site has to be told of."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from rbutton.decisions import response
from rbutton.decisions.response import Response
from rbutton.decisions.tries import TRIES_IN, tried_out
from rbutton.person.ledger import Record
from rbutton.terms.encoding import from_time_text

#: The site's last word on it.
_ANSWERS = ("acknowledged", "notice-refused", "delivered", "undeliverable")


@dataclass(frozen=True)
class Delivery:
    """The site may not know of it yet.

    Attributes:
        record: the record of what was signed: an accepted counter, or a `withdraw`.
        sent: when it was handed to a browser for sending.
        response: what came back last, where it was no answer.
        answer: the record of what the site says to it.
    """

    record: Record
    sent: tuple[datetime, ...] = ()
    response: Response | None = None
    answer: Record | None = None

    @property
    def pending(self) -> bool:
        """The site has not said that it knows."""
        return self.answer is None

    @property
    def delivered(self) -> bool:
        """The site has said that it took what both signed."""
        return self.answer is not None and self.answer.kind == "delivered"

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
        if record.kind == "sent":
            return replace(self, sent=(*self.sent, from_time_text(record.at)))
        if record.kind == "response":
            return replace(self, response=response.read(record.body))
        return replace(self, answer=record) if record.kind in _ANSWERS else self
