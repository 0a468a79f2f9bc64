"""The requests of docs/native.md that change `terms.toml`, or decide on a change made by hand."""

from typing import Any

from rbutton.native import messages
from rbutton.person.terms_file import TermsFile
from rbutton.terms.models import build


def edit(terms_file: TermsFile, name: str, members: dict[str, Any]) -> None:
    """Do what the request `name` says.

    Raises:
        InvalidDocument: it is not as docs/native.md has it.
        PersonError: the file is broken, the change would break it, or it was changed meanwhile.
    """
    if name == "set":
        wanted = build(messages.Set, members, "request")
        terms_file.set(wanted.key, wanted.value)
    elif name == "grant":
        granted = build(messages.Grant, members, "request")
        terms_file.grant(granted.site, granted.targets, granted.until)
    elif name == "revoke":
        revoked = build(messages.Revoke, members, "request")
        if "targets" in revoked.model_fields_set:
            terms_file.revoke(revoked.site, revoked.targets)
        else:
            terms_file.revoke(revoked.site)
    else:
        decided = build(messages.Edit, members, "request")
        (terms_file.confirm if name == "confirm-edit" else terms_file.undo)(decided.edit)
