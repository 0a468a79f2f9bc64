"""What sites say of themselves: keeps what is read, says what to ask next, and when."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rbutton.decisions.relationship import relationship
from rbutton.decisions.says import Says, due, outcome_of, says
from rbutton.decisions.view import View
from rbutton.native import messages
from rbutton.person.errors import PersonError
from rbutton.person.ledger import Ledger
from rbutton.person.seen import HOUR, Outcome, SeenOfSites, What
from rbutton.person.settings import Look
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.terms.documents import MAX_BYTES
from rbutton.terms.encoding import from_time_text, host_of
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.policy import POLICY_PATH

#: Seconds from one answer to the next request, whatever site it is of.
PACE = 1.0
#: A header's value, and an address in a page, are no longer in any honest site.
MAX_PASSIVE = 2_048

_log = logging.getLogger("rbutton")


#: How long what a visit would ask waits for its turn, in seconds; else another visit asks it.
PATIENCE = 10.0


class Pace:
    """One request a second, of all tabs of this browser together."""

    def __init__(self, moment: Callable[[], float] = time.monotonic) -> None:
        self._moment = moment
        self._lock = threading.Lock()
        self._next = moment()

    def wait(self, patience: float | None = None) -> float | None:
        """Reserve the next turn: in how many seconds it is.

        Args:
            patience: a turn later than that is left to others, and None is the answer.
        """
        with self._lock:
            now = self._moment()
            turn = max(now, self._next)
            if patience is not None and turn - now > patience:
                return None
            self._next = turn + PACE
            return turn - now

    def answered(self) -> None:
        """A request has just come to its end."""
        with self._lock:
            self._next = max(self._next, self._moment() + PACE)


class Claims:
    """The requests `says`, `heard` and `look`, and what a visit brings.

    Args:
        store: what was read of sites.
        ledger: what was agreed with them.
        terms_file: when they are to be asked.
        now: the time.
        pace: holds requests apart.
    """

    def __init__(
        self,
        store: SeenOfSites,
        ledger: Ledger,
        terms_file: TermsFile,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._terms_file = terms_file
        self._now = now
        self._pace = pace or Pace()

    def says(self, request: messages.SaysOf) -> dict[str, Any]:
        """What is known of a site. Nothing is asked for."""
        return {"says": self._says(request.origin).model_dump(mode="json")}

    def heard(self, request: messages.Heard) -> dict[str, Any]:
        """A page announced something by itself."""
        origin = request.origin
        if self._terms_file.settings.button_on(host_of(origin)):
            if request.tk:
                self._hear(origin, "tk", ", ".join(request.tk))
            if request.consent:
                self._hear(origin, "consent-link", request.consent)
            if request.myterms:
                self._hear(origin, "myterms-link", "")
        return {"says": self._says(origin).model_dump(mode="json")}

    def look(self, request: messages.Look) -> dict[str, Any]:
        """Keep the last answer, if there is one, and say what to ask next.

        Raises:
            InvalidDocument: the answer is to what nobody would ask.
        """
        origin, now = request.origin, self._now()
        if request.answer:
            self._pace.answered()
            self._keep(origin, request.answer, now)
        look = self._look(origin)
        fetch, wait = None, 0.0
        if look == "auto" or (look == "click" and request.by == "click"):
            fetch = next(iter(due(origin, self._store.of_origin(origin), now)), None)
        if fetch:
            # A page that goes from site to site must not put off whoever presses Look.
            turn = self._pace.wait(None if request.by == "click" else PATIENCE)
            fetch, wait = (None, 0.0) if turn is None else (fetch, turn)
        return {
            "fetch": fetch and {"what": fetch.what, "url": fetch.url},
            # Rounded up: a timer that rings early would break the pace.
            "wait": int(wait * 1000) + 1 if wait else 0,
            "says": self._says(origin).model_dump(mode="json"),
        }

    def visited(self, origin: str, served: messages.Policy | messages.FailedPolicy) -> None:
        """A visit brought the site's ⊃ policy, or its absence."""
        self._pace.answered()
        try:
            self._keep_policy(origin, served)
        except PersonError as error:
            # What is shown of a site does not hang on it.
            _log.error("%s", error)

    def without_look(self, view: View) -> View:
        """A view of a site that announced nothing, as far as the person wants none such asked."""
        if self._look(view.origin) != "never":
            return view
        actions = [action for action in view.actions if action != "look"]
        return view.model_copy(update={"actions": actions})

    def _look(self, origin: str) -> Look:
        return self._terms_file.settings.look_with(host_of(origin))

    def _keep_policy(self, origin: str, served: messages.Policy | messages.FailedPolicy) -> None:
        url = origin + POLICY_PATH
        if isinstance(served, messages.Policy):
            if len(served.body) <= MAX_BYTES:
                self._keep_new(origin, "policy", url, "said", served.body)
        elif served.failed == "not-found":
            rows = self._store.of_origin(origin)
            if any(row.what == "policy" for row in rows):
                self._keep_new(origin, "policy", url, "absent", b"")

    def _says(self, origin: str) -> Says:
        now = self._now()
        return says(
            origin,
            self._store.of_origin(origin),
            relationship(origin, self._ledger.of_origin(origin), now),
            catalogue(),
            look=self._look(origin),
            now=now,
        )

    def _hear(self, origin: str, what: What, text: str) -> None:
        body = text[:MAX_PASSIVE].encode("utf-8", "replace")
        self._keep_new(origin, what, origin, "said", body)

    def _keep_new(self, origin: str, what: What, url: str, outcome: Outcome, body: bytes) -> None:
        """Keep it, unless it was the same less than an hour ago: a page is no write to the disk."""
        now = self._now()
        last = next((row for row in self._store.of_origin(origin) if row.what == what), None)
        same = last is not None and (last.url, last.outcome, last.body) == (url, outcome, body)
        if not (last and same and now - from_time_text(last.last) < HOUR):
            self._store.keep(origin, what, url=url, outcome=outcome, body=body, now=now)

    def _keep(
        self, origin: str, answer: messages.Answer | messages.NoAnswer, now: datetime
    ) -> None:
        if not answer.url.startswith(f"{origin}/"):
            raise InvalidDocument("the answer's url is not one of that site")
        outcome: Outcome
        body = b""
        if isinstance(answer, messages.NoAnswer):
            outcome = answer.failed
        else:
            outcome = outcome_of(answer.what, answer.status, answer.type)
            if len(answer.body) > MAX_BYTES:
                outcome = "too-large"
            body = answer.body if outcome == "said" else b""
        self._store.keep(origin, answer.what, url=answer.url, outcome=outcome, body=body, now=now)
