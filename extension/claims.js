// What sites say of how they treat people: passes on what a page says by itself, and fetches what the
// host wants asked, one address after another, while the page stands. It reads none of it.

import { api, setApart, topDocument } from "./browser.js";
import * as host from "./host.js";
import { pageOf } from "./origin.js";
import * as settings from "./settings.js";
import { fetchClaim } from "./transport.js";

/**
 * What the host says of a site: docs/native.md, "Says".
 * @typedef {{
 *   origin: string, look: "click" | "auto" | "never", due: number, contradictions: string[], note: string,
 *   lines: Array<{kind: string, text: string, at: string, source: string, raw: string,
 *     details: Array<{label: string, value: string}>}>,
 * }} Says
 */

/**
 * One top-level document. Gone with the document.
 * @typedef {object} Entry
 * @property {number} tabId
 * @property {string} documentId
 * @property {string} origin
 * @property {import("./discovery.js").Said | null} heard  by itself, until the host was told
 * @property {boolean} wanted  a popup shows it
 * @property {Says | null} says
 * @property {string | null} [agreement] in force there, when that was last told
 * @property {{at: number, of: number} | null} looking  which address is asked now, of how many
 * @property {AbortController} left
 */

/** @type {Map<number, Entry>} */
const entries = new Map();
const ENTRIES = 500;
/** Origins that are being asked, in whatever tab. */
const asking = new Set();
/** @type {Map<string, number>} origin → when it was asked by itself, or found to need no asking */
const visited = new Map();
/** @type {Map<string, number>} what was told → when: the same again is no news to the host */
const told = new Map();
const AN_HOUR = 60 * 60 * 1000;
const MOST = 12;   // addresses of one look: far more than there are

/** @type {(tabId: number) => void} */
let changed = () => {};

/** @param {typeof changed} listener told of every tab of which there is news; call in the first turn */
export function listen(listener) {
  changed = listener;
  api.tabs.onActivated.addListener(({ tabId }) => byItself(tabId));
}

/**
 * @param {number} tabId
 * @param {string | null} documentId
 */
export function of(tabId, documentId) {
  const entry = entries.get(tabId);
  return entry?.documentId === documentId ? entry : null;
}

/** The tab has another document, or is closed. */
export function leave(tabId) {
  entries.get(tabId)?.left.abort();
  entries.delete(tabId);
}

/** A document took its place in a tab: where the person wants every site asked, it is. */
export const came = (/** @type {{tabId: number}} */ { tabId }) => byItself(tabId);

/**
 * A document says something by itself. Told only by discovery.js, with the browser's word for who it was.
 * @param {{tabId: number, documentId: string, url: string}} at
 * @param {import("./discovery.js").Said} said
 */
export async function heard({ tabId, documentId, url }, said) {
  const page = await ordinary(tabId);
  if (!page || page.documentId !== documentId || pageOf(url).origin !== page.origin) return;
  const entry = enter(tabId, page);
  entry.heard = {
    tk: said.tk.length ? said.tk : entry.heard?.tk ?? [],
    consent: said.consent ?? entry.heard?.consent ?? null,
    myterms: said.myterms || Boolean(entry.heard?.myterms),
  };
  await tell(entry);
}

/**
 * The person opened the popup on a page: what is known of it. Nothing is fetched.
 * @param {number} tabId
 * @param {string} documentId
 * @param {{origin: string}} page an ordinary page's
 */
export async function inquire(tabId, documentId, { origin }) {
  const entry = enter(tabId, { documentId, origin });
  entry.wanted = true;
  await tell(entry);
  await know(entry);
}

/**
 * What is in force with the site of a document: what it says may belie that.
 * @param {number} tabId
 * @param {string} documentId
 * @param {string | null} agreement its id
 */
export function agreed(tabId, documentId, agreement) {
  const entry = of(tabId, documentId);
  if (!entry || entry.agreement === agreement) return;
  entry.agreement = agreement;
  if (entry.wanted) know(entry);
}

/**
 * The person presses Look.
 * @param {number} tabId
 * @param {string} documentId the one that was shown
 */
