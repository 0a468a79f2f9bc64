// The last good settings: the host's, kept for when it is not there.

import { api } from "./browser.js";
import { apply, DEFAULT } from "./signals.js";

/** @typedef {{signals: import("./signals.js").Signals}} LastGood */

// Page scripts of ours run beside a stranger's page: nothing stored is for them.
api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/** @type {object | null} the host's Settings, once it has told them in this life of the worker */
let live = null;
/** @type {LastGood | null} */
let lastGood = null;
const read = api.storage.local.get("settings").then((/** @type {{settings?: LastGood}} */ { settings }) => {
  lastGood ??= settings ?? null;
});

/** @returns {object | null} docs/native.md, "Settings" */
export const told = () => live;

/** @returns {import("./signals.js").Signals} what goes out now */
export const signals = () => lastGood?.signals ?? DEFAULT;

/** Resolves when the last good settings have been read. */
export const ready = () => read;

/**
 * Settings came from the host. Told to nobody before the signals are as they say.
 * @returns {Promise<boolean>} whether the signals changed
 */
export async function take(settings) {
  const { dnt, gpc } = settings.signals;
  lastGood = { signals: { dnt, gpc } };
  await api.storage.local.set({ settings: lastGood });
  const changed = await apply(lastGood.signals);
  live = settings;
  return changed;
}

/**
 * The worker starts, or there is no host: see that the last good signals stand.
 * @param {{hostless: boolean}} how without a host and without earlier settings, both are on
 * @returns {Promise<boolean>} whether the signals changed
 */
export async function keep({ hostless }) {
  await read;
  if (lastGood) return apply(lastGood.signals);
  return hostless ? apply(DEFAULT) : false;
}
