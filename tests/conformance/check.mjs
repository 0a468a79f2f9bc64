/**
 * Checks the vectors with Node alone (18 or later; no packages): node tests/conformance/check.mjs [FOLDER]
 *
 * Written to the text of the protocol and the RFCs that it names, not taken from the r-button's Python
 * and sharing nothing with it, though by somebody who knew both. FOLDER is a checkout, this one by default;
 * of it only tests/vectors/*.json and terms/roster.json are read. Exit 0: all of them hold. 1: some do
 * not, each named on a line of its own.
 *
 * posts.json asks for a whole site and is not run here; each body that exchanges.json says was signed
 * is verified, and no state may rest on a signature that nobody made.
 */

import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Vocabulary } from "./clauses.mjs";
import * as documents from "./documents.mjs";
import { b64u, fromB64u, sha256, utf8 } from "./encoding.mjs";
import * as header from "./header.mjs";
import { Invalid, canonical, parse } from "./json.mjs";
import { checkX, derived, thumbprint } from "./keys.mjs";
import { decide, understand } from "./reply.mjs";

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const read = (path) => JSON.parse(readFileSync(join(folder, path), "utf8"));
const load = (name) => read(`tests/vectors/${name}.json`);

const roster = read("terms/roster.json").agreements;
const vocabulary = new Vocabulary(load("vocabulary").clauses);
let passed = 0;
const failed = [];

/** One check, under the name of its file. */
function check(file, name, test) {
  try {
    test();
    passed += 1;
  } catch (error) {
    failed.push(`${file}.json: ${name}: ${error.message.split("\n").slice(0, 6).join(" ")}`);
  }
}

const same = (found, expected) => deepStrictEqual(structuredClone(found), expected);

/** That something is refused, and with this code where one is given. */
function refused(test, code) {
  try {
    test();
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    if (code !== undefined) same(error.code, code);
    return;
  }
  throw new Error("it is taken");
}

function checkRoster() {
  for (const { sha256: hash, document } of roster) {
    check("roster", document.id, () => {
      same(sha256(utf8(canonical(document))), hash);
      same(vocabulary.knows(document.clauses), true);
    });
  }
}

function checkDocuments() {
  const bytes = (one) => ("bytes" in one ? fromB64u(one.bytes) : utf8(one.text));
  const { good, bad } = load("documents");
  for (const one of good) {
    check("documents", one.name, () => same(b64u(utf8(canonical(parse(bytes(one))))), one.canonical));
  }
  for (const one of bad) check("documents", one.name, () => refused(() => parse(bytes(one))));
}

function checkKeys() {
  const { good, bad, derived: all } = load("keys");
  for (const one of good) {
    check("keys", one.name, () => {
      checkX(one.jwk.x);
      same(thumbprint(one.jwk), one.kid);
    });
  }
  for (const one of bad) check("keys", one.name, () => refused(() => checkX(one.x)));
  for (const one of all) {
    check("keys", `derived for ${one.origin}`, () => {
      same(derived(one.seed, one.nonce, one.origin), { private: one.private, jwk: one.jwk });
      same(thumbprint(one.jwk), one.kid);
    });
  }
}

