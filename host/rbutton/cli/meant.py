"""Which site a command is about."""

from urllib.parse import urlsplit

from rbutton.terms.encoding import host_of

HELP = "https://shop.example, or shop.example"


def is_meant(site: str, origin: str) -> bool:
    """Whether what was typed names this origin: in full, with its port, or by its host alone."""
    wanted = site.strip().lower()
    if "://" in wanted:
        try:
            parts = urlsplit(wanted)
        except ValueError:  # such as https://[
            return False
        return f"{parts.scheme}://{parts.netloc}" == origin
    return wanted in (origin.partition("://")[2], host_of(origin))
