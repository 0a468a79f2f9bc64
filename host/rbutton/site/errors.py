"""What can be wrong with the site's own things."""


class SiteError(Exception):
    """Something of the site's cannot be used; nothing was changed.

    The message says what is wrong, where, and what to do.
    """


def sentence(said: object) -> str:
    """What was said, with a stop where it has no end of its own."""
    text = str(said)
    return text if text.endswith((".", "?")) else f"{text}."


class KeyFileError(SiteError):
    """The key file."""


class StoreError(SiteError):
    """The database of the store."""


class FolderError(SiteError):
    """The site's folder, or the `site.toml` in it."""
