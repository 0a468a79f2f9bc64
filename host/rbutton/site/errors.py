"""What can be wrong with the site's own things."""

from pathlib import Path


class SiteError(Exception):
    """Something of the site's cannot be used; nothing was changed.

    The message says what is wrong, where, and what to do.
    """


def sentence(said: object) -> str:
    """What was said, with a stop where it has no end of its own."""
    text = str(said)
    return text if text.endswith((".", "?")) else f"{text}."


def a_link(path: Path) -> str:
    """What to say of a link where a file would be written: whatever it leads to, is not ours."""
    return (
        f"{path} is a link, and was left as it is. Move it away, or put the file itself in its "
        "place; then run this again."
    )


class InvalidSetting(ValueError):
    """What a site would say of itself cannot be.

    Attributes:
        key: of `site.toml`, where it is said.
        wrong: what is wrong with it, as "has no time zone".
    """

    def __init__(self, key: str, wrong: str) -> None:
        super().__init__(f"{key} {wrong}")
        self.key = key
        self.wrong = wrong


class KeyFileError(SiteError):
    """The key file."""


class StoreError(SiteError):
    """The database of the store."""


class FolderError(SiteError):
    """The site's folder, or the `site.toml` in it."""
