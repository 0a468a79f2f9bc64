// DNT exceptions that a site asks for: the API of W3C's Tracking Preference Expression (Note of 2019,
// section 6), put only into pages that speak it, which their `Tk` header says. The page is hostile: who
// asks is the browser's word, what it says is checked here, and nothing is granted but by the person.

import { api, setApart, topDocument } from "./browser.js";
import { domainOf } from "./choices.js";
import * as host from "./host.js";
import { pageOf } from "./origin.js";
import { holding } from "./regions.js";
import { serial } from "./serial.js";
import * as settings from "./settings.js";
import { covers, domainOf as bare, hostOf, isWildcard } from "./site_names.js";

/**
 * A page asks; the person has not decided.
 * @typedef {object} Asked
 * @property {string} id  the page's script's own, made anew for each
 * @property {number} tabId
 * @property {string} documentId
 * @property {string} host    of the page
 * @property {string} owner   whose no it is: the registrable domain, or the host itself
 * @property {string[]} sites names it would be granted under
 * @property {string[] | null} targets null: everybody on that site
 * @property {number | null} maxAge seconds
 * @property {string} name         the site's words: text, cleaned
 * @property {string} explanation
 * @property {string | null} details an https address
 */

const LONGEST = 8_192;      // characters of a message
const TARGETS = 64;         // as many as a list may have on the way to the host
const PENDING = 20;         // that wait for the person, one a page at most
const CALLS = 30;           // that one document may make
const MUTED = 200;          // owners that the person said no to
const A_MONTH = 30 * 24 * 60 * 60;
const HOST = /^(\*\.)?(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
// With a dot: what reads as a word of the button's sentence is no name of somebody.
const TARGET = /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;

/** A refusal, with the name of the DOMException that the page gets. */
class Refused extends Error {
  /** @param {string} name @param {string} message */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** @type {Map<string, Asked>} id → */
const pending = new Map();
/** @type {Set<string>} owners that got a no, until the browser closes: they are not shown again */
const muted = new Set();
/** @type {Map<string, number>} document → calls so far */
const calls = new Map();
const inTurn = serial();
const read = api.storage.session.get("asked").then((/** @type {any} */ { asked }) => {
  for (const one of asked?.pending ?? []) if (!pending.has(one.id)) pending.set(one.id, one);
  for (const one of asked?.muted ?? []) muted.add(one);
});
const keep = () => api.storage.session.set({ asked: { pending: [...pending.values()], muted: [...muted] } });

/** @type {(tabId: number) => void} */
let changed = () => {};
/** @type {(told: object) => Promise<void>} */
let take = async () => {};

/**
 * Registers listeners; call in the first turn.
 * @param {typeof changed} listener told of a tab whose page asks, or no longer does
 * @param {typeof take} taker of new settings
 */
export function listen(listener, taker) {
  changed = listener;
  take = taker;
  api.runtime.onMessage.addListener((message, sender) => {
    if (message?.type === "tracking-exception" && sender.id === api.runtime.id) heard(message, sender);
  });
}

const askedOf = (tabId) => [...pending.values()].find((one) => one.tabId === tabId) ?? null;

/** What the document that stands in a tab asks. @param {number} tabId @param {string | undefined} documentId */
export const askedBy = (tabId, documentId) =>
  [...pending.values()].find((one) => one.tabId === tabId && one.documentId === documentId) ?? null;

/** The same, where it is not known which stands there. @param {number} tabId */
export const askedIn = async (tabId) => askedOf(tabId) && askedBy(tabId, (await topDocument(tabId))?.documentId);

/** The worker starts: what was asked before may have gone. */
export async function restore() {
  await read;
  for (const { tabId, documentId } of [...pending.values()]) {
    if ((await topDocument(tabId))?.documentId !== documentId) leave(tabId);
    else changed(tabId);
  }
}

/** The tab has another document, or is closed. */
export async function leave(tabId) {
  await read;
  const gone = [...pending.values()].filter((one) => one.tabId === tabId);
  for (const { id, documentId } of gone) {
    pending.delete(id);
    calls.delete(documentId);
  }
  if (!gone.length) return;
  await keep();
  changed(tabId);
}

/**
 * A document's own response carried `Tk`: it speaks the protocol, and gets its API.
 * @param {{tabId: number, documentId: string, url: string}} at
 */
export async function speaks({ tabId, documentId, url }) {
  if (!await ordinary(tabId, documentId, url)) return;
  const target = { tabId, documentIds: [documentId] };
  // First the one that listens.
  await api.scripting.executeScript({ target, files: ["page/exceptions-relay.js"], injectImmediately: true }).catch(() => {});
  await api.scripting.executeScript({ target, files: ["page/exceptions.js"], world: "MAIN", injectImmediately: true }).catch(() => {});
}

/** The top-level document of an ordinary tab, from a secure origin. */
async function ordinary(tabId, documentId, url) {
  if (pageOf(url).kind !== "site") return false;
  const [tab, top] = await Promise.all([api.tabs.get(tabId).catch(() => null), topDocument(tabId)]);
  return Boolean(tab) && !setApart(tab) && top?.documentId === documentId;
}

/** What a page asked, or its process in its name: `id`, `call`, and the properties as JSON text. */
async function heard({ id, call, text }, { tab, frameId, documentId, url, origin }) {
  if (typeof id !== "string" || !/^[0-9a-f-]{36}$/.test(id) || tab?.id === undefined || frameId !== 0 || !documentId) return;
  await read;
  const at = { id, tabId: tab.id, documentId };
  try {
    // A page in a sandbox has its host's address, and does not speak for it.
    if (origin === "null" || !await ordinary(tab.id, documentId, url)) throw new Refused("InvalidStateError", "not from this page");
    count(documentId);
    if (typeof text !== "string" || text.length > LONGEST) throw new Refused("SyntaxError", "too long");
    const properties = parsed(text);
    const page = hostOf(url);
    const sites = await sitesOf(properties, page);
    if (call === "exists") answer(at, { value: exists(sites, properties, page) });
    else if (call === "remove") await remove(at, sites);
    // One after the other: of many at once, each would find that nothing is asked yet.
    else if (call === "store") {
      const owner = await domainOf(page) ?? page;
      await inTurn(() => store(at, sites, properties, { page, owner }));
    }
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    const { name, message } = error instanceof Refused ? error : new Refused("InvalidStateError", "it cannot be kept now");
    answer(at, { error: name, message });
  }
}

function count(documentId) {
  const so = (calls.get(documentId) ?? 0) + 1;
  calls.set(documentId, so);
  if (calls.size > MUTED) calls.delete(calls.keys().next().value);
  if (so > CALLS) throw new Refused("InvalidStateError", "too many calls");
}

/** The specification's TrackingExData: members it does not know are ignored. */
function parsed(text) {
  let given;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Refused("SyntaxError", "not an object");
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) throw new Refused("SyntaxError", "not an object");
  const word = (key) => {
    const value = given[key] ?? "";
    if (typeof value !== "string") throw new Refused("SyntaxError", `${key} is not a string`);
    return value;
  };
  const { targets = null, maxAge = null } = given;
  if (targets !== null && (!Array.isArray(targets) || targets.length > TARGETS)) throw new Refused("SyntaxError", "targets is not a list");
  for (const target of targets ?? []) {
    if (target !== "*" && !(typeof target === "string" && TARGET.test(target))) throw new Refused("SyntaxError", "a target is not a domain");
  }
  if (maxAge !== null && !(Number.isInteger(maxAge) && maxAge > 0 && maxAge < 2 ** 31)) throw new Refused("SyntaxError", "maxAge is not a positive number");
  return {
    site: word("site").toLowerCase(), targets: targets?.includes("*") ? null : targets, everywhere: targets?.includes("*") ?? false,
    maxAge, name: clean(word("name"), 80), explanation: clean(word("explanation"), 300), details: word("details"),
  };
}

/** A stranger's words, on one line, without what could pass for something else or is not seen. */
const clean = (text, most) => text.normalize("NFC")
  .replace(/[\p{C}\p{Z}\s\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]+/gu, " ")
  .replace(/(\p{M}{4})\p{M}+/gu, "$1")   // more on one letter make it as wide and high as they like
  .trim().slice(0, most);

/** The names that an exception for this `site` is kept under, if a page of `page` may say so. */
async function sitesOf({ site, targets, everywhere }, page) {
  if (site === "*") {
    if (everywhere || targets === null) throw new Refused("SecurityError", "not everywhere and for everybody");
    throw new Refused("NotSupportedError", "exceptions for the whole web are not kept");
  }
  if (!HOST.test(page) && !page.startsWith("[")) throw new Refused("NotSupportedError", "no exception can be kept for this page's name");
  if (!site || site === page) return [page];
  if (!HOST.test(site)) throw new Refused("SyntaxError", "site is not a domain");
  // As for a cookie: its own host or one above it, no higher than what one owner can have.
  const wanted = bare(site);
  const domain = await domainOf(page);
  const above = wanted === page || covers(`*.${wanted}`, page);
  const owned = wanted === page || (domain !== null && (wanted === domain || covers(`*.${domain}`, wanted)));
  if (!above || !owned) throw new Refused("SecurityError", "site is not this page's");
  // "*.example" of the API takes in "example" itself.
  return isWildcard(site) ? [wanted, `*.${wanted}`] : [wanted];
}

const meant = (targets, page) => targets?.length === 0 ? [page] : targets;

function exists(sites, { targets }, page) {
  const { sites: choices = [] } = settings.signals();
  const granted = holding(settings.signals(), Date.now());
  const wanted = meant(targets, page);
  return sites.every((site) => choices.some((one) => one.site === site && one.dnt === "exception")
    || granted.some((one) => one.site === site
      && (one.targets === null || (wanted !== null && wanted.every((target) => one.targets.includes(target))))));
}

/** What a site was granted it may give back, without asking; of nothing else it makes the host do anything. */
async function remove(at, sites) {
  for (const site of sites) {
    const held = (settings.signals().exceptions ?? []).some((one) => one.site === site);
    if (held) await take((await host.ask("revoke", { site })).settings);
  }
  answer(at, { value: null });
}

async function store(at, sites, properties, { page, owner }) {
  if (exists(sites, properties, page)) {
    answer(at, { value: { isSiteWide: meant(properties.targets, page) === null } });
    return;
  }
  if (muted.has(owner)) throw new Refused("NotAllowedError", "not allowed");
  if (askedOf(at.tabId) || pending.size >= PENDING) throw new Refused("InvalidStateError", "one is being asked");
  if (host.status().phase !== "up") throw new Refused("InvalidStateError", "it cannot be kept now");
  const { details, targets, maxAge, name, explanation } = properties;
  const address = URL.canParse(details, `https://${page}/`) ? new URL(details, `https://${page}/`) : null;
  // It took its time: by now another document may stand there, which would seem to ask.
  if ((await topDocument(at.tabId))?.documentId !== at.documentId) return;
  pending.set(at.id, {
    ...at, host: page, owner, sites, targets: meant(targets, page), maxAge, name, explanation,
    details: details && address?.protocol === "https:" ? address.href.slice(0, 500) : null,
  });
  await keep();
  if ((await topDocument(at.tabId))?.documentId !== at.documentId) await leave(at.tabId);
  changed(at.tabId);
}

/**
 * The person decides.
 * @param {string} id
 * @param {"month" | "allow" | "no"} decision
 */
export const decide = (id, decision) => inTurn(async () => {
  await read;
  const asked = pending.get(id);
  if (!asked || !["month", "allow", "no"].includes(decision)) return;
  if (decision === "no") return refuse(asked.owner);
  if ((await topDocument(asked.tabId))?.documentId !== asked.documentId) return leave(asked.tabId);
  const spans = [asked.maxAge, decision === "month" ? A_MONTH : null].filter((span) => span !== null);
  const until = spans.length ? new Date(Date.now() + Math.min(...spans) * 1000).toISOString().replace(/\.\d+Z$/, "Z") : null;
  for (const site of asked.sites) await take((await host.ask("grant", { site, targets: asked.targets, until })).settings);
  answer(asked, { value: { isSiteWide: asked.targets === null } });
  pending.delete(id);
  await keep();
  changed(asked.tabId);
});

/** No, to whatever it asks, under any of its names. */
async function refuse(owner) {
  muted.add(owner);
  if (muted.size > MUTED) muted.delete(muted.values().next().value);
  const refused = [...pending.values()].filter((one) => one.owner === owner);
  for (const one of refused) {
    answer(one, { error: "NotAllowedError", message: "not allowed" });
    pending.delete(one.id);
  }
  await keep();
  for (const { tabId } of refused) changed(tabId);
}

/** To the script beside the page, which knows the id if it is still the same document. */
function answer({ id, tabId }, result) {
  api.tabs.sendMessage(tabId, { type: "tracking-exception", id, ...result }, { frameId: 0 }).catch(() => {});
}
