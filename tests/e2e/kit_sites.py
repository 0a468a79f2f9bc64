"""⊃ sites made with the kit, which keep what they sign; what happens on the way is a test's."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from starlette.responses import Response

from tests import shops, sites
from tests.e2e import own_sites, recorder
from tests.e2e.browsers import PATIENCE

Keep = Callable[[], Response]


class KitSite(recorder.Site):
    """One origin: the kit's core with a real SQLite behind it.

    Args:
        folder: an empty one.
        host: the loopback name in the origin.
        ahead: of the right time, its clock.

    Attributes:
        shop: the kit's side; another `policy` is served and signed under from then on.
        way: what becomes of a post; what it is given keeps the answer and returns it.
    """

    shop: shops.Shop

    def __init__(
        self, folder: Path, host: str = "127.0.0.1", *, ahead: timedelta = timedelta()
    ) -> None:
        self.way: Callable[[Keep], Response] = lambda keep: keep()
        self._folder = folder
        self._ahead = ahead
        super().__init__(self._create, host)
        self._server.config.date_header = False  # it has a clock of its own

    def _create(self, origin: str) -> Any:
        self.shop = shops.Shop(self._folder / "shop.sqlite3", shops.policy(origin))
        return own_sites.create_app_of(
            sites.Site(origin), answer=self._answer, policy=lambda _: self.shop.policy.body
        )

    def _answer(self, _: sites.Site, body: bytes) -> Response:
        return self.way(lambda: self._keep(body))

    def _keep(self, body: bytes) -> Response:
        now = self.shop.now = datetime.now(UTC) + self._ahead
        answer = self.shop.post(body)
        headers = {**dict(answer.headers), "Date": format_datetime(now, usegmt=True)}
        return Response(answer.body, answer.status, headers)


class Held:
    """A way on which the first post comes to a stop until the test goes on.

    Args:
        kept: it stops after its answer is kept; False lets it come to nothing.
    """

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept
        self._reached = threading.Event()
        self._released = threading.Event()

    def __call__(self, keep: Keep) -> Response:
        if self._reached.is_set():
            return keep()
        answer = keep() if self._kept else Response(status_code=503)
        self._reached.set()
        self._released.wait(PATIENCE)
        return answer

    def wait_until_reached(self) -> None:
        """Wait until a post has come that far."""
        assert self._reached.wait(PATIENCE), "nothing was posted"

    def release(self) -> None:
        """Let it go on."""
        self._released.set()
