"""What the site answers to a posted document: all of the protocol, and no web framework."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rbutton.shipped.roster import catalogue
from rbutton.site.messages import (
    PROBLEM_TYPE,
    Refused,
    Request,
    Response,
    problem,
    same_for_all,
)
from rbutton.site.policy import SitePolicy
from rbutton.site.states import ANSWER, TABLE
from rbutton.site.store import (
    COUNTER_WAITS,
    Kept,
    KeptNotice,
    NotInForce,
    NotKept,
    Store,
    StoreFull,
)
from rbutton.terms import agreement, documents, jws, notice
from rbutton.terms.agreement import Agreement, RosterTerm, SignedAgreement
from rbutton.terms.encoding import from_time_text, time_text
from rbutton.terms.errors import InvalidDocument, UnknownTerms

#: By how much the person's clock and ours may differ.
SKEW = timedelta(minutes=5)
#: How long after its `answer_by` a proffer that was refused is still answered with the same.
REFUSAL_STANDS = timedelta(minutes=10)
#: An `answer_by` that is later counts as this late.
LATEST = timedelta(days=1)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


def answer(request: Request, policy: SitePolicy, store: Store, now: Clock = utc_now) -> Response:
    """Answer what came to `/.well-known/emanciterms` (protocol, section 5).

    A proffer of terms that the policy accepts is signed, kept and sent back, in this order; one of
    others is answered with the policy's counter, or declined. The same payload gets the same
    answer, whenever and however often it comes. A person's `withdraw` ends an agreement for good,
    and is acknowledged (section 6).

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
    except StoreFull:
        return unable("This site can keep no more agreements at the moment.")


def unable(detail: str) -> Response:
    """No answer, for a reason of the site's own: the agent may send the same again."""
    return problem(503, detail, None, ("Retry-After", "600"))


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
        if "accepted" in TABLE[known.state]:
            return _take_accepted(signed, store, now)
        return _as_kept(known)
    _check_is_proffer(signed, now)
    try:
        return _as_kept(_first_answer(signed, policy, store, now))
    except Refused as refused:
        # Final, as a decline is: a copy that comes later is not signed after all, though the clock
        # was set or the policy is the earlier one again.
        return _as_kept(_refuse(signed, refused, store, now))


def _first_answer(signed: SignedAgreement, policy: SitePolicy, store: Store, now: datetime) -> Kept:
    _check_names_us(signed.agreement, policy, now)
    _check_in_time(signed.agreement, now)
    _check_known(signed.agreement)
    try:
        if policy.signs(signed.agreement.terms):
            return store.seal(agreement.countersign(signed, policy.key), now)
        if policy.counter:
            return store.counter(_counter(signed, policy, now), now)
    except NotInForce:
        raise _no_longer_in_force() from None
    raise Refused("declined", "This site does not sign all of these terms.")


def _take_accepted(signed: SignedAgreement, store: Store, now: datetime) -> Response:
    """Seal a counter that this site made and the person has signed."""
    if not signed.sealed:
        raise Refused("malformed", "A counter is accepted with both signatures.")
    _check_not_ended(signed.agreement, now)
    # As it came, but in one spelling: blanks are not kept.
    accepted = agreement.read(jws.text(signed.envelope))
    try:
        return _as_kept(store.accept(accepted, now))
    except NotInForce:
        raise _no_longer_in_force() from None
    except NotKept:
        raise Refused("expired", "This site made that offer too long ago.") from None


def _counter(signed: SignedAgreement, policy: SitePolicy, now: datetime) -> SignedAgreement:
    terms = [catalogue().documents[one] for one in policy.counter]
    return agreement.counter(signed, terms=terms, key=policy.key, now=now)


def _take_notice(
    told: notice.SignedNotice, policy: SitePolicy, store: Store, now: datetime
) -> Response:
    """End the agreement that a `withdraw` names, and say so; again the same to the same notice."""
    if not isinstance(told.notice, notice.Withdraw):
        raise Refused("unknown-terms", "This site has sent no notice that could be acknowledged.")
    known = store.known(told.notice.under, now)
    if known is None or "withdraw" not in TABLE[known.state]:
        raise _unknown_agreement()
    ended = agreement.read(known.body).agreement
    told.check_by([ended.person.jwk])
    answer = notice.acknowledge(told, policy.key, now)
    body = jws.text(told.document.envelope)
    try:
        kept = store.withdraw(
            KeptNotice(told.notice.under, told.hash, time_text(now), body, answer.body)
        )
    except NotKept:
        raise _unknown_agreement() from None
    # A second notice ends nothing and is not kept, so that nobody can fill the store with them.
    # Nor can an agent verify what was signed between the agreement's key and today's.
    signers = {ended.site.jwk.thumbprint, policy.jwk.thumbprint}
    same = kept.hash == told.hash and signers.issuperset(jws.parse(kept.answer, "notice").kids)
    return Response(200, same_for_all(jws.CONTENT_TYPE), kept.answer if same else answer.body)


def _unknown_agreement() -> Refused:
    return Refused("unknown-agreement", "This site has signed no such agreement.")


def _no_longer_in_force() -> Refused:
    return Refused("conflict", "The agreement that this one would replace is not in force here.")


def _check_is_proffer(signed: SignedAgreement, now: datetime) -> None:
    offered = signed.agreement
    if offered.answers is not None:
        if signed.sealed and from_time_text(offered.answer_by) < now - COUNTER_WAITS:
            raise Refused("expired", "This site made that offer too long ago.")
        raise Refused("malformed", "A proffer answers nothing, and this one does.")
    if signed.by_site:
        raise Refused("malformed", "This site has not signed this and keeps no record of it.")


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
    _check_not_ended(offered, now)


def _check_not_ended(offered: Agreement, now: datetime) -> None:
    if offered.ends is not None and offered.ends <= now:
        raise Refused("expired", "These terms have ended already.")


def _check_known(offered: Agreement) -> None:
    for term in offered.terms:
        if isinstance(term, RosterTerm):
            if not catalogue().holds(term.id, term.sha256, term.clauses):
                raise Refused("unknown-terms", "A term is not one this site knows, word for word.")
            continue
        try:
            catalogue().vocabulary.check(term.clauses)
        except UnknownTerms:
            raise Refused(
                "unknown-terms", "A clause of your own terms is not one this site knows."
            ) from None


def _refuse(signed: SignedAgreement, refused: Refused, store: Store, now: datetime) -> Kept:
    # A proffer of next year is not remembered till then.
    forget = min(from_time_text(signed.agreement.answer_by), now + LATEST) + REFUSAL_STANDS
    if forget < now:
        raise refused
    return store.decline(signed.id, refused.response().body, now, forget)


def _as_kept(kept: Kept) -> Response:
    match ANSWER[kept.state]:
        case "expired":
            raise Refused("expired", "These terms were withdrawn.")
        case "refusal":
            status = json.loads(kept.body)["status"]
            return Response(status, same_for_all(PROBLEM_TYPE), kept.body)
        case "signed":
            return Response(200, same_for_all(jws.CONTENT_TYPE), kept.body)


def _sentence(error: InvalidDocument) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
