// Pages that were opened with other signals than those in force: theirs are those of their own load.

import { api } from "./browser.js";
import { alike, lookup } from "./regions.js";
import { hostOf } from "./site_names.js";

/** @typedef {import("./regions.js").Values} Values */

/** @type {Map<number, Values | null>} tab → what its page was opened with; null: not known */
let stale = new Map();
const read = api.storage.session.get("stale").then((/** @type {{stale?: Array<[number, Values | null]>}} */ { stale: tabs = [] }) => {
  stale = new Map([...tabs, ...stale]);
});
const keep = () => api.storage.session.set({ stale: [...stale] });

/**
 * The signals changed.
 * @param {import("./regions.js").Signals | null} before null: what it was is not known
 * @param {import("./regions.js").Signals} after
 */
export async function mark(before, after) {
  await read;
  const now = Date.now();
  const [was, is] = [before && lookup(before, now), lookup(after, now)];
  const tabs = await api.tabs.query({ url: ["http://*/*", "https://*/*"] });
  stale = new Map(tabs.flatMap(({ id, url }) => {
    const host = hostOf(url);
    // What is not known does not become known by a second change.
    const opened = stale.has(id) ? stale.get(id) : was?.(host) ?? null;
    return opened && alike(opened, is(host)) ? [] : [/** @type {[number, Values | null]} */ ([id, opened])];
  }));
  await keep();
}

/** @param {number} tabId */
export async function freshen(tabId) {
  await read;
  if (stale.delete(tabId)) await keep();
}

/** @param {number} tabId */
export const isStale = (tabId) => stale.has(tabId);
