// Tabs whose signals differ from the general, by their site or because their page was opened with
// others than those in force, and every tab while the standing rules are being changed: a few rules of
// the session, one set for all tabs that get the same. A tab is in them from its page's commit to the
// next: until then the page stands, however long the next one takes, and if it is only a download. Only
// what the page's site has to do with is meant: too late, or left over from a stopped worker, they let
// the general signals out, and take them from no other site's page.

import * as access from "./access.js";
import { api, knowsTop, topDocument } from "./browser.js";
import * as opened from "./opened.js";
import { alike, general, lookup } from "./regions.js";
import { serial } from "./serial.js";
import { covers, hostOf } from "./site_names.js";
import { DEFAULT } from "./signals.js";
import { needsTab, tabRules } from "./site_rules.js";

/** @typedef {import("./regions.js").Signals} Signals */
/** @typedef {import("./regions.js").Values} Values */

const FIRST = 100, LAST = 4_998;   // rule ids, between those of transport.js and header.js

/** @type {Map<number, string>} tab → address of the page in it, as far as it is a website's */
const tops = new Map();
/** @type {Map<number, {host: string, values: Values, alone: boolean}>} tab → the site that its rules are
 *   for; `alone`: whatever the standing rules say */
const placed = new Map();
/** @type {typeof placed} the same for the page that is on its way there */
const coming = new Map();
/** How often a tab moved, so that an answer about where it was before is known as one. */
const moves = new Map();
/** @type {Set<number>} tabs that are about to show something else */
const away = new Set();
/** What goes out with the pages of a host, and in general. */
export let valuesAt = lookup(DEFAULT);
export let everywhere = general(DEFAULT);
/** The same for every page, and each can be reached: then no tab has to be known. */
let plain = true;
/** The standing rules are being changed, and no page depends on them. */
let holding = false;
let standing = "";
/** @type {import("./signals.js").Unapplied[]} */
let left = [];
let told = () => {};
const inTurn = serial();
/** It is known what stands in which tab. */
let begun = false;
/** @type {() => void} */
let begin;
const followed = new Promise((/** @type {(_: void) => void} */ resolve) => { begin = resolve; });

/** @param {() => void} listener what the browser does not take changed */
export function listen(listener) {
  told = listener;
}

/** What of the tabs' rules the browser did not take. */
export const unapplied = () => left;

/** Resolves when it is known what stands in which tab. */
export const ready = () => followed;

/** @param {number} tabId @returns {string | undefined} the address of the page in a tab */
export const topOf = (tabId) => tops.get(tabId);

/** @param {number} tabId @returns {Values | null} what the page in it gets; null: what is in force */
export function valuesIn(tabId) {
  const host = hostOf(tops.get(tabId));
  return host === null ? null : opened.openedWith(tabId) ?? valuesAt(host);
}

/** @param {number} tabId @returns {boolean} whether its page was opened with other signals than those in force */
export function isStale(tabId) {
  const values = valuesIn(tabId);
  return opened.openedWith(tabId) === null
    || (values !== null && !alike(values, valuesAt(hostOf(tops.get(tabId)))));
}

/**
 * The signals are about to change: see that each open page has its own by rules for its tab.
 */
export async function hold() {
  holding = true;
  await opened.ready;
  await placeAll();
  await update();
}

/** What was in force until now is not known, nor what the pages without a note were opened with. */
export async function forget() {
  await opened.ready;
  await placeAll(null);
}

/**
 * The worker starts, the signals changed, or what the button may reach.
 * @param {Signals} signals in force
 */
export async function follow(signals) {
  await Promise.all([opened.ready, access.ready()]);
  valuesAt = lookup(signals);
  everywhere = general(signals);
  holding = false;
  if (access.has() && !signals.sites?.length && !signals.exceptions?.length && !Object.keys(signals.buttons ?? {}).length
    && opened.all().every((values) => alike(values, everywhere))) {
    plain = true;
    for (const known of [tops, placed, coming]) known.clear();
  } else {
    await placeAll();
  }
  begun = true;
  begin();
  await update();
}

/** A tab may show something else without having said so: a page that was prerendered. */
export async function changed(tabId) {
  if (plain) return;
  await look(tabId);
  await update();
}

/**
 * Each tab is looked at once: from then on it is told what moves in it.
 * @param {null} [values] what pages without a note were opened with, if not what is in force
 */
async function placeAll(values) {
  for (const [tabId, url] of tops) if (!away.has(tabId)) place(tabId, url);
  if (!plain) return;
  plain = false;
  await Promise.all((await api.tabs.query({})).map(({ id }) => look(id, values)));
}

/** @param {number} tabId @param {null} [values] */
async function look(tabId, values) {
  const before = moves.get(tabId);
  const top = await topDocument(tabId);
  const allowed = await access.allows(top?.url);
  if (!top || moves.get(tabId) !== before || away.has(tabId)) return;
  note(tabId, top, allowed ? values : null);
  arrive(tabId, top.url);
}

