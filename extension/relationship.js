// What stands between the person and the site of each tab: asks the host, carries what it wants
// carried, and keeps the View it answers with. It decides nothing about terms.

import { alarm } from "./alarm.js";
import { api, setApart, topDocument } from "./browser.js";
import * as header from "./header.js";
import * as host from "./host.js";
import { pageOf } from "./origin.js";
import { carry, fetchPolicy } from "./transport.js";

/** @typedef {{mark: "stricter" | "laxer" | "other", label: string, was: string, now: string}} Difference */

/**
 * What the host says of a site: docs/native.md, "View".
 * @typedef {{
 *   origin: string, state: string, reason: string, heading: string, text: string,
 *   calls_itself: string | null, words: string | null,
 *   clauses: Array<{mark: string, label: string, value: string}>,
 *   changes: Difference[], renewal: Difference[], renewal_own: Difference[], own: Array<{mark: string, label: string, value: string}>,
 *   recognised: boolean | null, counter: string | null, offering: string | null, offering_own: string | null,
 *   actions: string[], offer: "touch" | "now" | null, header: string | null,
 *   agreement: {id: string, since: string, until: string | null, jws: string,
 *     terms: Array<{id: string, title: string, text: string, url: string}>} | null,
 *   ending: string | null, tell: string | null, untold: string | null,
 * }} View
 */

/**
 * One top-level document that announced ⊃, or that the person asked about. Gone with the document.
 * @typedef {object} Visit
 * @property {number} tabId
 * @property {string} documentId
 * @property {string} origin
 * @property {string} host
 * @property {boolean} announced
 * @property {import("./transport.js").Policy | null} policy  this document's, as fetched
 * @property {AbortController} left  ends the fetch of a policy when the document has gone
 * @property {boolean} looked    the person asked to look for its policy
 * @property {boolean} asked     the host has been asked, or is being
 * @property {boolean} tried     this document has had its offer: what is sent again waits for another one
 * @property {boolean} told      this document has told the site once of what the person ended
 * @property {boolean} watching  the page waits for the person's touch
 * @property {boolean} touched   it came, perhaps before it was known whether there is something to offer
 * @property {string | null} busy
 * @property {View | null} view
 * @property {{message: string, fix: string | null} | null} trouble
 */

/** @type {Map<number, Visit>} */
const visits = new Map();
const VISITS = 500;
const POLICY_AGE = 24 * 60 * 60 * 1000;
/** Origins with a post under way, in whatever tab. */
const posting = new Set();

/** @type {(tabId: number) => void} */
let changed = () => {};
/** @type {ReturnType<typeof alarm>} */
let ring;

/** @param {typeof changed} listener told of every tab whose Visit changed; call in the first turn */
export function listen(listener) {
  changed = listener;
  // What runs out while its site is open is shown as that, and stops being named to it.
  ring = alarm("agreements", runOut);
  api.tabs.onActivated.addListener(({ tabId }) => {
    const visit = visits.get(tabId);
    if (visit?.announced) visit.asked ? proceed(visit) : begin(visit);
  });
}

/** @param {number} tabId */
export const visitOf = (tabId) => visits.get(tabId) ?? null;

const stands = (visit) => visits.get(visit.tabId) === visit;

/** The tab has another document, or is closed. */
export function leave(tabId) {
  header.clear(tabId);
  visits.get(tabId)?.left.abort();
  if (visits.delete(tabId)) {
    remember();
    changed(tabId);
  }
}

/**
 * The tab is about to show something else. `EmanciTerms` goes first, so that nothing which the next
 * document loads carries it; only a page of the same origin that announces too may keep it.
 * @param {number} tabId
 * @param {string} url
 * @param {boolean} announces false when its headers say nothing, which its link element still may
 */
export function leaving(tabId, url, announces) {
  const visit = visits.get(tabId);
  const page = pageOf(url);
  if (visit && !(announces && page.kind === "site" && page.origin === visit.origin)) header.clear(tabId);
}

/** It did not: a download, an empty answer, a stop. Or the browser shows an error page. */
export async function stayed(tabId) {
  await recheck(tabId);
  const visit = visits.get(tabId);
  if (visit?.announced && visit.view) header.set(tabId, visit.origin, visit.view.header);
}

