"""Taking back an agreement or a proffer: where the notice of it stands (protocol, section 6)."""

from dataclasses import dataclass

from rbutton.decisions.delivery import Delivery
from rbutton.decisions.reply import code_of
from rbutton.person.ledger import Record


@dataclass(frozen=True, kw_only=True)
class Withdrawal(Delivery):
    """The person ended something, at once; `record` is that of the signed `withdraw`.

    Attributes:
        what: the record of what was ended: signed by both, or a proffer.
    """

    what: Record

    def ends(self, agreement: str) -> bool:
        """Whether it is about the agreement of that id."""
        return self.record.agreement == agreement

    @property
    def unknown_there(self) -> bool:
        """The site has no record of what was ended."""
        return (
            self.answer is not None
            and self.answer.kind == "notice-refused"
            and code_of(self.answer.body) == "unknown-agreement"
        )
