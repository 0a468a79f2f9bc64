"""What is right and wrong with a site, in the order in which a button comes across it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

from rbutton.finding import Finding, ok, problem, warning
from rbutton.shipped.roster import catalogue
from rbutton.site.check import announcing
from rbutton.site.check.fetching import Failed, Fetched, fetch
from rbutton.terms import documents, jws, promise
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.encoding import LOOPBACK, check_origin, from_time_text, host_of
from rbutton.terms.errors import HasEnded, InvalidDocument, UnknownTerms
from rbutton.terms.policy import ENDPOINT_PATH, POLICY_PATH, Policy
from rbutton.terms.policy import read as read_policy

#: The most of a page that is looked at, in bytes; the element belongs into its head.
_PAGE = 1_048_576
_REDIRECTS = 5
#: What ends sooner than this is told.
_SOON = timedelta(days=30)
_CERTIFICATE_SOON = timedelta(days=14)
#: As much as the two clocks may differ (protocol, section 5).
_SKEW = 300.0
#: A proxy's answers where what stands behind it is down: Bad Gateway and its kin.
_NOBODY_BEHIND = (502, 503, 504)
#: Where the page is met with one of these, so is all else of that origin.
_UNREACHABLE = ("page-name", "page-connection", "page-tls")


@dataclass
class Looked:
    """What was found.

    Attributes:
        sees: what a visitor's button will show, in a sentence.
        findings: in the order found.
    """

    sees: str
    findings: list[Finding]


class NoAddress(ValueError):
    """The URL is none that a button could be at. The message says what one looks like."""


def meant(typed: str) -> str:
    """The URL that somebody means who types `shop.example`, or `localhost:8642/page`.

    Raises:
        NoAddress: it is none.
    """
    if "://" in typed:
        return typed
    host = host_of(_origin(f"https://{typed}"))
    if host in LOOPBACK:
        return f"http://{typed}"
    return f"https://{typed}" if "." in host else typed


async def look(url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Looked:
    """Look at the page `url` and at all that its origin says.

    Raises:
        NoAddress: `url` is no web address.
    """
    origin = _origin(url)
    looked = Looked(f"Nothing: to the button {origin} is a site like any other.", [])
    async for finding in _Look(url, origin, now(), looked).all():
        looked.findings.append(finding)
    return looked


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        default = {"https": 443, "http": 80}.get(parts.scheme)
        port = "" if parts.port in (None, default) else f":{parts.port}"
        host = parts.hostname or ""
        spelled = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
        if default is None or not host or parts.username is not None:
            raise ValueError
    except ValueError:
        raise NoAddress("is no web address. Give one like https://shop.example") from None
    try:
        return check_origin(f"{parts.scheme}://{spelled}{port}")
    except InvalidDocument as error:
        raise NoAddress(f"cannot be ⊃: its origin {error}.") from None


class _Look:
    def __init__(self, url: str, origin: str, now: datetime, looked: Looked) -> None:
        self._url = url
        self._origin = origin
        self._now = now
        self._looked = looked

    async def all(self) -> AsyncIterator[Finding]:
        announced = False
        async for finding in self._page():
            announced = announced or finding.code == "announced"
            yield finding
            if finding.code in _UNREACHABLE:
                return
        answer = await fetch(self._origin + POLICY_PATH, documents.MAX_BYTES)
        policy: Policy | None = None
        for finding in self._fetched(answer):
            yield finding
        if isinstance(answer, Fetched) and answer.status == 200:
            try:
                policy = read_policy(answer.body, self._origin, catalogue().vocabulary, self._now)
            except InvalidDocument as error:
                yield self._invalid(answer.body, error)
                if announced:
                    self._looked.sees = "⊂ with “!”: the site's own terms cannot be used."
        if policy is None:
            return
        for finding in self._policy(policy):
            yield finding
        promised = False
        for finding in self._promise(policy):
            promised = promised or finding.code == "promise"
            yield finding
        if policy.document.negotiates:
            async for finding in self._endpoint():
                yield finding
        if announced:
            self._looked.sees = _sees(policy, promised)

    async def _page(self) -> AsyncIterator[Finding]:
        url = self._url
        for _ in range(_REDIRECTS + 1):
            answer = await fetch(url, _PAGE, accept="text/html", whole=False)
            if isinstance(answer, Failed):
                yield self._failed("page", url, answer)
                return
            if answer.status not in (301, 302, 303, 307, 308):
                break
            try:
                url = urljoin(url, answer.header("location"))
                origin = _origin(url)
            except ValueError:  # NoAddress is one
                origin = None
            if origin != self._origin:
                yield problem(
                    "page-elsewhere",
                    f"{self._origin} sends visitors to another origin"
                    f"{f', {origin}' if origin else ''}.",
                    "The policy and its announcement belong to the origin where they end up: "
                    "check that one.",
                )
                return
        else:
            yield problem(
                "page-redirects",
                f"{self._url} redirects more than {_REDIRECTS} times.",
                "Let it lead to a page.",
            )
            return
        for finding in self._served(answer):
            yield finding
        if announcing.by_header(answer.headers.get("link", [])):
            yield ok("announced", "The page announces that it is ⊃, by its Link header.")
        elif announcing.by_element(answer.body):
            yield ok("announced", "The page announces that it is ⊃, by an element.")
        else:
            where = " in its first megabyte" if len(answer.body) == _PAGE else ""
            yield problem(
                "not-announced",
                f"The page {_shown(url)} does not announce{where} that it is ⊃, so no button looks "
                "further.",
                "Add the header or the element: the lines are in docs/for-sites.md.",
            )

    def _served(self, answer: Fetched) -> list[Finding]:
        found = []
        until = answer.certificate_until
        if until is not None and until - self._now < _CERTIFICATE_SOON:
            found.append(
                warning(
                    "certificate-ends",
                    f"The certificate ends on {until:%d %B %Y}.",
                    "Renew it: without a valid one no button, and hardly any visitor, gets in.",
                )
            )
        if answer.status != 200:
            found.append(
                warning(
                    "page-status",
                    f"The page was answered with status {answer.status}.",
                    "Check the address of a page that visitors see.",
                )
            )
        ahead = answer.ahead
        if ahead is not None and abs(ahead) > _SKEW:
            found.append(
                problem(
                    "clock",
                    f"The server's clock is {abs(ahead) / 60:.0f} minutes "
                    f"{'ahead of' if ahead > 0 else 'behind'} this machine's.",
                    "Set the one that is wrong: what is offered to a site counts for minutes.",
                )
            )
        return found

    def _fetched(self, answer: Fetched | Failed) -> list[Finding]:
        url = self._origin + POLICY_PATH
        if isinstance(answer, Failed):
            return [self._failed("policy", url, answer)]
        if 300 <= answer.status < 400:
            return [
                problem(
                    "policy-redirects",
                    f"{url} redirects, and a button follows no redirect.",
                    "Serve the policy at this very address.",
                )
            ]
        if answer.status in _NOBODY_BEHIND:
            return [self._down("policy", url, answer)]
        if answer.status != 200:
            return [
                problem(
                    "policy-missing",
                    f"{url} is answered with status {answer.status}.",
                    "Upload the policy there, or let the server pass this address to "
                    "`rbutton site serve`. Many servers hide folders whose name begins with a dot.",
                )
            ]
        found = []
        if answer.media_type != "application/json":
            found.append(
                warning(
                    "policy-type",
                    f"The policy is served as {answer.media_type or 'no type at all'}.",
                    "Serve it as application/json.",
                )
            )
        if "set-cookie" in answer.headers:
            found.append(
                warning(
                    "policy-cookie",
                    "The policy comes with a cookie, which a button does not keep.",
                    "Serve it without: it is the same for everyone.",
                )
            )
        return found

    def _policy(self, policy: Policy) -> list[Finding]:
        said = policy.document
        found = [ok("policy", f"The policy can be read. It calls itself “{policy.name}”.")]
        unknown = [one for one in said.accepts if one not in catalogue().documents]
        if unknown:
            found.append(
                warning(
                    "accepts-unknown",
                    f"{len(unknown)} of the terms in accepts are not in the roster of this "
                    f"release: {_shown(', '.join(unknown))}",
                    "Correct the ids, or update the r-button here.",
                )
            )
        ignored = said.limits.keys() - policy.limits.keys()
        if ignored:
            found.append(
                warning(
                    "limits-unknown",
                    f"Limits that no button knows, and so ignores: {_shown(', '.join(ignored))}",
                    "Correct the clause or its value.",
                )
            )
        if not policy.keys and (said.negotiates or said.promise):
            found.append(
                problem(
                    "no-key",
                    "The policy has no Ed25519 key that can be used, so nobody offers it terms.",
                    "`rbutton site init` makes a key and puts its public half there.",
                )
            )
        if said.negotiates and not said.accepts and not policy.limits:
            found.append(
                warning(
                    "accepts-nothing",
                    "The policy accepts no terms and has no limits: every offer is declined.",
                    "Name what you sign in accepts.",
                )
            )
        if said.expires and from_time_text(said.expires) - self._now < _SOON:
            found.append(
                warning(
                    "policy-ends",
                    f"The policy expires at {said.expires}; from then on it is invalid.",
                    "Give it a later moment, or none.",
                )
            )
        return found

    def _promise(self, policy: Policy) -> list[Finding]:
        member = policy.document.promise
        if not member:
            return []
        try:
            made = promise.verify(
                member,
                origin=self._origin,
                keys=policy.keys,
                catalogue=catalogue(),
                now=self._now,
            )
        except InvalidDocument as error:
            advice = "Make it anew: `rbutton site init` writes the file again."
            if isinstance(error, UnknownTerms):
                advice = "Promise terms of the roster, as they stand there."
            elif isinstance(error, HasEnded):
                advice = _LATER
            return [problem("promise-invalid", f"The promise does not count: {error}.", advice)]
        terms = ", ".join(
            term.id if isinstance(term, RosterTerm) else "terms of its own" for term in made.terms
        )
        found = [ok("promise", f"The promise holds until {made.until}: {terms}")]
        if from_time_text(made.until) - self._now < _SOON:
            found.append(
                warning(
                    "promise-ends",
                    f"The promise ends at {made.until}.",
                    _LATER,
                )
            )
        return found

    async def _endpoint(self) -> AsyncIterator[Finding]:
        """Post what nobody signs: a site that answers it as it should answers the rest."""
        url = self._origin + ENDPOINT_PATH
        answer = await fetch(
            url,
            documents.MAX_BYTES,
            method="POST",
            content=b"{}",
            content_type=jws.CONTENT_TYPE,
        )
        if isinstance(answer, Failed):
            yield self._failed("endpoint", url, answer)
            return
        if answer.status == 400 and _code(answer) == "malformed":
            yield ok("endpoint", "The endpoint answers, and refuses what is malformed.")
        elif answer.status == 429:
            yield warning(
                "endpoint-busy",
                "The endpoint answered that this was too much at once.",
                "Try again in a minute.",
            )
        elif answer.status in _NOBODY_BEHIND and _code(answer) is None:
            yield self._down("endpoint", url, answer)
        elif 300 <= answer.status < 400:
            yield problem(
                "endpoint-redirects",
                f"{url} redirects, and a button follows no redirect.",
                "Answer at this very address.",
            )
        else:
            yield problem(
                "endpoint-wrong",
                f"{url} answers what is malformed with status {answer.status}"
                f"{' and no code' if _code(answer) is None else ''}, instead of 400 malformed.",
                "Let the server pass this address, with POST, to `rbutton site serve` or to your "
                "application; or say negotiates = false.",
            )

    def _invalid(self, body: bytes, error: InvalidDocument) -> Finding:
        """The policy cannot be used; of one that was made for another origin, both are named."""
        try:
            said = documents.parse(body, "policy").get("origin")
        except InvalidDocument:
            said = None
        if isinstance(said, str) and said != self._origin:
            return problem(
                "policy-invalid",
                f"The policy is for another origin: it says {_shown(said)}, and it was read from "
                f"{self._origin}.",
                "Give the origin that visitors see as `origin` in site.toml, and start every "
                "worker anew; or serve this policy where it belongs.",
            )
        return problem(
            "policy-invalid",
            f"The policy cannot be used: {error}.",
            "Mend that. `rbutton site init` writes a policy that can be used.",
        )

    def _down(self, what: str, url: str, answer: Fetched) -> Finding:
        return problem(
            f"{what}-down",
            f"{url} is answered with status {answer.status}: the web server passes it on, and "
            "nobody answers there.",
            "Is `rbutton site serve` running, or your application, at the address that the web "
            "server passes it to?",
        )

    def _failed(self, what: str, url: str, failed: Failed) -> Finding:
        message, advice = _FAULTS[failed.fault]
        limit = _PAGE if what == "page" else documents.MAX_BYTES
        return problem(
            f"{what}-{failed.fault}",
            f"{_shown(url)}: {message.format(limit=f'{limit:,}')}",
            advice,
            detail=failed.detail,
        )


_LATER = (
    "Put a later `until` into site.toml; then run `rbutton site init` again and upload the new "
    "file, or start every worker anew."
)
_FAULTS = {
    "name": (
        "the name is not known.",
        "Check the spelling, and the name's entry at whoever keeps it.",
    ),
    "connection": (
        "nobody answers there.",
        "Check that the server runs and that its port is open.",
    ),
    "tls": (
        "the secure connection fails, so no browser gets in.",
        "Mend the certificate: it has to be for this name, in time, and by a known authority.",
    ),
    "timeout": (
        "it takes longer than the 5 seconds a button waits.",
        "Find out what is slow. A policy is a file; serve it as one.",
    ),
    "too-large": (
        "it is larger than {limit} bytes.",
        "Make it smaller.",
    ),
    "garbled": (
        "what comes back is no HTTP that can be read.",
        "Check the server, and what stands before it.",
    ),
}


def _code(answer: Fetched) -> str | None:
    if answer.media_type != "application/problem+json":
        return None
    try:
        code = documents.parse(answer.body, "answer").get("code")
    except InvalidDocument:
        return None
    return code if isinstance(code, str) else None


def _sees(policy: Policy, promised: bool) -> str:
    if policy.document.negotiates and policy.keys:
        also = ", and what it promised to everyone" if promised else ""
        return f"⊂ and ⊃ apart, ⊃ lit: the site takes terms, and can sign the visitor's{also}."
    if promised:
        return "⊂ and ⊃ apart, ⊃ with a seal: what the site promised to everyone."
    return "⊂ and ⊃ apart, ⊃ lit: the site says what it accepts, but signs nothing."


def _shown(text: str) -> str:
    """A stranger's text, fit for a terminal."""
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"