/** Leave a document that no longer stands in its tab. */
export async function recheck(tabId) {
  const visit = visits.get(tabId);
  if (!visit) return;
  const top = await topDocument(tabId);
  if (stands(visit) && top?.documentId !== visit.documentId) leave(tabId);
}

/**
 * A document said that it is ⊃. Told only by discovery.js, with the browser's word for who it was.
 * @param {{tabId: number, documentId: string, url: string}} at
 */
export async function announced({ tabId, documentId, url }) {
  const page = pageOf(url);
  if (page.kind !== "site") return;
  const [tab, top] = await Promise.all([api.tabs.get(tabId).catch(() => null), topDocument(tabId)]);
  if (!tab || setApart(tab) || top?.documentId !== documentId) return;

  const known = visits.get(tabId);
  if (known?.documentId === documentId && known.announced) return;
  const visit = enter(tabId, documentId, page);
  visit.announced = true;
  remember();
  if (tab.active) begin(visit);
}

/**
 * The person opened the popup on a page: what the ledger knows of it. Nothing is fetched.
 * @param {number} tabId
 * @param {string} documentId
 * @param {{origin: string, host: string}} page an ordinary page's
 */
export function inquire(tabId, documentId, page) {
  const known = visits.get(tabId);
  const visit = known?.documentId === documentId ? known : enter(tabId, documentId, page);
  begin(visit);
}

/** How the person's press on an answer to a counter-offer is told the host. */
/** What a press offers: the terms of the roster or the person's own, anew or in place of what is in force. */
const OFFERS = {
  offer: {}, again: {}, "offer-own": { own: true }, renew: { renew: true }, "renew-own": { own: true, renew: true },
};
const ANSWERS = { accept: "accept", "accept-always": "always", decline: "decline" };

/**
 * The person's click on one of View.actions.
 * @param {Visit} visit
 * @param {string} action
 * @param {{ending: string | null, counter: string | null, offering: string | null, offering_own: string | null}} seen
 *   of the View, as the person saw it
 */
export async function act(visit, action, { ending, counter, offering, offering_own }) {
  visit.trouble = null;
  if (action === "look") {
    visit.looked = true;
    visit.busy = "look";
    changed(visit.tabId);
    await consult(visit, { fresh: true });
    visit.busy = null;
    changed(visit.tabId);
  } else if (action in OFFERS) {
    await offer(visit, "click", action, OFFERS[action].own ? offering_own : offering);
  } else if (action in ANSWERS) {
    if (counter && counter === visit.view?.counter) await answer(visit, counter, action);
    else changed(visit.tabId);
  } else if (action === "noted") {
    await note(visit);
  } else if (action === "tell-again") {
    if (visit.view?.untold) await withdraw(visit, visit.view.untold, "click", action);
    else changed(visit.tabId);
  } else if (["end", "take-back"].includes(action)) {
    // What was shown may be another agreement than the one that stands by now.
    if (ending && ending === visit.view?.ending) await withdraw(visit, ending, "click", action);
    else changed(visit.tabId);
  }
}

/**
 * The person touched the page. Counts only for the document the host waits for, in a tab that is
 * active now.
 * @param {{tabId: number, documentId: string}} at
 */
export async function touched({ tabId, documentId }) {
  const visit = visits.get(tabId);
  if (!visit || visit.documentId !== documentId || !visit.watching) return;
  visit.watching = false;
  visit.touched = true;
  // Until there is a view, whoever asks for one goes on with it.
  if (!visit.view) return;
  await proceed(visit);
  visit.touched = false;
}

/** The host can be asked again, or its settings changed: ask about every document anew. */
export function refresh() {
  for (const visit of visits.values()) {
    visit.asked = false;
    begin(visit);
  }
}

/** An agreement is over: also a tab in the background names it no more, before it is asked about. */
function runOut() {
  for (const { tabId, view } of visits.values()) {
    if (Date.parse(view?.agreement?.until ?? "") <= Date.now()) header.clear(tabId);
  }
  refresh();
}

/** There is no host: `EmanciTerms` would say that one is there to take an answer. */
export function hostless() {
  for (const visit of visits.values()) {
    visit.view = null;
    header.clear(visit.tabId);
  }
}

/** The worker starts: documents that announced in an earlier life of it and still stand. */
export async function restore() {
  const swept = header.sweep();
  /** @type {{announced?: Array<{tabId: number, documentId: string, url: string}>}} */
  const { announced: documents = [] } = await api.storage.session.get("announced");
  // Also where a popup has asked about it by now, which does not know that it announced.
  for (const at of documents) announced(at);
  await swept;
}