function checkComparisons() {
  const vectors = load("comparisons");
  const replaced = (was, now) => vocabulary.replaced(vocabulary.merged(was), vocabulary.merged(now));
  const clausesOf = (id) => roster.find((one) => one.document.id === id).document.clauses;
  for (const one of vectors.against) {
    check("comparisons", one.name, () => {
      const marks = vocabulary.against(one.own, one.limits);
      same(marks, one.marks);
      same(Object.values(marks).every((mark) => mark === "met"), one.matches);
    });
  }
  for (const one of [...vectors.replace, ...vectors.laxest]) {
    check("comparisons", one.name ?? "laxest", () => same(replaced(one.old, one.new), one.result));
  }
  for (const one of vectors.roster) {
    check("comparisons", `${one.old} to ${one.new}`, () => {
      same(replaced(one.old.map(clausesOf), one.new.map(clausesOf)), one.result);
    });
  }
  for (const one of vectors.durations) {
    check("comparisons", `${one.old} to ${one.new}`, () => {
      same(replaced([{ retain: one.old }], [{ retain: one.new }]), one.result);
    });
  }
  for (const [name, { replace, meets }] of Object.entries(vectors.chains)) {
    const stated = (value) => (value === null ? {} : { [name]: value });
    for (const [old, now, result] of replace) {
      check("comparisons", `${name}: ${old} to ${now}`, () => {
        same(replaced([stated(old)], [stated(now)]), result);
      });
    }
    for (const [limit, practice, met] of meets) {
      check("comparisons", `${name}: ${practice} within ${limit}`, () => {
        same(vocabulary.against(stated(limit), stated(practice)), { [name]: met ? "met" : "gap" });
      });
    }
  }
  for (const clauses of vectors.valid) {
    check("comparisons", "valid", () => same(vocabulary.knows(clauses), true));
  }
  for (const one of vectors.unknown) {
    check("comparisons", one.name, () => same(vocabulary.knows(one.clauses), false));
  }
}

function checkHeader() {
  const { written, read: readable, unreadable } = load("header");
  for (const one of written) {
    check("header", one.name, () => same(header.write(one.proffer, one.agreement), one.value));
  }
  for (const { name, lines, proffer, agreement } of readable) {
    check("header", name, () => same(header.read(lines), { proffer, agreement }));
  }
  for (const { name, lines } of unreadable) {
    check("header", name, () => refused(() => header.read(lines)));
  }
}

function checkAgreement() {
  const vectors = load("agreement");
  check("agreement", "what follows from its first values", () => {
    const person = derived(vectors.seed, vectors.nonce, vectors.origin);
    same(person, { private: vectors.person_private_key, jwk: vectors.person_jwk });
    same(thumbprint(vectors.person_jwk), vectors.person_kid);
    same(thumbprint(vectors.site_jwk), vectors.site_kid);
    same(sha256(utf8(vectors.policy)), vectors.policy_sha256);
    same(sha256(utf8(vectors.payload)), vectors.id);
    same(header.write(["SD-BASE-DP"], null), vectors.header);
  });
  check("agreement", "proffer", () => {
    const { id, byPerson, bySite } = documents.agreement(utf8(vectors.proffer));
    same({ id, byPerson, bySite }, { id: vectors.id, byPerson: true, bySite: false });
  });
  for (const one of [{ name: "sealed", body: vectors.sealed }, ...vectors.also_sealed]) {
    check("agreement", one.name, () => {
      const { id, sealed } = documents.agreement(utf8(one.body));
      same({ id, sealed }, { id: vectors.id, sealed: true });
    });
  }
  for (const one of vectors.other_payloads) {
    check("agreement", one.name, () => {
      const { id, sealed } = documents.agreement(utf8(one.body));
      same({ id, sealed }, { id: one.id, sealed: true });
    });
  }
  for (const one of vectors.not_sealed) {
    check("agreement", one.name, () => {
      if (one.why === "half-signed") same(documents.agreement(utf8(one.body)).sealed, false);
      else refused(() => documents.agreement(utf8(one.body)), one.why);
    });
  }
}

function checkNotices() {
  const vectors = load("notices");
  const { person_jwk: person, site_jwk: site } = load("agreement");
  const told = documents.noticeBy(utf8(vectors.withdraw), "withdraw", [person]).members;
  const withdraws = (body) => {
    const { members } = documents.noticeBy(utf8(body), "withdraw", [person]);
    if (members.under !== vectors.under) throw new Invalid("of another", "unknown-agreement");
  };
  const acknowledges = (body) => {
    const { members } = documents.noticeBy(utf8(body), "acknowledge", [site]);
    if (members.under !== told.under || members.body.re !== told.id) throw new Invalid("of another");
  };
  check("notices", "withdraw", () => withdraws(vectors.withdraw));
  check("notices", "acknowledge", () => acknowledges(vectors.acknowledge));
  for (const one of vectors.also_withdraw) check("notices", one.name, () => withdraws(one.body));
  for (const one of vectors.no_withdrawal) {
    check("notices", one.name, () => refused(() => withdraws(one.body), one.code));
  }
  for (const one of vectors.no_acknowledgement) {
    check("notices", one.name, () => refused(() => acknowledges(one.body)));
  }
}

