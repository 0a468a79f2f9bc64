// Tabs on sites whose signals the standing rules cannot give them: a few rules of the session, one
// set for all tabs that get the same. A tab is in them from its page's commit until it begins to
// leave, and only what the page's site has to do with is meant: too late, or left over from a stopped
// worker, they let the general signals out, and take them from no other site's page.

import { api, knowsTop, topDocument } from "./browser.js";
import { general, lookup } from "./regions.js";
import { serial } from "./serial.js";
import { covers, hostOf } from "./site_names.js";
import { needsTab, tabRules } from "./site_rules.js";

/** @typedef {import("./regions.js").Signals} Signals */
/** @typedef {import("./regions.js").Values} Values */

const FIRST = 100, LAST = 4_998;   // rule ids, between those of transport.js and header.js

/** @type {Map<number, string>} tab → address of the page in it, as far as it is a website's */
const tops = new Map();
/** @type {Map<number, string>} tab → host of the site that its rules are for */
const placed = new Map();
/** How often a tab moved, so that an answer about where it was before is known as one. */
const moves = new Map();
let valuesAt = lookup({ dnt: false, gpc: false }, 0);
let everywhere = general({ dnt: false, gpc: false });
/** The same for every site: then no tab has to be known. */
let plain = true;
let standing = "";
const inTurn = serial();

/** The tabs that are followed: none while every site gets the same. */
export const tabs = () => tops.keys();

/** @param {number} tabId @returns {string | undefined} the address of the page in a tab */
export const topOf = (tabId) => tops.get(tabId);

/**
 * The worker starts, or the signals changed: look at every tab anew.
 * @param {Signals} signals
 * @param {(host: string) => Values} at what they come to on the pages of a host
 */
export async function follow(signals, at) {
  valuesAt = at;
  everywhere = general(signals);
  plain = !signals.sites?.length && !signals.exceptions?.length && !Object.keys(signals.buttons ?? {}).length;
  if (plain) for (const known of [tops, placed, moves]) known.clear();
  for (const [tabId, url] of tops) place(tabId, url);
  if (!plain) await Promise.all((await api.tabs.query({})).map(({ id }) => look(id)));
  await update();
}

/** A tab may show something else without having said so: a page that was prerendered. */
export async function changed(tabId) {
  if (plain) return;
  await look(tabId);
  await update();
}

async function look(tabId) {
  const before = moves.get(tabId);
  const top = await topDocument(tabId);
  if (moves.get(tabId) === before && top) arrive(tabId, top.url);
}

/** @param {{tabId: number, url: string}} at a page took its place in a tab */
export async function committed({ tabId, url }) {
  if (plain) return;
  moved(tabId);
  arrive(tabId, url);
  await update();
}

/** A tab is about to show something else. */
export async function leaving(tabId, url) {
  if (plain) return;
  moved(tabId);
  const host = hostOf(url);
  // Where the browser knows the page of a request, its site's rules can be there before it.
  const early = knowsTop && host !== null && !covers(`*.${host}`, hostOf(tops.get(tabId)) ?? "");
  if (placed.get(tabId) !== host) placed.delete(tabId);
  if (early && needsTab(everywhere, valuesAt(host))) placed.set(tabId, host);
  await update();
}

/** It did not leave after all. */
export async function stayed(tabId) {
  if (tops.has(tabId)) place(tabId, tops.get(tabId));
  await update();
}

/** @param {number} tabId it is closed */
export async function closed(tabId) {
  tops.delete(tabId);
  moves.delete(tabId);
  if (placed.delete(tabId)) await update();
}

const moved = (tabId) => moves.set(tabId, (moves.get(tabId) ?? 0) + 1);

function arrive(tabId, url) {
  if (hostOf(url) === null) tops.delete(tabId);
  else tops.set(tabId, url);
  place(tabId, url);
}

function place(tabId, url) {
  const host = hostOf(url);
  if (host !== null && needsTab(everywhere, valuesAt(host))) placed.set(tabId, host);
  else placed.delete(tabId);
}

function update() {
  return inTurn(async () => {
    const groups = Map.groupBy(placed, ([, host]) => JSON.stringify(valuesAt(host)));
    const rules = [...groups].sort(([one], [other]) => one < other ? -1 : 1).flatMap(([values, group]) =>
      tabRules(everywhere, JSON.parse(values), group.map(([tabId]) => tabId), [...new Set(group.map(([, host]) => host))]));
    const addRules = rules.slice(0, LAST - FIRST).map((rule, at) => ({ id: FIRST + at, ...rule }));
    const wanted = JSON.stringify(addRules);
    if (wanted === standing) return;
    const removeRuleIds = (await api.declarativeNetRequest.getSessionRules()).map(({ id }) => id)
      .filter((id) => id >= FIRST && id <= LAST);
    if (addRules.length || removeRuleIds.length) await api.declarativeNetRequest.updateSessionRules({ removeRuleIds, addRules });
    standing = wanted;
  }).catch((error) => console.error(error));
}