function remember() {
  const documents = [...visits.values()].filter((visit) => visit.announced)
    .map(({ tabId, documentId, origin }) => ({ tabId, documentId, url: origin }));
  api.storage.session.set({ announced: documents });
}

function enter(tabId, documentId, { origin, host: hostname }) {
  /** @type {Visit} */
  const visit = {
    tabId, documentId, origin, host: hostname,
    announced: false, policy: null, looked: false, asked: false, tried: false, told: false, watching: false, touched: false,
    left: new AbortController(), busy: null, view: null, trouble: null,
  };
  const before = visits.get(tabId);
  if (before?.documentId === documentId) Object.assign(visit, before, { asked: false });
  visits.delete(tabId);
  visits.set(tabId, visit);
  if (visits.size > VISITS) leave(visits.keys().next().value);
  changed(tabId);
  return visit;
}

/** Ask the host once. An announced site is asked for its policy only when its tab is looked at. */
async function begin(visit) {
  if (visit.asked || host.status().phase !== "up") return;
  visit.asked = true;
  if (visit.announced && !(await isActive(visit))) visit.asked = false;
  else await consult(visit);
}

/** What does the host make of this site, with the policy it has? */
async function consult(visit, { fresh = false } = {}) {
  await attempt(visit, async () => {
    const { origin, announced } = visit;
    const told = async (policy) => (await host.ask("visit", { origin, announced, policy })).view;
    let policy = visit.looked || fresh ? await policyOf(visit, { fresh }) : null;
    let view = await told(policy);
    // Null: the person's settings let a site that announced itself know that there is an agent.
    if (view === null && stands(visit)) {
      // A policy takes its time: a touch meanwhile counts.
      if (!visit.view) await watch(visit);
      policy = await policyOf(visit, { fresh, until: visit.left.signal });
      if (stands(visit)) view = await told(policy);
    }
    // An offer that began meanwhile brings newer news.
    if (!stands(visit) || (visit.view && posting.has(origin))) return;
    if (["invalid-policy", "policy-gone"].includes(view.reason)) visit.policy = null;
    // Without a policy it is only what the ledger knows: no news for a tab that has read one.
    show(origin, view, policy === null ? visit : null);
    if (stands(visit)) await proceed(visit);
  });
  visit.touched = false;
}

/** The policy this document was asked for, or a fresh one. */
async function policyOf(visit, { fresh = false, until = null } = {}) {
  if (fresh || !visit.policy || Date.now() - Date.parse(visit.policy.at) > POLICY_AGE) {
    const policy = await fetchPolicy(visit.origin, until);
    visit.policy = "failed" in policy ? null : policy;
    return policy;
  }
  return visit.policy;
}

/** What the View lets the browser side do by itself. */
async function proceed(visit) {
  const { announced, view, tried, told } = visit;
  if (announced && view?.tell && !told && await isActive(visit)) await withdraw(visit, view.tell, "retry");
  if (!announced || !view?.offer) return;
  if (view.offer === "touch" && !visit.touched) {
    await watch(visit);
  } else if (view.offer === "touch" && await isActive(visit) && visit.touched) {
    visit.touched = false;
    await offer(visit, "touch");
  } else if (view.offer === "now" && !tried && await isActive(visit)) {
    await offer(visit, "retry");
  }
}

/** Have the page tell when the person touches it. */
async function watch(visit) {
  if (visit.watching) return;
  visit.watching = true;
  await api.scripting.executeScript({
    target: { tabId: visit.tabId, documentIds: [visit.documentId] },
    files: ["page/touched.js"],
    injectImmediately: true,
  }).catch(() => { visit.watching = false; });
}

/**
 * @param {Visit} visit
 * @param {"click" | "touch" | "retry"} by
 * @param {string | null} [busy] the button that was pressed
 * @param {string | null} [seen] what stands in the View for what the person saw would be offered
 */
