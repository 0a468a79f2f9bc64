"""What holds for every request: how it is refused, and the first of them."""

from dataclasses import dataclass
from typing import Any

from rbutton.terms.errors import InvalidDocument

PROTOCOL = 1


class RequestError(Exception):
    """A request that is answered with an error.

    Args:
        code: stable, for the extension.
        message: one sentence for the person.
        fix: what to do, or None.
    """

    def __init__(self, code: str, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


@dataclass(frozen=True)
class Hello:
    """What a button says of itself."""

    protocol: int
    extension: str
    browser: str

    @classmethod
    def of(cls, members: dict[str, Any]) -> "Hello":
        """Read one by hand: the first reply does not wait for pydantic.

        Raises:
            InvalidDocument: a member is missing, of another type, or one too many.
        """
        wanted = {"protocol": int, "extension": str, "browser": str}
        if members.keys() != wanted.keys():
            raise InvalidDocument("the request is not a hello as docs/native.md has it")
        for name, kind in wanted.items():
            if type(members[name]) is not kind:  # true is an int
                raise InvalidDocument(f"the request's {name} is of a wrong type")
        return cls(**members)
