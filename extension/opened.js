// What each page was opened with: its signals are those of its own load until the tab shows another.
// Pages that the back button may bring back as they were are kept, too.

import { api } from "./browser.js";

/** @typedef {import("./regions.js").Values} Values */
/** @typedef {{standing: string, pages: Array<[string, Values | number | null]>}} Tab by documentId; null: not
 *   known; a number: what they come to */

const KEY = "opened-";
const MOST = 10;   // pages of a tab: more no browser holds for the back button
const LARGE = 2_000;   // characters of values: of more the next life of the worker has only what they come to

/** FNV-1a of 32 bits, enough to know again what is in force. @param {Values | number | null} values */
const small = (values) => {
  const text = JSON.stringify(values);
  return text.length <= LARGE ? values
    : [...text].reduce((sum, letter) => Math.imul(sum ^ letter.codePointAt(0), 16_777_619), 2_166_136_261);
};
const whole = (/** @type {Values | number | null | undefined} */ values) => typeof values === "number" ? null : values;

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
 * @param {Values | null | undefined} values what it was opened with, unless something else is noted; undefined: no website's
 */
export function stands(tabId, documentId, values) {
  const before = tabs.get(tabId);
  const pages = before?.pages ?? [];
  const noted = pages.find(([id]) => id === documentId) ?? (values === undefined ? null : [documentId, values]);
  if (values && noted[1] === small(values)) noted[1] = values;
  if (before?.standing === documentId) return;
  const others = pages.filter((page) => page !== noted).slice(1 - MOST);
  const tab = /** @type {Tab} */ ({ standing: documentId, pages: noted ? [...others, noted] : others });
  tabs.set(tabId, tab);
  const kept = { ...tab, pages: tab.pages.map(([id, values]) => [id, small(values)]) };
  api.storage.session.set({ [KEY + tabId]: kept }).catch((error) => console.error(error));
}

/** @param {number} tabId @returns {Values | null | undefined} null: not known; undefined: nothing to know */
export function openedWith(tabId) {
  const tab = tabs.get(tabId);
  return whole(tab?.pages.find(([id]) => id === tab.standing)?.[1]);
}

/** @returns {Values[]} what is known of any page, that stands or may come back */
export const all = () => [...tabs.values()].flatMap(({ pages }) => pages.flatMap(([, values]) => whole(values) ?? []));

/** @param {number} tabId it is closed */
export async function closed(tabId) {
  await ready;
  tabs.delete(tabId);
  api.storage.session.remove(KEY + tabId);
}
