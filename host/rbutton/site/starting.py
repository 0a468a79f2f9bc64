"""Making a site's folder, and what its owner does with it then."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.site import folder, lines
from rbutton.site.errors import FolderError, InvalidSetting, SiteError, sentence
from rbutton.site.policy import SitePolicy
from rbutton.terms.encoding import check_origin, time_text
from rbutton.terms.errors import InvalidDocument

__all__ = ["Start", "check_origin", "start", "told"]

#: What a static site uploads, to the address of the policy.
UPLOAD = "emanciterms.json"

#: Beside the key, as folders of sites lie in repositories.
IGNORE = ".gitignore"
_IGNORED = (f"/{folder.KEY}".encode(), f"/{folder.STORE}*".encode())
_WHY = b"# Whoever has the key signs as this site; what it signed is between it and a person."

_HEAD = """\
# What this site says of itself to people's agents, and what it signs.
# Start every worker anew after an edit: all of them have to serve the same policy.

origin = {origin}
name = {name}          # of who runs the site; shown as "calls itself …"
{contact}

# Agreements of the roster that you sign as they stand. Read each before you name it.
accepts = {accepts}
"""
_STATIC = """
# There is no endpoint here, so nothing is signed with anybody.
negotiates = false

# What you promise everyone instead, signed with the key of this folder.
# After an edit: rbutton site init, then upload the new file.
[promise]
terms = {accepts}
until = {until}
"""
_SIGNING = """
# Offered to whoever brings other terms; each has to be in accepts, too.
# counter = ["SD-BASE"]

# Where agreements are kept. Left out: in this folder, as SQLite.
# store = "postgresql://rbutton@127.0.0.1/shop"

# Agreements that have ended are kept for so long. Left out: for good.
keep_ended_days = 1096

# The most that you do, clause by clause: people's own terms are held against it.
# Only terms that stay within it are signed.
# [limits]
# "track.offsite" = "never"
# share = "none"
"""


@dataclass(frozen=True)
class Start:
    """What a new site says.

    Attributes:
        static: it has no endpoint, and promises what it accepts.
        until: when that promise ends.
    """

    origin: str
    name: str
    contact: str
    accepts: tuple[str, ...]
    static: bool
    until: datetime


def start(target: Path, said: Start, *, make_key: bool = True) -> None:
    """Make the folder, its key and its `site.toml`.

    Args:
        target: the folder.
        said: what the site says.
        make_key: False where a new one is made on purpose afterwards.

    Raises:
        SiteError: one of them cannot be made, or says what no agent would take; then there is no
            `site.toml`.
    """
    _check(said)
    text = (_HEAD + (_STATIC if said.static else _SIGNING)).format(
        origin=_toml(said.origin),
        name=_toml(said.name),
        contact=f"contact = {_toml(said.contact)}" if said.contact else '# contact = "mailto:…"',
        accepts=json.dumps(list(said.accepts)),
        until=time_text(said.until),
    )
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{target} cannot be made: {error.strerror}.") from None
    _keep_out_of_git(target / IGNORE)
    path = target / folder.FILE
    folder.write(path, text.encode(), 0o600)
    try:
        if make_key:
            folder.policy(target)
        else:
            folder.check(target)
    except BaseException:
        path.unlink()
        raise


def _keep_out_of_git(path: Path) -> None:
    """Add the rules for key and store to those that are there, where they are not among them."""
    try:
        there, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        there, mode = b"", 0o600
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}.") from None
    if not set(_IGNORED) <= set(there.splitlines()):
        between = b"" if there[-1:] in (b"", b"\n") else b"\n"
        folder.write(path, there + between + b"\n".join([_WHY, *_IGNORED, b""]), mode)


def _check(said: Start) -> None:
    """Before anything is written: what is wrong is what was asked for, and not a file.

    Raises:
        SiteError: no agent would take it.
    """
    try:
        SitePolicy.of(
            origin=said.origin,
            name=said.name,
            contact=said.contact,
            accepts=said.accepts,
            key=Ed25519PrivateKey.generate(),
        )
    except InvalidSetting as error:
        raise SiteError(f"--{error.key} {sentence(error.wrong)} Nothing was made.") from None
    except InvalidDocument as error:
        raise SiteError(f"{sentence(error)} Nothing was made.") from None


def check(target: Path, now: datetime) -> None:
    """Before anything is made of what stands in the folder's `site.toml`; nothing is written.

    Raises:
        SiteError: it has a mistake, or what it promises is over.
    """
    said = folder.check(target)
    for name, until in (
        ("promise.until", said.promise and said.promise.until),
        ("expires", said.expires),
    ):
        if until and until <= now:
            raise FolderError(
                f"{target / folder.FILE}: {name} is past: {time_text(until)}. Put a later "
                f"{name.rpartition('.')[2]} there, and run this again. Nothing was written."
            )


def told(target: Path, command: str) -> Iterator[str]:
    """What is in the folder, and what is left to do; writes a static site's file.

    Args:
        command: what is typed for `rbutton`.

    Raises:
        SiteError: something in it cannot be used.
    """
    policy = folder.policy(target)
    yield (
        f"{target / folder.KEY} is the key the site signs with. Keep it secret and out of every "
        "repository, and back it up."
    )
    accepts = ", ".join(sorted(policy.accepts))
    yield f"{target / folder.FILE} is what the site says and signs: {accepts}"
    yield ""
    if policy.negotiates:
        yield f"1. Start the endpoint: {command} site serve {target}"
        yield "2. Add the lines for your web server:"
        servers = lines.PROXIED
    else:
        folder.write(target / UPLOAD, policy.body, 0o644)
        yield f"1. Upload {target / UPLOAD} so that it is at"
        yield f"   {policy.origin}/.well-known/emanciterms.json"
        yield "2. Announce it, by one of these:"
        servers = lines.STATIC
    for server, text in servers.items():
        yield f"\n   {server}:"
        yield from (f"       {line}" for line in text.splitlines())
    yield ""
    yield f"3. See what visitors' buttons see: {command} site check {policy.origin}"


def _toml(text: str) -> str:
    # A basic string of TOML takes JSON's escapes, and wants one more.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
