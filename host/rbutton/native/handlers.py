"""What is answered at once, and the way to the rest.

The first reply carries the settings; what it needs is all that is imported here.
"""

import logging
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rbutton import __version__
from rbutton.native import signals
from rbutton.native.requests import PROTOCOL, Hello, RequestError
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.seed_place import SeedPlace
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.texts import roster_texts
from rbutton.terms.errors import InvalidDocument

if TYPE_CHECKING:
    from rbutton.native.exchange import Exchange

_log = logging.getLogger("rbutton")

#: docs/native.md, "Requests".
REQUESTS = (
    "hello",
    "visit",
    "offer",
    "answer",
    "note",
    "withdraw",
    "reply",
    "set",
    "grant",
    "revoke",
    "confirm-edit",
    "undo-edit",
    "agreements",
    "agreement",
    "forget",
    "doctor",
    "domain",
    "says",
    "heard",
    "look",
)

_EDITS = ("set", "grant", "revoke", "confirm-edit", "undo-edit")


class Handlers:
    """What this person's agent answers. Every method may run in a thread of its own.

    Raises:
        PersonError: a folder or the installation cannot be used.
    """

    def __init__(self, home: Home) -> None:
        home.open()
        self._home = home
        self._seed_place = SeedPlace(home)
        try:
            self._texts = roster_texts()
        except (FileNotFoundError, InvalidDocument) as error:
            raise _incomplete(error) from None
        self.terms_file = TermsFile(home, [text["id"] for text in self._texts])
        self._exchange: Exchange | None = None
        self._once = threading.Lock()

    def answer(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Answer one of `REQUESTS`.

        Raises:
            RequestError: it is refused.
            PersonError: something of the person's cannot be used.
            InvalidDocument: it is not as docs/native.md has it.
        """
        if name == "hello":
            return self.hello(Hello.of(members))
        if name in _EDITS:
            return self.edit(name, members)
        if name == "doctor":
            return self.doctor(members)
        if name == "domain":
            from rbutton.native.domain import domain

            return domain(members)
        return self.exchange().answer(name, members)

    def hello(self, request: Hello) -> dict[str, Any]:
        """Versions both ways.

        Raises:
            RequestError: "update-host" or "update-extension": which half is the older.
        """
        if request.protocol > PROTOCOL:
            raise RequestError(
                "update-host",
                f"The button ({request.extension}) is newer than your agent ({__version__}).",
                "Run install_host.py of the newer release.",
            )
        if request.protocol < PROTOCOL:
            raise RequestError(
                "update-extension",
                f"The button ({request.extension}) is older than your agent ({__version__}).",
                "Reload or update the r-button on the browser's page of extensions.",
            )
        return {
            "protocol": PROTOCOL,
            "host": __version__,
            "settings": self.settings(),
        }

    def settings(self) -> dict[str, Any]:
        """docs/native.md, "Settings"."""
        in_force, problem = self.terms_file.settings, self.terms_file.problem
        loosened = self.terms_file.loosened
        return {
            "signals": signals.told(in_force, datetime.now(UTC)),
            "negotiate": in_force.proffer.negotiate,
            "terms": in_force.proffer.terms,
            "lasts": in_force.proffer.lasts,
            "roster": self._texts,
            "claims": {
                "look": in_force.claims.look,
                "auto": in_force.claims.look == "auto"
                or any(site.look == "auto" for site in in_force.sites.values()),
            },
            "file": str(self.terms_file.path),
            "data": str(self._home.data),
            "loosened": asdict(loosened) if loosened else None,
            "problem": {"message": problem.message, "fix": problem.fix} if problem else None,
            "notices": [notice] if (notice := self._seed_place.notice()) else [],
        }

    def edit(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Change `terms.toml`, or say what becomes of a change that was made by hand."""
        from rbutton.native.edits import edit

        edit(self.terms_file, name, members)
        return {"settings": self.settings()}

    def doctor(self, members: dict[str, Any]) -> dict[str, Any]:
        """What is wrong with the installation and the person's things."""
        from rbutton.native.doctor import findings

        if members:
            raise InvalidDocument("the request has members, and doctor takes none")
        return {"findings": findings(self._home, [text["id"] for text in self._texts])}

    def exchange(self) -> "Exchange":
        """What answers about sites: imported once, when it is first needed or before.

        Raises:
            PersonError: the installation is incomplete.
        """
        with self._once:
            if self._exchange is None:
                from rbutton.native.exchange import Exchange

                try:
                    self._exchange = Exchange(self._home, self.terms_file)
                    self._write_schema()
                except (FileNotFoundError, InvalidDocument) as error:
                    raise _incomplete(error) from None
            return self._exchange

    def _write_schema(self) -> None:
        """For editors, beside the file; not before the first answer, which waits for less."""
        from rbutton.person import terms_schema

        try:
            terms_schema.write(self._home, [text["id"] for text in self._texts])
        except PersonError as error:
            # Nothing rests on it.
            _log.warning("%s", error)


def as_request_error(error: PersonError) -> RequestError:
    """What is wrong with the person's files, as the extension is told it."""
    return RequestError(error.code, error.message, error.fix)


def _incomplete(error: Exception) -> PersonError:
    return PersonError(
        "installation", f"The installation is incomplete: {error}.", "Run install_host.py again."
    )