async function offer(visit, by, busy = null, seen = null) {
  const { origin } = visit;
  let conflict = false;
  await byItself(visit, busy, async () => {
    visit.tried = true;
    const kept = visit.policy;
    const policy = await policyOf(visit);
    if ("failed" in policy) {
      show(origin, (await host.ask("visit", { origin, announced: visit.announced, policy })).view);
      return;
    }
    // A fetch takes its time: by then the person may look elsewhere.
    if (by !== "click" && policy !== kept && !(await isActive(visit))) return;
    const also = { own: false, renew: false, ...OFFERS[busy], seen };
    conflict = await exchange(visit, await host.ask("offer", { origin, policy, by, ...also }));
  });
  if (conflict && stands(visit)) await consult(visit, { fresh: true });
}

/**
 * Tell the host what the person says to a counter-offer, and bring their signature to the site.
 * @param {Visit} visit
 * @param {string} counter
 * @param {string} action
 */
async function answer(visit, counter, action) {
  const { origin } = visit;
  await byItself(visit, action, async () => {
    await exchange(visit, await host.ask("answer", { origin, counter, by: ANSWERS[action] }));
  });
}

/**
 * The person has seen how the policy changed.
 * @param {Visit} visit
 */
async function note(visit) {
  const { origin } = visit;
  await byItself(visit, "noted", async () => {
    const policy = await policyOf(visit);
    if ("failed" in policy) throw new host.HostError("no-policy", "The site’s policy could not be read again.", "Try it once more.");
    show(origin, (await host.ask("note", { origin, policy })).view);
  });
}

/**
 * End an agreement, or take a proffer back; or tell the site again that it was.
 * @param {Visit} visit
 * @param {string} agreement
 * @param {"click" | "retry"} by
 * @param {string | null} [busy] the button that was pressed
 */
async function withdraw(visit, agreement, by, busy = null) {
  const { origin } = visit;
  await byItself(visit, busy, async () => {
    visit.told = true;
    await exchange(visit, await host.ask("withdraw", { origin, agreement, policy: visit.policy, by }));
  });
}

/**
 * Post what the host wants posted, and bring back what came.
 * @returns {Promise<boolean>} whether the site says that its policy is another one by now
 */
async function exchange(visit, { post, view }) {
  const { origin } = visit;
  show(origin, view);
  if (!post) return false;
  const { agreement, notice } = post;
  const reply = await carry(origin, post);
  const conflict = "status" in reply && reply.status === 409;
  if (conflict) for (const one of visits.values()) if (one.origin === origin) one.policy = null;
  // A counter-offer that the person had listed is signed at once, and goes back to the site.
  const next = await host.ask("reply", { origin, agreement, notice, reply });
  if (next.post && next.post.agreement !== agreement) return exchange(visit, next);
  show(origin, next.view);
  return conflict;
}

/** Run a task that no other of that origin may overlap, with its button shown as busy. */
async function byItself(visit, busy, task) {
  const { origin } = visit;
  if (posting.has(origin)) return;
  posting.add(origin);
  visit.busy = busy;
  changed(visit.tabId);
  await attempt(visit, task);
  posting.delete(origin);
  visit.busy = null;
  changed(visit.tabId);
}

/** Run, and keep for the popup what went wrong. A lost host is told by host.js, for all tabs. */
async function attempt(visit, task) {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof host.HostError)) console.error(error);
    if (host.status().phase === "up") {
      visit.trouble = { message: error.message || "Your agent did not answer.", fix: error.fix ?? null };
    } else {
      visit.asked = false;
    }
    if (stands(visit)) changed(visit.tabId);
  }
}

/**
 * A View is of an origin: every tab that stands there shows it.
 * @param {string} origin
 * @param {View} view
 * @param {Visit | null} [only] the one tab that shows it
 */
function show(origin, view, only = null) {
  if (view?.origin !== origin) throw new Error(`a view of ${view?.origin} came for ${origin}`);
  for (const visit of visits.values()) {
    if (visit.origin !== origin || (only && visit !== only)) continue;
    visit.view = view;
    visit.trouble = null;
    if (visit.announced) header.set(visit.tabId, origin, view.header);
    changed(visit.tabId);
  }
  ring([...visits.values()].map(({ view }) => view?.agreement?.until));
}

/** Still the same document, in a tab that is shown, in an ordinary window. */
async function isActive(visit) {
  const [tab, top] = await Promise.all([
    api.tabs.get(visit.tabId).catch(() => null),
    topDocument(visit.tabId),
  ]);
  return stands(visit) && Boolean(tab?.active) && !setApart(tab) && top?.documentId === visit.documentId;
}
