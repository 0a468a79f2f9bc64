"""A site's folder: `site.toml`, its key, the keys it had before, and by default its store."""

import difflib
import json
import os
import tempfile
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rbutton.site import database, key_file
from rbutton.site.errors import FolderError, KeyFileError, a_link, sentence
from rbutton.site.limit import Rate
from rbutton.site.policy import PromiseOf, SitePolicy
from rbutton.site.site import Site
from rbutton.site.store import KEPT_AT_LEAST, MOST, Store
from rbutton.terms.clauses import Value
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey, check_public_key
from rbutton.terms.models import said_of

FILE = "site.toml"
KEY = "key.pem"
FORMER = "former-keys.json"
STORE = "agreements.sqlite3"

Count = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Promise(_Part):
    until: datetime
    terms: list[str] = []
    own: dict[str, Value] = {}


class _Rate(_Part):
    burst: Count = Rate.burst
    per_minute: Count = Rate.per_minute


class Settings(_Part):
    """What `site.toml` says; docs/for-sites.md has it key by key."""

    origin: str
    name: str
    contact: str = ""
    jurisdiction: str = ""
    accepts: list[str] = []
    counter: list[str] = []
    limits: dict[str, Value] = {}
    negotiates: bool = True
    promise: _Promise | None = None
    expires: datetime | None = None
    store: str = ""
    keep_ended_days: Annotated[int, Field(ge=KEPT_AT_LEAST.days, le=36_525)] | None = None
    most: Count = MOST
    rate: _Rate = _Rate()


_TABLES: dict[str, type[_Part]] = {"promise": _Promise, "rate": _Rate}


def settings(folder: Path) -> Settings:
    """What the folder's `site.toml` says.

    Raises:
        FolderError: it is not there, or has a mistake.
    """
    path = folder / FILE
    try:
        return Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise FolderError(
            f"There is no {path}. Make one: rbutton site init {folder} --origin https://… --name …"
        ) from None
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FolderError(f"{path} is not UTF-8. Save it as that.") from None
    except tomllib.TOMLDecodeError as error:
        raise FolderError(f"{path}: {error}. Mend that line.") from None
    except ValidationError as error:
        fault = _fault(error)
        said = said_of(fault, "file")
        raise FolderError(f"{path}: {said.place} {said.wrong}.{_hint(fault)}") from None


def policy(folder: Path) -> SitePolicy:
    """The policy of the site in `folder`; its key is made where it never had one.

    Raises:
        FolderError: `site.toml` has a mistake.
        KeyFileError: the key cannot be used, or is gone.
        StoreError: there is no key, and the store that may need one cannot be used.
    """
    said = settings(folder)
    return _policy(folder, said, _key(folder, said))


def policy_to_read(folder: Path) -> SitePolicy:
    """The same for what only reads: where the site never had a key, none is kept.

    Raises:
        SiteError: as `policy`.
    """
    said = settings(folder)
    return _policy(folder, said, _kept_key(folder, said) or Ed25519PrivateKey.generate())


def check(folder: Path) -> Settings:
    """What the folder's `site.toml` says, which makes a policy; no key is read or made.

    Raises:
        FolderError: it has a mistake.
    """
    said = settings(folder)
    _policy(folder, said, Ed25519PrivateKey.generate())
    return said


def _policy(folder: Path, said: Settings, key: Ed25519PrivateKey) -> SitePolicy:
    former = former_keys(folder)
    promises = None
    if said.promise is not None:
        promises = PromiseOf(tuple(said.promise.terms), said.promise.until, said.promise.own)
    try:
        return SitePolicy.of(
            origin=said.origin,
            name=said.name,
            contact=said.contact,
            jurisdiction=said.jurisdiction,
            accepts=said.accepts,
            counter=said.counter,
            limits=said.limits,
            negotiates=said.negotiates,
            promises=promises,
            expires=said.expires,
            key=key,
            former_keys=former,
        )
    except ValueError as error:
        raise FolderError(sentence(f"{folder / FILE}: {error}")) from None


def store(folder: Path) -> Store:
    """The store of the site in `folder`: where `site.toml` says, or in the folder itself.

    Raises:
        FolderError: `site.toml` has a mistake.
        StoreError: the database cannot be used.
    """
    return _store(folder, settings(folder))


def _store(folder: Path, said: Settings) -> Store:
    days = said.keep_ended_days
    return Store(
        _store_url(folder, said),
        keep_ended=None if days is None else timedelta(days=days),
        most=said.most,
    )


