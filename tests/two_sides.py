"""A person's two browsers and a site's two workers in one process, each of which may crash.

The code of both is the real one, on real files; only the clocks are set, and nothing is carried
but by whoever asks for it.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from rbutton.native import exchange
from rbutton.native.exchange import Exchange
from rbutton.person.home import Home
from rbutton.person.ledger import Record, Writing
from rbutton.person.seed import Seed
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.site.endpoint import answer
from rbutton.site.messages import Request
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.terms import jws
from rbutton.terms.encoding import time_text
from tests import sites as bytes_of

Json = dict[str, Any]


class Crash(BaseException):
    """A kill, at this very moment."""


@dataclass
class Clock:
    """What time it is: for the person, and by how much the site's clock is off."""

    now: datetime
    off: timedelta = timedelta(0)

    @property
    def sites(self) -> datetime:
        return self.now + self.off


class Browser:
    """A host, as a browser keeps it running, and the page it has open.

    Attributes:
        page: the policy as it was read when the page was loaded.
        shown: what the button showed of it last.
    """

    def __init__(self, home: Home, seed: bytes) -> None:
        self._home = home
        Seed(home).put(seed)
        self.page: Json | None = None
        self.shown: Json | None = None
        self.start()

    def start(self) -> None:
        """A new process; the one before may have been killed."""
        self.terms_file = TermsFile(self._home, catalogue().documents)
        self._exchange = Exchange(self._home, self.terms_file)

    def asks(self, name: str, **members: Any) -> Json:
        """The host's answer to a request of the extension.

        Raises:
            RequestError: the host refuses it.
        """
        try:
            return self._exchange.answer(name, members)
        except Crash:
            self.start()
            raise

    def look(self) -> None:
        """Take up an edit of terms.toml: two equal reads."""
        self.terms_file.look()
        self.terms_file.look()


class Worker:
    """One process of the site's server."""

    def __init__(self, store: Path, policy: SitePolicy, clock: Clock) -> None:
        self._path = store
        self._clock = clock
        self.policy = policy
        self.start()

    def start(self) -> None:
        """A new process."""
        self.store = Store(f"sqlite:///{self._path}")
        event.listen(self.store._engine, "before_cursor_execute", self._at_statement)
        self._left: int | None = None

    def dies_after(self, statements: int | None) -> None:
        """Crash before the statement after so many more, or not at all."""
        self._left = statements

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def answers(self, body: bytes) -> Json | None:
        """Its reply as the extension hands it to the host; None where it crashed."""
        try:
            request = Request("POST", jws.CONTENT_TYPE, body)
            response = answer(request, self.policy, self.store, lambda: self._clock.sites)
        except Crash:
            self.close()
            self.start()
            return None
        headers = {name.lower(): value for name, value in response.headers}
        kind = headers["content-type"]
        return bytes_of.http(
            response.status, kind, response.body, retry_after=headers.get("retry-after")
        )

    def _at_statement(self, *_: Any) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left = None
                raise Crash


@contextlib.contextmanager
def clocked(clock: Clock) -> Iterator[None]:
    """The host's code has that clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "_now", lambda: clock.now)
        yield


@contextlib.contextmanager
def killed_after(appended: int | None) -> Iterator[None]:
    """The host is killed when it has added so many records to the ledger in one step, or not."""
    if appended is None:
        yield
        return
    append: Callable[..., Record] = Writing.append
    left = appended

    def then(*members: Any) -> Record:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        return append(*members)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writing, "append", then)
        yield


@contextlib.contextmanager
def meanwhile(other: Callable[[], object] | None) -> Iterator[None]:
    """Something else is done between what a host looks up and what it then writes."""
    if other is None:
        yield
        return
    read = Seed.read
    waiting = [other]

    def then(seed: Seed) -> bytes:
        if waiting:
            waiting.pop()()
        return read(seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Seed, "read", then)
        yield


def served(policy: SitePolicy, clock: Clock) -> Json:
    """A policy as the extension hands it to the host."""
    return {"at": time_text(clock.now), "body": bytes_of.in_base64(policy.body)}
