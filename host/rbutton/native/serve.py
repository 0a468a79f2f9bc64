"""The loop of the process that a browser starts: receive and answer until the browser goes."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rbutton.native.channel import BadFrame, Channel, ChannelClosed
from rbutton.native.handlers import REQUESTS, Handlers, as_request_error
from rbutton.native.requests import RequestError
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.terms.errors import InvalidDocument

#: How often `terms.toml` is looked at.
LOOK_SECONDS = 0.5
#: A keyring that waits for its owner holds up one request, not the others.
_AT_ONCE = 4
#: No more than so many requests are read before one of them is answered: memory stays bounded.
_IN_FLIGHT = 16

_log = logging.getLogger("rbutton")


def serve(channel: Channel, home: Home) -> None:
    """Answer requests until the browser closes the channel. What is under way is finished."""
    try:
        handlers: Handlers | PersonError = Handlers(home)
    except PersonError as error:
        handlers = error
    server = _Server(channel, handlers)
    watching = threading.Event()
    if isinstance(handlers, Handlers):
        threading.Thread(target=server.watch, args=(watching,), daemon=True).start()
    room = threading.BoundedSemaphore(_IN_FLIGHT)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            while True:
                try:
                    message = channel.receive()
                except BadFrame as error:
                    server.refuse(None, RequestError("malformed", f"{error}."))
                    continue
                if message.get("request") == "hello":
                    server.answer(message)
                    pool.submit(server.make_ready)
                elif not server.greeted:
                    # Here, so that it is not a hello behind it that decides.
                    server.answer(message)
                else:
                    room.acquire()
                    pool.submit(server.answer, message).add_done_callback(lambda _: room.release())
        except ChannelClosed:
            watching.set()


class _Server:
    """Answers each request once, and survives all but the end of the channel.

    Attributes:
        greeted: a hello was answered.
    """

    def __init__(self, channel: Channel, handlers: Handlers | PersonError) -> None:
        self._channel = channel
        self._handlers = handlers
        self.greeted = False

    def watch(self, done: threading.Event) -> None:
        """Tell the browser of every edit of `terms.toml`."""
        assert isinstance(self._handlers, Handlers)
        while not done.wait(LOOK_SECONDS):
            if self._handlers.terms_file.look() and self.greeted:
                try:
                    self._send({"event": "settings", "settings": self._handlers.settings()})
                except BadFrame as error:
                    _log.error("%s", error)

    def make_ready(self) -> None:
        """Import what the next request will need, while the browser reads the first answer."""
        if isinstance(self._handlers, Handlers) and self.greeted:
            try:
                self._handlers.exchange()
            except PersonError as error:
                # The request that needs it is told.
                _log.error("%s", error)

    def answer(self, message: dict[str, Any]) -> None:
        """Answer one request, whatever it is."""
        number = message.get("id")
        if type(number) is not int:  # true is an int
            self.refuse(None, RequestError("malformed", "The message has no id."))
            return
        try:
            self._send({"re": number, "result": self._result(message)})
        except RequestError as error:
            self.refuse(number, error)
        except PersonError as error:
            self.refuse(number, as_request_error(error))
        except InvalidDocument as error:
            self.refuse(number, RequestError("malformed", f"{error}."))
        except Exception:  # noqa: BLE001 - one bad request must not end the others
            _log.exception("request %s", message.get("request"))
            self.refuse(
                number,
                RequestError(
                    "internal",
                    "The r-button's program made a mistake; nothing was changed.",
                    "Please report it, with the lines about rbutton in the browser's log.",
                ),
            )

    def refuse(self, number: int | None, error: RequestError) -> None:
        """Answer with an error."""
        told = {"code": error.code, "message": error.message, "fix": error.fix}
        self._send({"re": number, "error": told})

    def _result(self, message: dict[str, Any]) -> dict[str, Any]:
        if isinstance(self._handlers, PersonError):
            raise as_request_error(self._handlers)
        name = message.get("request")
        if not isinstance(name, str) or name not in REQUESTS:
            raise RequestError("unknown-request", "The button asked for something unknown.")
        if name != "hello" and not self.greeted:
            raise RequestError("hello-first", "The button did not say hello.")
        members = {key: value for key, value in message.items() if key not in ("id", "request")}
        result = self._handlers.answer(name, members)
        self.greeted = True
        return result

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._channel.send(message)
        except ChannelClosed:
            _log.info("the browser went before the answer")
