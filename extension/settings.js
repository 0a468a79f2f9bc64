// The last good settings: the host's, kept for when it is not there.

import * as access from "./access.js";
import { alarm } from "./alarm.js";
import { api } from "./browser.js";
import { general } from "./regions.js";
import { serial } from "./serial.js";
import { apply, DEFAULT, fit } from "./signals.js";
import * as tabSignals from "./tab_signals.js";

/** @typedef {{signals: import("./signals.js").Signals}} LastGood */

// Page scripts of ours run beside a stranger's page: nothing stored is for them.
api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/** @type {object | null} the host's Settings, once it has told them in this life of the worker */
let live = null;
/** @type {LastGood | null} */
let lastGood = null;
/** @type {import("./signals.js").Signals | null} what the browser sends since this life of the worker */
let inForce = null;
/** @type {import("./signals.js").Signals | null} what was put into the browser last, with all that it did not take */
let holds = null;
/** @type {ReturnType<typeof alarm>} */
let ring;
const inTurn = serial();
/** @type {import("./signals.js").Unapplied[]} what the browser did not take of it */
let left = [];
const read = api.storage.local.get("settings").then((/** @type {{settings?: LastGood}} */ { settings }) => {
  lastGood ??= settings ?? null;
  holds ??= settings?.signals ?? null;
});

/** @returns {object | null} docs/native.md, "Settings" */
export const told = () => live;

/** @returns {import("./signals.js").Signals} what goes out now: what is on its way to the browser is not told before it holds */
export const signals = () => holds ?? DEFAULT;

/** @returns {import("./signals.js").Unapplied[]} what of it does not go out as it should */
export const unapplied = () => [
  ...left, ...tabSignals.unapplied(), ...access.has() ? [] : [{ reason: /** @type {const} */ ("no-access"), names: [], detail: null }],
];

/**
 * Whether signals may reach the pages of a host, also where the browser did not take what would keep
 * them back.
 * @param {string} host
 */
export function mayReach(host) {
  const reasons = left.map(({ reason }) => reason);
  const read = reasons.includes("scripts") ? [general(signals())] : [];
  return reasons.some((reason) => reason.startsWith("all-"))
    || [tabSignals.valuesAt(host), ...read].some(({ dnt, gpc }) => dnt !== null || gpc);
}

/** Resolves when the last good settings have been read, and hold. */
export const ready = () => read.then(() => lastGood && tabSignals.ready());

/**
 * Registers a listener; call in the first turn.
 * @param {(changing: Promise<void>) => void} ended an exception has come to its end
 */
export function listen(ended) {
  ring = alarm("exceptions", () => ended(keep({ hostless: false })));
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
  if (inForce && JSON.stringify(inForce) !== JSON.stringify(fitting)) await tabSignals.hold();
  const { changed, sent, unapplied: refused } = await apply(fitting);
  if (!inForce && changed) await tabSignals.forget();
  inForce = sent ?? inForce ?? fitting;
  await tabSignals.follow(inForce);
  holds = signals;
  left = [...misfits, ...refused];
  // Also with nobody awake, and no host to tell.
  ring((signals.exceptions ?? []).map(({ until }) => until));
});
