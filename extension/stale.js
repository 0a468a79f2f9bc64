// Pages that were open when the signals changed: they have the new ones from their next load on.

import { api } from "./browser.js";

/** @type {Set<number>} tabs */
let stale = new Set();
const read = api.storage.session.get("stale").then((/** @type {{stale?: number[]}} */ { stale: tabs = [] }) => {
  stale = new Set([...tabs, ...stale]);
});
const keep = () => api.storage.session.set({ stale: [...stale] });

export async function mark() {
  await read;
  const tabs = await api.tabs.query({ url: ["http://*/*", "https://*/*"] });
  stale = new Set(tabs.map(({ id }) => id));
  await keep();
}

/** @param {number} tabId */
export async function freshen(tabId) {
  await read;
  if (stale.delete(tabId)) await keep();
}

/** @param {number} tabId */
export const isStale = (tabId) => stale.has(tabId);
