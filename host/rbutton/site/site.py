"""A ⊃ site as one thing: its policy, its store, and how much it takes from one visitor."""

import logging
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from rbutton.site import endpoint, recognition
from rbutton.site.endpoint import Clock, utc_now
from rbutton.site.limit import Limit, Rate
from rbutton.site.messages import Refused, Request, Response
from rbutton.site.policy import SitePolicy
from rbutton.site.recognition import Visitor
from rbutton.site.store import Store

_LOG = logging.getLogger("rbutton.site")


@dataclass(frozen=True)
class Site:
    """What the wrappers for ASGI and WSGI put in front of an application.

    Attributes:
        policy: what it says of itself, and signs with.
        store: what it signed.
        rate: what one visitor may post to one worker process.
        clock: the time.
    """

    policy: SitePolicy
    store: Store
    rate: Rate = field(default_factory=Rate)
    clock: Clock = utc_now

    _limit: Limit = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_limit", Limit(self.rate))

    def answer(self, request: Request) -> Response:
        """Answer what came to `/.well-known/emanciterms`; a store that fails is no answer."""
        wait = self._limit.wait(request.address) if request.method == "POST" else 0
        if wait:
            detail = "That was too much at once. Come again a little later."
            return Refused("slow-down", detail, ("Retry-After", str(wait))).response()
        try:
            return endpoint.answer(request, self.policy, self.store, self.clock)
        except SQLAlchemyError:
            _LOG.exception("The store failed; the visitor's agent will send the same again.")
            return endpoint.unable("This site cannot keep agreements at the moment.")

    def published(self, method: str) -> Response:
        """Answer a request for `/.well-known/emanciterms.json`."""
        return endpoint.published(method, self.policy)

    def recognise(self, request: Any) -> Visitor:
        """What the visitor behind a request offers here, and the agreement in force with them.

        Args:
            request: of Starlette, FastAPI or Django, anything else with `headers`, an ASGI scope,
                or a WSGI environment.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store failed.
        """
        return recognition.recognise(request, self.policy, self.store, self.clock())
