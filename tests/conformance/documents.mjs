/** Agreements, notices, policies and promises (protocol, sections 2, 4 and 6). */

import {
  closed, each, is, isHash, isName, isOrigin, isRosterId, isText, isTime, isUuid, listOf, open,
  orNull, parsed, seconds, sha256,
} from "./encoding.mjs";
import { Invalid, canonical, parse } from "./json.mjs";
import * as jws from "./jws.mjs";
import { checkX, isKey, thumbprint } from "./keys.mjs";

const isValue = (value) => (Array.isArray(value) ? listOf(isText)(value) : isText(value));
const isClauses = each(isValue, { least: 1 });
const isTerm = (value) => {
  if (value?.id === "own") closed({ id: isText, clauses: isClauses })(value);
  else closed({ id: isRosterId, sha256: isHash, clauses: isClauses })(value);
};
const isTerms = (value) => {
  listOf(isTerm, { least: 1 })(value);
  const ids = value.map((term) => term.id);
  if (new Set(ids).size < ids.length || ids.join() !== [...ids].sort().join()) {
    throw new Invalid("terms that are not different and sorted");
  }
};

const isAgreement = closed({
  emanciterms: is(1),
  type: is("agreement"),
  terms: isTerms,
  person: closed({ jwk: isKey }),
  site: closed({ origin: isOrigin, name: isName, jwk: isKey, policy: isHash }),
  nonce: isHash,
  proffered: isTime,
  answer_by: isTime,
  until: orNull(isTime),
  supersedes: orNull(isHash),
  answers: orNull(isHash),
});

/** Read and verify a proffer, a counter or a sealed agreement. */
export function agreement(bytes) {
  const document = jws.read(bytes);
  const { members } = document;
  isAgreement(members);
  const [person, site] = [members.person.jwk, members.site.jwk];
  if (person.x === site.x) throw new Invalid("one key on both sides");
  const stands = seconds(members.answer_by) - seconds(members.proffered);
  const most = members.answers === null ? 10 * 60 : 7 * 24 * 60 * 60;
  if (stands < 0 || stands > most) throw new Invalid("a time to answer that may not be");
  jws.verify(document, [person, site]);
  const by = (key) => document.signatures.some((one) => one.kid === thumbprint(key));
  const [byPerson, bySite] = [by(person), by(site)];
  return { ...document, byPerson, bySite, sealed: byPerson && bySite };
}

const notice = (kind, body) => closed({
  emanciterms: is(1),
  type: is("notice"),
  kind: is(kind),
  under: isHash,
  id: isUuid,
  made: isTime,
  body,
});
const KINDS = {
  withdraw: notice("withdraw", closed({ reason: orNull(isText) })),
  acknowledge: notice("acknowledge", closed({ re: isUuid })),
};

/** Read a notice of this kind, signed by one of these keys. */
export function noticeBy(bytes, kind, keys) {
  const document = jws.read(bytes);
  const said = document.members.kind;
  if (typeof said === "string" && !Object.hasOwn(KINDS, said)) {
    throw new Invalid("a kind nobody knows", "unknown-terms");
  }
  KINDS[kind](document.members);
  if (document.signatures.length !== 1) throw new Invalid("not one signature", "bad-signature");
  jws.verify(document, keys);
  return document;
}

const isContact = (value) => {
  isText(value);
  if (!["mailto:", "https:"].includes(parsed(value).protocol)) {
    throw new Invalid("not a mailto: or https: URL");
  }
};
const isPolicy = open(
  {
    emanciterms: is(1),
    origin: isOrigin,
    controller: open({ name: isName }, { contact: isContact, jurisdiction: isName }),
  },
  {
    keys: listOf(open({ kty: isText }, { crv: isText, x: isText })),
    accepts: listOf(isText),
    limits: each(isValue),
    negotiates: (value) => {
      if (typeof value !== "boolean") throw new Invalid("not true or false");
    },
    promise: open({}, {}),
    expires: isTime,
  },
);

/** Read a policy that `origin` served. */
export function policy(bytes, origin, at, vocabulary) {
  const members = parse(bytes);
  isPolicy(members);
  if (members.origin !== origin) throw new Invalid("another origin");
  if ("expires" in members && seconds(members.expires) <= seconds(at)) throw new Invalid("expired");
  const keys = (members.keys ?? [])
    .filter(usable)
    .map(({ kty, crv, x }) => ({ kty, crv, x }));
  const limits = Object.entries(members.limits ?? {})
    .filter(([name, value]) => vocabulary.knows({ [name]: value }));
  return {
    sha256: sha256(bytes),
    keys,
    accepts: members.accepts ?? [],
    limits: Object.fromEntries(limits),
    negotiates: members.negotiates ?? false,
    promise: members.promise,
  };
}

function usable(key) {
  if (key.kty !== "OKP" || key.crv !== "Ed25519") return false;
  try {
    checkX(key.x ?? "");
  } catch {
    return false;
  }
  return true;
}

const isPromise = closed({
  emanciterms: is(1),
  type: is("promise"),
  origin: isOrigin,
  terms: isTerms,
  until: isTime,
});

/** The ids of the terms that a policy promises, if its promise holds. */
export function promise(member, { origin, at, keys, roster, vocabulary }) {
  const document = jws.read(new TextEncoder().encode(canonical(member)));
  const { members } = document;
  isPromise(members);
  if (document.signatures.length !== 1) throw new Invalid("not one signature", "bad-signature");
  jws.verify(document, keys);
  if (members.origin !== origin) throw new Invalid("another origin", "another-origin");
  if (seconds(members.until) <= seconds(at)) throw new Invalid("ended", "ended");
  for (const term of members.terms) {
    const known = term.id === "own" ? vocabulary.knows(term.clauses) : holds(roster, term);
    if (!known) throw new Invalid("a term nobody knows", "unknown-terms");
  }
  return members.terms.map((term) => term.id);
}

/** Whether a term equals the roster's document of that id: id, hash and clauses. */
export function holds(roster, term) {
  const known = roster.find((one) => one.document.id === term.id);
  return known !== undefined && known.sha256 === term.sha256
    && canonical(known.document.clauses) === canonical(term.clauses ?? {});
}
