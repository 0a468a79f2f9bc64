"""The Do Not Track policy of the Electronic Frontier Foundation, known by its hash.

A site that posts the text promises to keep to it, for exactly that host. Any other text promises
nothing, however like it: so it is not parsed, only compared.
"""

import hashlib

from rbutton.terms.errors import InvalidDocument

PATH = "/.well-known/dnt-policy.txt"

#: SHA-1 of the text → version, as EFF publishes them. The same words four times: as they are,
#: without their last line's end, with CRLF, and with no spaces at the ends of lines.
VERSIONS = {
    "a18e8dba6848d3fc241b03b88291cb75a3cfec3b": "1.0",
    "7861462d500fbb6ccb74c614782f4937377bec76": "1.0",
    "c09f71363bb29d0250a1f5524eef36f9ab07669b": "1.0",
    "5b8972a0e8df8236bb28061ddc462767d4366218": "1.0",
}


def read(body: bytes) -> str:
    """The version of the policy.

    Raises:
        InvalidDocument: another text.
    """
    # EFF's choice of hash; to pass, another text would have to be found for a given one.
    version = VERSIONS.get(hashlib.sha1(body, usedforsecurity=False).hexdigest())
    if version is None:
        raise InvalidDocument("the text is not EFF's Do Not Track policy, word for word")
    return version
