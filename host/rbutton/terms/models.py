"""Documents as frozen pydantic models, with errors that name the place in one sentence."""

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rbutton.terms.errors import InvalidDocument

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Steps of a place that are pydantic's: no member is called so.
_PYDANTICS = re.compile(r"function-|str$|list\[")
# A stranger chose the names of some members, and an error is shown to the person.
_FIT_TO_SHOW = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class Closed(BaseModel):
    """Every listed member present, no other: signed payloads and signature objects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Open(BaseModel):
    """Unknown members are ignored: policies."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


Model = TypeVar("Model", bound=BaseModel)


class InvalidMember(InvalidDocument):
    """A member of a document is not what it must be.

    Attributes:
        place: its name, after the names of what it stands in; "" is the document itself.
        wrong: what is wrong with it, as "is missing"; nothing of its value.
    """

    def __init__(self, what: str, place: str, wrong: str) -> None:
        super().__init__(f"the {what}'s {place} {wrong}" if place else f"the {what} {wrong}")
        self.place = place
        self.wrong = wrong


def build(model: type[Model], members: dict[str, Any], what: str) -> Model:
    """Validate parsed JSON.

    Raises:
        InvalidMember: with the first fault, as "the policy's controller.name is missing".
    """
    try:
        return model.model_validate(members)
    except ValidationError as error:
        raise first_fault(error, what) from None


def first_fault(error: ValidationError, what: str) -> InvalidMember:
    """The first fault of a pydantic error in plain words, without the offending value."""
    return said_of(error.errors(include_url=False, include_input=False)[0], what)


def said_of(fault: "ErrorDetails", what: str) -> InvalidMember:
    """The same of any of its faults."""
    place = ".".join(_shown(str(part)) for part in fault["loc"] if not _PYDANTICS.match(str(part)))
    match fault["type"]:
        case "missing":
            wrong = "is missing"
        case "extra_forbidden":
            wrong = "is not a member it may have"
        case "value_error":
            wrong = str(fault["ctx"]["error"])
        case _:
            wrong = f"is wrong: {fault['msg'][0].lower()}{fault['msg'][1:]}"
    return InvalidMember(what, place, wrong)


def _shown(name: str) -> str:
    return name if _FIT_TO_SHOW.fullmatch(name) else "(a name not fit to be shown)"