function note(tabId, { documentId, url }, values) {
  const host = hostOf(url);
  opened.stands(tabId, documentId, host === null ? undefined : values === undefined ? valuesAt(host) : values);
}

/** @param {{tabId: number, documentId: string, url: string}} at a page took its place in a tab */
export async function committed({ tabId, documentId, url }) {
  away.delete(tabId);
  coming.delete(tabId);
  const turn = moved(tabId);
  if (!begun) await followed;
  const allowed = access.has() || await access.allows(url);
  if (!moves.has(tabId)) return;   // closed
  note(tabId, { documentId, url }, allowed ? undefined : null);
  if (plain || moves.get(tabId) !== turn) return;
  arrive(tabId, url);
  await update();
}

/** A tab is about to show something else. */
export async function leaving(tabId, url) {
  moved(tabId);
  away.add(tabId);
  if (plain) return;
  coming.delete(tabId);
  const host = hostOf(url);
  const before = placed.get(tabId)?.host;
  // The rules of a site are for what is below it, too: there they must not meet the next page.
  if (host !== null && before !== undefined && covers(`*.${before}`, host)) placed.delete(tabId);
  if (host !== null && before === host) placeFor(placed, tabId, host, valuesAt(host), false);
  // Where the browser knows the page of a request, its site's rules can be there before it.
  else if (host !== null && knowsTop && !covers(`*.${host}`, hostOf(tops.get(tabId)) ?? "")) {
    placeFor(coming, tabId, host, valuesAt(host), false);
  }
  await update();
}

/** It did not leave after all. */
export async function stayed(tabId) {
  away.delete(tabId);
  coming.delete(tabId);
  if (plain) return;
  if (tops.has(tabId)) place(tabId, tops.get(tabId));
  else await look(tabId);
  await update();
}

/** @param {number} tabId it is closed */
export async function closed(tabId) {
  for (const known of [tops, moves, away]) known.delete(tabId);
  opened.closed(tabId);
  const had = placed.delete(tabId);
  if (coming.delete(tabId) || had) await update();
}

function moved(tabId) {
  const turn = (moves.get(tabId) ?? 0) + 1;
  moves.set(tabId, turn);
  return turn;
}

function arrive(tabId, url) {
  if (hostOf(url) === null) tops.delete(tabId);
  else tops.set(tabId, url);
  place(tabId, url);
}

function place(tabId, url) {
  const host = hostOf(url);
  if (host === null) {
    placed.delete(tabId);
    return;
  }
  const values = opened.openedWith(tabId) ?? valuesAt(host);
  placeFor(placed, tabId, host, values, holding || !alike(values, valuesAt(host)));
}

function placeFor(where, tabId, host, values, alone) {
  if (alone || needsTab(everywhere, values)) where.set(tabId, { host, values, alone });
  else where.delete(tabId);
}

/** Not before it is known what stands in which tab: rules of an earlier life of the worker hold. */
async function update() {
  if (!begun) return;
  await inTurn(async () => {
    const { rules, all } = wanted();
    try {
      await put(rules);
      report(all ? null : { reason: "tabs", names: [], detail: null });
    } catch (error) {
      console.error(error);
      report({ reason: "tabs", names: [], detail: String(error?.message ?? error) });
    }
  });
}

/** As many as there are ids for, and of those that belong together all or none. */
function wanted() {
  const groups = Map.groupBy([...placed, ...coming], ([, { values, alone }]) => JSON.stringify([values, alone]));
  const rules = [];
  let all = true;
  for (const [key, group] of [...groups].sort(([one], [other]) => one < other ? -1 : 1)) {
    const [values, alone] = JSON.parse(key);
    const tabIds = [...new Set(group.map(([tabId]) => tabId))];
    const hosts = [...new Set(group.map(([, { host }]) => host))];
    const some = tabRules(alone ? null : everywhere, values, tabIds, hosts);
    if (FIRST + rules.length + some.length - 1 <= LAST) rules.push(...some);
    else all = false;
  }
  return { rules: rules.map((rule, at) => ({ id: FIRST + at, ...rule })), all };
}

async function put(addRules) {
  const text = JSON.stringify(addRules);
  if (text === standing) return;
  const removeRuleIds = (await api.declarativeNetRequest.getSessionRules()).map(({ id }) => id)
    .filter((id) => id >= FIRST && id <= LAST);
  if (addRules.length || removeRuleIds.length) await api.declarativeNetRequest.updateSessionRules({ removeRuleIds, addRules });
  standing = text;
}

/** @param {import("./signals.js").Unapplied | null} trouble */
function report(trouble) {
  const before = JSON.stringify(left);
  left = trouble ? [trouble] : [];
  if (JSON.stringify(left) !== before) told();
}
