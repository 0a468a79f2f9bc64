// The one port to the native host: hello first, numbered requests, and reconnection.
// Chromium stops this worker while the host is down and takes timers with it: hence the alarm.

import { api, BROWSER, whyClosed } from "./browser.js";

const NAME = "org.rbutton.host";
const PROTOCOL = 1;
const HELLO_PATIENCE = 10_000;   // ms
const PATIENCE = 60_000;         // ms for any other request: a keyring may ask the person
const STEADY = 30_000;           // ms of a healthy port after which a failure starts from the first delay
const FIRST_DELAY = 1_000, LAST_DELAY = 5 * 60_000;
const ALARM = "host";
const ALARM_FROM = 30_000;       // ms; browsers allow no shorter alarm

/** An answer that is not a result. `reason` is a host's error code, or one of ours (see words.js). */
export class HostError extends Error {
  /**
   * @param {string} reason
   * @param {string} [message] a sentence for the person, when the host wrote one
   * @param {string | null} [fix]
   */
  constructor(reason, message = "", fix = null) {
    super(message);
    this.reason = reason;
    this.fix = fix;
  }

  /** What the host itself wrote for the person, if it wrote this. */
  get said() {
    return this.message ? { message: this.message, fix: this.fix } : null;
  }
}

/** @typedef {"asking" | "up" | "down"} Phase */
/** @type {Phase} */
let phase = "asking";
/** @type {HostError | null} why it is down */
let trouble = null;
/** @type {string | null} */
let version = null;
/** @type {chrome.runtime.Port | null} */
let port = null;
let counter = 0;
let upSince = 0;
let timer = 0;
/** @type {Map<number, {resolve: Function, reject: Function, timer: number}>} */
const waiting = new Map();
/** @type {{state: () => void, settings: (settings: object) => void}} */
let tell = { state() {}, settings() {} };

/** @returns {{phase: Phase, trouble: HostError | null, version: string | null}} version: as it last said */
export const status = () => ({ phase, trouble, version });

/**
 * Registers listeners; call in the first turn.
 * @param {typeof tell} listeners `state` on every change of phase, `settings` on every Settings
 */
export function listen(listeners) {
  tell = listeners;
  api.alarms.onAlarm.addListener(({ name }) => { if (name === ALARM) connect(); });
}

/** When the worker starts: connect, unless an earlier worker was told to wait. */
export async function start() {
  const host = await waitTold();
  if (host && host.next > Date.now()) {
    down(new HostError(host.reason, host.message, host.fix));
    schedule(host.next - Date.now());
  } else {
    connect();
  }
}

/** Try now, whatever the back-off says: the person is looking. */
export function retry() {
  if (phase === "down") connect();
}

/**
 * @param {string} request
 * @param {object} [members]
 * @returns {Promise<any>} the result; rejects with a HostError
 */
export async function ask(request, members = {}) {
  if (phase !== "up") throw trouble ?? new HostError("host-connecting");
  return send(request, members, PATIENCE);
}

function send(request, members, patience) {
  const id = ++counter;
  const standing = port;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(id);
      reject(new HostError("host-silent"));
    }, patience);
    waiting.set(id, { resolve, reject, timer });
    try {
      standing.postMessage({ id, request, ...members });
    } catch (error) {
      console.error(error);
      settle(id)?.reject(new HostError("host-exited"));
    }
  });
}

function settle(id) {
  const asked = waiting.get(id);
  waiting.delete(id);
  if (asked) clearTimeout(asked.timer);
  return asked;
}

async function connect() {
  if (port) return;
  clearTimeout(timer);
  api.alarms.clear(ALARM);
  phase = "asking";
  const mine = api.runtime.connectNative(NAME);
  port = mine;
  mine.onMessage.addListener((message) => { if (mine === port) receive(message); });
  mine.onDisconnect.addListener(() => {
    const reason = whyClosed(mine);
    // A program that may not be run ends as one that fails at once: Chromium tells them apart by luck.
    const why = reason === "host-exited" && phase !== "up" ? "host-not-starting" : reason;
    if (mine === port) lost(new HostError(why));
  });
  try {
    const hello = await send("hello", {
      protocol: PROTOCOL, extension: api.runtime.getManifest().version, browser: BROWSER,
    }, HELLO_PATIENCE);
    if (mine !== port) return;
    if (hello?.protocol !== PROTOCOL || !isSettings(hello.settings)) {
      throw new HostError(hello?.protocol > PROTOCOL ? "update-extension" : "update-host");
    }
    version = String(hello.host);
    tell.settings(hello.settings);
    phase = "up";
    trouble = null;
    upSince = Date.now();
    tell.state();
  } catch (error) {
    if (mine !== port) return;
    mine.disconnect();
    lost(error);
  }
}

function receive(message) {
  if (message?.event === "settings") {
    if (isSettings(message.settings)) tell.settings(message.settings);
    return;
  }
  const asked = settle(message?.re);
  // Told of no request: one that the host could not read. It will be missed when its time is up.
  if (!asked && message?.error) console.error(message.error);
  if (!asked) return;
  if (message.error) {
    const { code, message: text, fix } = message.error;
    asked.reject(new HostError(String(code), String(text ?? ""), fix ?? null));
  } else {
    asked.resolve(message.result);
  }
}

function lost(error) {
  port = null;
  for (const id of [...waiting.keys()]) settle(id).reject(error);
  const steady = upSince && Date.now() - upSince > STEADY;
  upSince = 0;
  down(error);
  backOff(steady);
}

function down(error) {
  phase = "down";
  trouble = error;
  tell.state();
}

/** @returns {Promise<{delay: number, next: number, reason: string, message: string, fix: string | null} | undefined>} */
const waitTold = async () => /** @type {any} */ (await api.storage.session.get("host")).host;

async function backOff(afresh) {
  const host = await waitTold();
  const before = afresh ? 0 : host?.delay ?? 0;
  const delay = before ? Math.min(before * 2, LAST_DELAY) : FIRST_DELAY;
  await api.storage.session.set({
    host: { delay, next: Date.now() + delay, reason: trouble.reason, message: trouble.message, fix: trouble.fix },
  });
  if (phase === "down") schedule(delay);
}

function schedule(delay) {
  clearTimeout(timer);
  if (delay < ALARM_FROM) timer = setTimeout(connect, delay);
  // Also when a timer is set: the worker may be stopped before it rings.
  api.alarms.create(ALARM, { when: Date.now() + Math.max(delay, ALARM_FROM) });
}

/** Of the host's Settings the extension itself needs only these to be what they should. */
function isSettings(settings) {
  const { signals, roster, terms } = settings ?? {};
  return typeof signals?.dnt === "boolean" && typeof signals?.gpc === "boolean"
    && Array.isArray(roster) && Array.isArray(terms);
}