def _store_url(folder: Path, said: Settings) -> str:
    return said.store or f"sqlite:///{(folder / STORE).absolute()}"


def _key(folder: Path, said: Settings) -> Ed25519PrivateKey:
    return _kept_key(folder, said) or key_file.load_or_create(folder / KEY)


def _kept_key(folder: Path, said: Settings) -> Ed25519PrivateKey | None:
    """The folder's key; None where it never had one.

    Raises:
        SiteError: the key or the store cannot be used.
        KeyFileError: it had one, which is gone: what that signed would not be the site's any more.
    """
    path = folder / KEY
    try:
        return key_file.load(path)
    except FileNotFoundError:
        why = _signed(folder, said)
    try:
        # Another worker that started with this one may have made it meanwhile, and signed.
        return key_file.load(path)
    except FileNotFoundError:
        if not why:
            return None
    raise KeyFileError(
        f"{path} is gone, and {why}. Put it back from a backup. To go on with a new key instead, "
        "under which what was signed with the lost one counts as another's, type: "
        f"rbutton site init {folder} --new-key"
    )


def _signed(folder: Path, said: Settings) -> str:
    """What tells that the site had a key; empty where nothing does."""
    number = 0
    if database.is_there(_store_url(folder, said)):
        store = _store(folder, said)
        try:
            number = store.number_of_agreements()
        finally:
            store.close()
    if number:
        were = "1 agreement was" if number == 1 else f"{number:,} agreements were"
        return f"{were} signed with this site's keys"
    return f"{folder / FORMER} names keys before it" if former_keys(folder) else ""


def site(folder: Path | str) -> Site:
    """The site in `folder`, for `asgi.EmanciTerms` or `wsgi.EmanciTerms`.

    Raises:
        SiteError: something in the folder cannot be used.
    """
    folder = Path(folder)
    said = settings(folder)
    made = _policy(folder, said, _key(folder, said))
    return Site(made, _store(folder, said), Rate(said.rate.burst, said.rate.per_minute))


def former_keys(folder: Path) -> list[PublicKey]:
    """The public keys that the site signed with before, oldest first.

    Raises:
        FolderError: their file cannot be read.
    """
    path = folder / FORMER
    try:
        jwks = json.loads(path.read_bytes())["keys"]
        return [check_public_key(PublicKey.model_validate(one)) for one in jwks]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, InvalidDocument):
        raise FolderError(
            f"{path} is not a list of keys. Put it back from a backup, or move it away: the "
            "agreements under those keys then no longer count as this site's."
        ) from None


def change_key(folder: Path) -> PublicKey | None:
    """Put a new key in place of the folder's, whose public half is noted first.

    Returns:
        The public half of the old one; None where there was none to note.

    Raises:
        SiteError: nothing was changed.
    """
    try:
        old = PublicKey.of(key_file.load(folder / KEY))
    except FileNotFoundError:
        old = None
    known = former_keys(folder)
    if old and old not in known:
        jwks = {"keys": [key.model_dump() for key in [*known, old]]}
        write(folder / FORMER, json.dumps(jwks, indent=1).encode() + b"\n", 0o644)
    key_file.renew(folder / KEY)
    return old


def write(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all.

    Raises:
        FolderError: it cannot be written, or is a link.
    """
    if path.is_symlink():
        raise FolderError(a_link(path))
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise FolderError(f"{path} cannot be written: {error.strerror}.") from None


def _fault(error: ValidationError) -> Any:
    """An unknown key before all else: it may be the one that is missing, misspelt."""
    faults = error.errors(include_url=False)
    return next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])


def _hint(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return _meant(*fault["loc"])
    if isinstance(fault["input"], dict) and fault["loc"][0] == "limits":
        return ' Write the clause in quotes: "track.offsite" = "never"'
    if fault["type"].startswith("datetime"):
        return " Write a time with its zone, without quotes: 2027-06-30T00:00:00Z"
    if fault["loc"] == ("keep_ended_days",) and fault["type"] == "greater_than_equal":
        return " A counter-offer can be accepted so late, and what it replaces is looked up then."
    return ""


def _meant(*place: str) -> str:
    *parents, name = place
    part = _TABLES[parents[0]] if parents else Settings
    near = difflib.get_close_matches(name.lower(), part.model_fields, n=1)
    if near:
        return f" Did you mean {near[0]}?"
    if parents and name in Settings.model_fields:
        return f" {name} stands above the first section, [{parents[0]}] or another."
    return ""
