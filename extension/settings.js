// The last good settings: the host's, kept for when it is not there.

import * as access from "./access.js";
import { api } from "./browser.js";
import * as frames from "./frames.js";
import { holding, lookup } from "./regions.js";
import { serial } from "./serial.js";
import { apply, DEFAULT, fit } from "./signals.js";
import * as tabSignals from "./tab_signals.js";

const ALARM = "exceptions";

/** @typedef {{signals: import("./signals.js").Signals}} LastGood */

// Page scripts of ours run beside a stranger's page: nothing stored is for them.
api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/** @type {object | null} the host's Settings, once it has told them in this life of the worker */
let live = null;
/** @type {LastGood | null} */
let lastGood = null;
/** @type {string | null} what was put into the browser in this life of the worker */
let inForce = null;
const inTurn = serial();
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
export const unapplied = () => [
  ...left, ...tabSignals.unapplied(), ...access.has() ? [] : [{ reason: /** @type {const} */ ("no-access"), names: [], detail: null }],
];

/** @param {string} host @returns {import("./regions.js").Values} */
export const valuesAt = (host) => at(host);

/** Resolves when the last good settings have been read. */
export const ready = () => read;

/**
 * Registers a listener; call in the first turn.
 * @param {(changing: Promise<void>) => void} ended an exception has come to its end
 */
export function listen(ended) {
  api.alarms.onAlarm.addListener(({ name }) => { if (name === ALARM) ended(keep({ hostless: false })); });
}

/**
 * Settings came from the host. Told to nobody before the signals are as they say.
 */
export async function take(settings) {
  const { dnt, gpc, sites = [], exceptions = [], buttons = {} } = settings.signals;
  lastGood = { signals: { dnt, gpc, sites, exceptions, buttons } };
  await api.storage.local.set({ settings: lastGood });
  await put(lastGood.signals);
  live = settings;
}

/**
 * The worker starts, or there is no host: see that the last good signals stand.
 * @param {{hostless: boolean}} how without a host and without earlier settings, both are on
 */
export async function keep({ hostless }) {
  await read;
  if (lastGood) await put(lastGood.signals);
  else if (hostless) await put(DEFAULT);
}

/** Open pages keep what they were opened with: they are held before anything changes. */
const put = (signals) => inTurn(async () => {
  const { fitting, unapplied: misfits } = fit(signals);
  const now = Date.now();
  const wanted = JSON.stringify({ ...fitting, exceptions: holding(fitting, now) });
  if (inForce !== null && inForce !== wanted) await tabSignals.hold();
  at = lookup(fitting, now);
  const { changed, unapplied: refused } = await apply(fitting, now);
  if (inForce === null && changed) await tabSignals.forget();
  frames.follow(fitting, at);
  await tabSignals.follow(fitting, at);
  inForce = wanted;
  left = [...misfits, ...refused];
  const ends = (signals.exceptions ?? []).map(({ until }) => Date.parse(until ?? "")).filter((end) => end > Date.now());
  // Also with nobody awake, and no host to tell: the browser rings. No alarm is shorter than 30 s.
  if (ends.length) api.alarms.create(ALARM, { when: Math.min(...ends) });
  else api.alarms.clear(ALARM);
});
