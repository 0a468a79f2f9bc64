"""What can be wrong with a document that came from elsewhere."""


class InvalidDocument(ValueError):
    """A document is not what the protocol says it must be.

    `str(error)` is one plain sentence that names the place; it may quote names of members,
    never their values: those come from a stranger.
    """

    #: The protocol's error code for it (section 5).
    code = "malformed"


class BadSignature(InvalidDocument):
    """A signature does not verify, or is not by a key that the document names."""

    code = "bad-signature"


class HasEnded(InvalidDocument):
    """What was signed until a moment that is past."""


class UnknownTerms(InvalidDocument):
    """A roster id, hash, clause, value or kind of notice that the reader does not know."""

    code = "unknown-terms"