export async function look(tabId, documentId) {
  const entry = of(tabId, documentId);
  if (entry) await run(entry, "click");
}

/** The host can be asked again, or its settings changed. */
export function refresh() {
  visited.clear();
  told.clear();
  for (const entry of entries.values()) {
    tell(entry).then(() => entry.wanted && know(entry));
    byItself(entry.tabId);
  }
}

const stands = (entry) => entries.get(entry.tabId) === entry;

/** @param {{documentId: string, origin: string}} page */
function enter(tabId, { documentId, origin }) {
  const known = entries.get(tabId);
  if (known?.documentId === documentId) return known;
  leave(tabId);
  /** @type {Entry} */
  const entry = {
    tabId, documentId, origin, heard: null, wanted: false, says: null, looking: null, left: new AbortController(),
  };
  entries.set(tabId, entry);
  if (entries.size > ENTRIES) leave(entries.keys().next().value);
  return entry;
}

/** The top-level document of a tab, where it may be spoken of: not in a private window or a container. */
async function ordinary(tabId) {
  const [tab, top] = await Promise.all([api.tabs.get(tabId).catch(() => null), topDocument(tabId)]);
  const page = pageOf(top?.url);
  if (!tab || setApart(tab) || page.kind !== "site") return null;
  return { documentId: top.documentId, origin: page.origin, active: tab.active };
}

async function tell(entry) {
  const { origin, heard: said } = entry;
  if (!said || host.status().phase !== "up") return;
  const what = JSON.stringify([origin, said]);
  if (Date.now() - (told.get(what) ?? -AN_HOUR) < AN_HOUR) return;
  await attempt(async () => {
    show(origin, (await host.ask("heard", { origin, ...said })).says);
    note(told, what);
    if (entry.heard === said) entry.heard = null;
    // What a page names may be one more address to ask.
    visited.delete(origin);
    await byItself(entry.tabId);
  });
}

async function know(entry) {
  if (host.status().phase !== "up") return;
  await attempt(async () => show(entry.origin, (await host.ask("says", { origin: entry.origin })).says));
}

/** Ask the site that stands in front, where the person wants that. */
async function byItself(tabId) {
  if (!settings.told()?.claims?.auto || host.status().phase !== "up") return;
  const page = await ordinary(tabId);
  if (!page?.active || Date.now() - (visited.get(page.origin) ?? -AN_HOUR) < AN_HOUR) return;
  note(visited, page.origin);
  await run(enter(tabId, page), "visit");
}

/**
 * @param {Entry} entry
 * @param {"click" | "visit"} by
 */
async function run(entry, by) {
  const { origin } = entry;
  if (asking.has(origin)) return;
  asking.add(origin);
  const asked = new Set();
  await attempt(async () => {
    let answer = null;
    while (stands(entry)) {
      const { fetch, wait, says } = await host.ask("look", { origin, by, answer });
      // The same address twice: its answer was not kept.
      const next = fetch && !asked.has(fetch.url) && asked.size < MOST ? fetch : null;
      entry.looking = next && { at: asked.size + 1, of: asked.size + says.due };
      show(origin, says);
      if (!next) return;
      asked.add(next.url);
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (stands(entry)) answer = await fetchClaim(origin, next, entry.left.signal);
    }
  });
  entry.looking = null;
  asking.delete(origin);
  changed(entry.tabId);
}

/** It is of an origin: every tab that stands there shows it. */
function show(origin, says) {
  if (says?.origin !== origin) throw new Error(`what ${says?.origin} says came for ${origin}`);
  for (const entry of entries.values()) {
    if (entry.origin !== origin) continue;
    entry.says = says;
    changed(entry.tabId);
  }
}

async function attempt(task) {
  try {
    await task();
  } catch (error) {
    // A lost host is told by host.js; anything else leaves what was known.
    if (!(error instanceof host.HostError) || host.status().phase === "up") console.error(error);
  }
}

function note(map, key) {
  map.delete(key);
  map.set(key, Date.now());
  if (map.size > ENTRIES) map.delete(map.keys().next().value);
}
