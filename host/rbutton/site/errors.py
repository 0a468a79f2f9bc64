"""What can be wrong with the site's own things."""


class SiteError(Exception):
    """Something of the site's cannot be used; nothing was changed.

    The message says what is wrong, where, and what to do.
    """


class KeyFileError(SiteError):
    """The key file."""


class StoreError(SiteError):
    """The database of the store."""


class FolderError(SiteError):
    """The site's folder, or the `site.toml` in it."""
