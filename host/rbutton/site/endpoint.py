"""What the site answers to a posted document: all of the protocol, and no web framework."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rbutton.shipped.roster import catalogue
from rbutton.site.messages import Refused, Request, Response, problem, same_for_all
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Kept, KeptNotice, NotInForce, Store
from rbutton.terms import agreement, documents, jws, notice
from rbutton.terms.agreement import Agreement, RosterTerm, SignedAgreement
from rbutton.terms.encoding import from_time_text, time_text
from rbutton.terms.errors import InvalidDocument

#: By how much the person's clock and ours may differ.
SKEW = timedelta(minutes=5)
#: How long after its `answer_by` a declined proffer is still answered with the decline.
DECLINE_STANDS = timedelta(minutes=10)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


def answer(request: Request, policy: SitePolicy, store: Store, now: Clock = utc_now) -> Response:
    """Answer what came to `/.well-known/emanciterms` (protocol, section 5).

    A proffer of terms that the policy accepts is signed, kept and sent back, in this order. The
    same payload gets the same answer, whenever and however often it comes. A person's `withdraw`
    ends an agreement for good, and is acknowledged (section 6).

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the store failed. Answer with a 5xx status and no `code`:
            the agent will send the same again.
    """
    if request.method != "POST":
        return problem(405, "Signed terms are posted here.", None, ("Allow", "POST"))
    try:
        return _answer(request, policy, store, now())
    except Refused as refused:
        return refused.response()


def published(method: str, policy: SitePolicy) -> Response:
    """Answer a request for `/.well-known/emanciterms.json`."""
    if method not in ("GET", "HEAD"):
        return problem(405, "The policy can only be read.", None, ("Allow", "GET, HEAD"))
    return Response(200, same_for_all("application/json", "no-cache"), policy.body)


def _answer(request: Request, policy: SitePolicy, store: Store, now: datetime) -> Response:
    if request.content_type.partition(";")[0].strip().lower() != jws.CONTENT_TYPE:
        raise Refused("unsupported-type", f"The content type has to be {jws.CONTENT_TYPE}.")
    if len(request.body) > documents.MAX_BYTES:
        raise Refused("too-large", f"More than {documents.MAX_BYTES:,} bytes are not read.")
    try:
        document = jws.parse(request.body, "document")
        if notice.is_notice(document):
            return _take_notice(notice.read(document), policy, store, now)
        signed = agreement.verified(document)
    except InvalidDocument as error:
        raise Refused(error.code, _sentence(error)) from None
    known = store.known(signed.id, now)
    if known is not None:
        return _as_kept(known)
    _check_is_proffer(signed)
    _check_names_us(signed.agreement, policy, now)
    _check_in_time(signed.agreement, now)
    _check_known(signed.agreement)
    if not {term.id for term in signed.agreement.terms} <= policy.accepts:
        return _decline(signed, store, now)
    try:
        return _as_kept(store.seal(agreement.countersign(signed, policy.key), now))
    except NotInForce:
        raise Refused(
            "conflict", "The agreement that this one would replace is not in force here."
        ) from None


def _take_notice(
    told: notice.SignedNotice, policy: SitePolicy, store: Store, now: datetime
) -> Response:
    """End the agreement that a `withdraw` names, and say so; again the same to the same notice."""
    if not isinstance(told.notice, notice.Withdraw):
        raise Refused("unknown-terms", "This site has sent no notice that could be acknowledged.")
    known = store.known(told.notice.under, now)
    if known is None or known.state == "declined":
        raise Refused("unknown-agreement", "This site has signed no such agreement.")
    ended = agreement.read(known.body).agreement
    told.check_by([ended.person.jwk])
    answer = notice.acknowledge(told, policy.key, now)
    kept = store.withdraw(
        KeptNotice(told.notice.under, told.hash, time_text(now), told.body, answer.body)
    )
    # A second notice ends nothing and is not kept, so that nobody can fill the store with them.
    body = kept.answer if kept.hash == told.hash else answer.body
    return Response(200, same_for_all(jws.CONTENT_TYPE), body)


def _check_is_proffer(signed: SignedAgreement) -> None:
    if signed.by_site:
        raise Refused("malformed", "This site has not signed this and keeps no record of it.")
    if signed.agreement.answers is not None:
        raise Refused("malformed", "A proffer answers nothing, and this one does.")


def _check_names_us(offered: Agreement, policy: SitePolicy, now: datetime) -> None:
    site = offered.site
    if policy.expires is not None and policy.expires <= now:
        raise Refused("conflict", "This site's policy has expired.")
    if (site.origin, site.name, site.jwk) != (policy.origin, policy.name, policy.jwk):
        raise Refused("conflict", "The site named is not this one as its policy has it now.")
    if site.policy != policy.sha256:
        raise Refused("conflict", "This site's policy has changed since it was read.")


def _check_in_time(offered: Agreement, now: datetime) -> None:
    if from_time_text(offered.answer_by) < now - SKEW:
        raise Refused("expired", "The time to answer this has passed.")
    if from_time_text(offered.proffered) > now + SKEW:
        raise Refused("expired", "This was proffered in the future, by this site's clock.")
    if offered.until is not None and from_time_text(offered.until) <= now:
        raise Refused("expired", "These terms have ended already.")


def _check_known(offered: Agreement) -> None:
    for term in offered.terms:
        if not isinstance(term, RosterTerm):
            raise Refused("unknown-terms", "This site signs terms of the roster only.")
        if not catalogue().holds(term.id, term.sha256, term.clauses):
            raise Refused("unknown-terms", "A term is not one this site knows, word for word.")


def _decline(signed: SignedAgreement, store: Store, now: datetime) -> Response:
    declined = Refused("declined", "This site does not sign all of these terms.").response()
    forget = from_time_text(signed.agreement.answer_by) + DECLINE_STANDS
    return _as_kept(store.decline(signed.id, declined.body, now, forget))


def _as_kept(kept: Kept) -> Response:
    if kept.state == "withdrawn":
        raise Refused("expired", "These terms were withdrawn.")
    if kept.state == "declined":
        return Response(403, same_for_all("application/problem+json"), kept.body)
    return Response(200, same_for_all(jws.CONTENT_TYPE), kept.body)


def _sentence(error: InvalidDocument) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
