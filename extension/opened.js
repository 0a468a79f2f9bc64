// What each page was opened with: its signals are those of its own load until the tab shows another.
// Pages that the back button may bring back as they were are kept, too.

import { api } from "./browser.js";

/** @typedef {import("./regions.js").Values} Values */
/** @typedef {{standing: string, pages: Array<[string, Values | null]>}} Tab by documentId; null: not known */

const KEY = "opened-";
const MOST = 10;   // pages of a tab: more no browser holds for the back button

const LARGE = 2_000;   // characters of values: more are not known any more to the next life of the worker

/** @param {Values | null} values */
const small = (values) => JSON.stringify(values).length <= LARGE ? values : null;

/** @type {Map<number, Tab>} */
const tabs = new Map();

/** Resolves when what an earlier life of the worker noted has been read: nothing here before. */
export const ready = api.storage.session.get(null).then((stored) => {
  for (const [key, tab] of Object.entries(stored)) {
    if (key.startsWith(KEY)) tabs.set(Number(key.slice(KEY.length)), /** @type {Tab} */ (tab));
  }
});

/**
 * A document stands in a tab.
 * @param {number} tabId
 * @param {string} documentId
 * @param {Values | null | undefined} values what it was opened with, if nothing is noted yet; undefined: no website's
 */
export function stands(tabId, documentId, values) {
  const before = tabs.get(tabId);
  if (before?.standing === documentId) return;
  const pages = before?.pages ?? [];
  const noted = pages.find(([id]) => id === documentId) ?? (values === undefined ? null : [documentId, values]);
  const others = pages.filter((page) => page !== noted).slice(1 - MOST);
  const tab = /** @type {Tab} */ ({ standing: documentId, pages: noted ? [...others, noted] : others });
  tabs.set(tabId, tab);
  const kept = { ...tab, pages: tab.pages.map(([id, values]) => [id, small(values)]) };
  api.storage.session.set({ [KEY + tabId]: kept }).catch((error) => console.error(error));
}

/** @param {number} tabId @returns {Values | null | undefined} null: not known; undefined: nothing to know */
export function openedWith(tabId) {
  const tab = tabs.get(tabId);
  return tab?.pages.find(([id]) => id === tab.standing)?.[1];
}

/** @returns {Values[]} what is known of any page, that stands or may come back */
export const all = () => [...tabs.values()].flatMap(({ pages }) => pages.flatMap(([, values]) => values ?? []));

/** @param {number} tabId it is closed */
export async function closed(tabId) {
  await ready;
  tabs.delete(tabId);
  api.storage.session.remove(KEY + tabId);
}
