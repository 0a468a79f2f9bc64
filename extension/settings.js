// The last good settings: the host's, kept for when it is not there.

import { api } from "./browser.js";
import * as frames from "./frames.js";
import { lookup } from "./regions.js";
import { apply, DEFAULT, fit } from "./signals.js";
import * as tabSignals from "./tab_signals.js";

const ALARM = "exceptions";

/** @typedef {{signals: import("./signals.js").Signals}} LastGood */
/** @typedef {{before: import("./signals.js").Signals | null, after: import("./signals.js").Signals}} Change */

// Page scripts of ours run beside a stranger's page: nothing stored is for them.
api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/** @type {object | null} the host's Settings, once it has told them in this life of the worker */
let live = null;
/** @type {LastGood | null} */
let lastGood = null;
/** @type {import("./signals.js").Signals | null} what was put into the browser in this life of the worker */
let inForce = null;
/** What goes out with the pages of a host. */
let at = lookup(DEFAULT, 0);
/** @type {import("./signals.js").Unapplied[]} what the browser did not take of it */
let left = [];
const read = api.storage.local.get("settings").then((/** @type {{settings?: LastGood}} */ { settings }) => {
  lastGood ??= settings ?? null;
});

/** @returns {object | null} docs/native.md, "Settings" */
export const told = () => live;

/** @returns {import("./signals.js").Signals} what goes out now */
export const signals = () => lastGood?.signals ?? DEFAULT;

/** @returns {import("./signals.js").Unapplied[]} what of it does not go out as it should */
export const unapplied = () => left;

/** @param {string} host @returns {import("./regions.js").Values} */
export const valuesAt = (host) => at(host);

/** Resolves when the last good settings have been read. */
export const ready = () => read;

/**
 * Registers a listener; call in the first turn.
 * @param {(changing: Promise<Change | null>) => void} ended an exception has come to its end
 */
export function listen(ended) {
  api.alarms.onAlarm.addListener(({ name }) => { if (name === ALARM) ended(keep({ hostless: false })); });
}

/**
 * Settings came from the host. Told to nobody before the signals are as they say.
 * @returns {Promise<Change | null>}
 */
export async function take(settings) {
  const { dnt, gpc, sites = [], exceptions = [], buttons = {} } = settings.signals;
  lastGood = { signals: { dnt, gpc, sites, exceptions, buttons } };
  await api.storage.local.set({ settings: lastGood });
  const change = await put(lastGood.signals);
  live = settings;
  return change;
}

/**
 * The worker starts, or there is no host: see that the last good signals stand.
 * @param {{hostless: boolean}} how without a host and without earlier settings, both are on
 * @returns {Promise<Change | null>}
 */
export async function keep({ hostless }) {
  await read;
  if (lastGood) return put(lastGood.signals);
  return hostless ? put(DEFAULT) : null;
}

async function put(signals) {
  const { fitting, unapplied: misfits } = fit(signals);
  at = lookup(fitting, Date.now());
  frames.follow(fitting, at);
  const [{ changed, unapplied: refused }] = await Promise.all([apply(fitting), tabSignals.follow(fitting, at)]);
  const before = inForce;
  inForce = signals;
  left = [...misfits, ...refused];
  const ends = (signals.exceptions ?? []).map(({ until }) => Date.parse(until ?? "")).filter((end) => end > Date.now());
  // Also with nobody awake, and no host to tell: the browser rings. No alarm is shorter than 30 s.
  if (ends.length) api.alarms.create(ALARM, { when: Math.min(...ends) });
  else api.alarms.clear(ALARM);
  return changed || (before && JSON.stringify(before) !== JSON.stringify(signals)) ? { before, after: signals } : null;
}
