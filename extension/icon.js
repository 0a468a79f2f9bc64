// The toolbar's icon and its title: the same drawing as the popup's, told apart by shape.

import { api } from "./browser.js";
import { iconStrokes } from "./magnets.js";
import { TITLE } from "./words.js";

/** Inks that keep 3:1 against both a white and a nearly black toolbar. */
const INKS = { me: "#0f8a92", site: "#e0483e", dim: "#85898f", warn: "#c47500", strike: "#e0483e" };
const SIZES = [16, 32, 48];

/** @type {Map<string, Record<number, ImageData>>} */
const drawn = new Map();

/** @param {string} state @param {number} size */
export function draw(state, size) {
  const pen = new OffscreenCanvas(size, size).getContext("2d");
  pen.scale(size / 16, size / 16);
  for (const { path, thick, ink } of iconStrokes(state)) {
    pen.lineWidth = thick;
    pen.strokeStyle = INKS[ink];
    pen.stroke(new Path2D(path));
  }
  return pen.getImageData(0, 0, size, size);
}

/**
 * @param {string | null} sign what stands in the icon's corner; null: nothing, and in a tab what stands in all
 * @param {number} [tabId] left out: every tab that has no sign of its own
 */
export function mark(sign, tabId) {
  const where = tabId === undefined ? {} : { tabId };
  api.action.setBadgeText({ ...where, text: sign ?? (tabId === undefined ? "" : null) }).catch(() => {});
  if (sign) api.action.setBadgeBackgroundColor({ ...where, color: INKS.warn }).catch(() => {});
}

/**
 * @param {string} state
 * @param {string | null} title null: the usual one
 * @param {number} [tabId] left out: every tab that has no icon of its own
 */
export function show(state, title, tabId) {
  if (!drawn.has(state)) drawn.set(state, Object.fromEntries(SIZES.map((size) => [size, draw(state, size)])));
  const where = tabId === undefined ? {} : { tabId };
  // A tab may be gone by now; then there is nothing to draw on.
  api.action.setIcon({ ...where, imageData: drawn.get(state) }).catch(() => {});
  api.action.setTitle({ ...where, title: title ?? TITLE }).catch(() => {});
}