function checkPolicies() {
  const { origin, at, good, bad } = load("policies");
  const policy = (one) => documents.policy(utf8(one.body), origin, at, vocabulary);
  for (const one of good) {
    check("policies", one.name, () => {
      const { sha256: hash, keys, accepts, limits, negotiates } = policy(one);
      same(hash, one.sha256);
      same({ keys: keys.map((key) => key.x), accepts, limits, negotiates }, one.read);
    });
  }
  for (const one of bad) check("policies", one.name, () => refused(() => policy(one)));
}

function checkPromises() {
  const { origin, at, good, bad } = load("promises");
  const promised = (one) => {
    const { keys, promise } = documents.policy(utf8(one.body), origin, at, vocabulary);
    if (promise === undefined) throw new Error("the policy has no promise");
    return () => documents.promise(promise, { origin, at, keys, roster, vocabulary });
  };
  for (const one of good) check("promises", one.name, () => same(promised(one)(), one.terms));
  for (const one of bad) check("promises", one.name, () => refused(promised(one), one.why));
}

function checkReplies() {
  const offered = documents.agreement(utf8(load("agreement").proffer));
  const { id, cases } = load("replies");
  check("replies", "id", () => same(offered.id, id));
  for (const one of cases) {
    check("replies", one.name, () => same(understand(offered, one, roster), one.outcome));
  }
}

function checkCounters() {
  for (const one of load("counters").cases) {
    check("counters", one.name, () => same(decide(one, roster, vocabulary), one.agent));
  }
}

function checkExchanges() {
  const { origin, seed, policies, exchanges } = load("exchanges");
  const hashes = Object.values(policies).map((text) => sha256(utf8(text)));
  const siteKeys = Object.values(policies).flatMap((text) => JSON.parse(text).keys);
  for (const { name, steps } of exchanges) {
    const known = new Map();
    const sealed = new Set();
    const take = (body) => {
      if (JSON.parse(Buffer.from(JSON.parse(body).payload, "base64url")).type === "notice") {
        return takeNotice(body, known, siteKeys);
      }
      const signed = documents.agreement(utf8(body));
      const { members } = signed;
      same(members.person.jwk, derived(seed, members.nonce, origin).jwk);
      same([members.site.origin, hashes.includes(members.site.policy)], [origin, true]);
      known.set(signed.id, members);
      if (signed.sealed) sealed.add(signed.id);
      return signed.id;
    };
    for (const [number, step] of steps.entries()) {
      check("exchanges", `${name}, step ${number + 1}`, () => {
        if (step.post !== null) take(step.post);
        if (step.answer?.status === 200) take(step.answer.body);
        const { in_force: inForce, states } = step.person;
        if (inForce !== null) same([states[inForce], sealed.has(inForce)], ["agreed", true]);
        for (const [id, state] of [...Object.entries(states), ...Object.entries(step.site)]) {
          same(known.has(id), true);
          if (["agreed", "sealed", "superseded", "replaced"].includes(state)) same(sealed.has(id), true);
        }
      });
    }
  }
}

/** A notice, by the person's key of what it is about, or by the site's. */
function takeNotice(body, known, siteKeys) {
  const { kind, under } = JSON.parse(Buffer.from(JSON.parse(body).payload, "base64url"));
  const { person } = known.get(under);
  documents.noticeBy(utf8(body), kind, kind === "withdraw" ? [person.jwk] : siteKeys);
  return under;
}

for (const one of [
  checkRoster, checkDocuments, checkKeys, checkComparisons, checkHeader, checkAgreement,
  checkNotices, checkPolicies, checkPromises, checkReplies, checkCounters,
  checkExchanges,
]) {
  check(one.name.slice(5).toLowerCase(), "its file", one);
}
for (const line of failed) console.log(line);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
