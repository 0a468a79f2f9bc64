// The agent's own requests: the policy, the post, and what a site says of itself. Bytes in, bytes
// out; nothing is read here.

import { api, OWN_INITIATOR } from "./browser.js";
import { endpointUrl, OWN_URLS, policyUrl } from "./origin.js";
import { serial } from "./serial.js";

/** @typedef {{at: string, body: string}} Policy */
/** @typedef {{at: string, failed: string, status: number | null}} NoPolicy */
/** @typedef {{status: number, headers: Record<string, string | null>, body: string} | {failed: string}} Reply */
/** @typedef {{what: string, url: string}} Address */

const LIMIT = 65_536;        // bytes, after decompression
const PATIENCE = 5_000;      // ms, the body included
const HEADER_LIMIT = 256;    // characters
const PASSED_ON = ["content-type", "retry-after", "date"];

/** The session rule that takes `Origin`, a per-install id, off our own requests. */
export const ORIGIN_RULE = 1;
/** The same for one address that a page named. The last id below those of header.js. */
const NAMED_RULE = 4_999;
const PRIORITY = 1_000;   // above all others: a rule that allows a request silences those below it

/** @type {Promise<void> | null} */
let unmarked = null;

/** Resolves when our requests carry no `Origin`. Nothing is sent before. */
function withoutOrigin() {
  unmarked ??= api.declarativeNetRequest.updateSessionRules({
    removeRuleIds: [ORIGIN_RULE],
    addRules: [originRule(ORIGIN_RULE, { regexFilter: OWN_URLS })],
  }).catch((error) => {
    unmarked = null;
    throw error;
  });
  return unmarked;
}

/** @returns {chrome.declarativeNetRequest.Rule} */
const originRule = (id, urls) => /** @type {any} */ ({
  id,
  priority: PRIORITY,
  condition: {
    ...urls,
    initiatorDomains: [OWN_INITIATOR],
    requestMethods: ["get", "post"],
    resourceTypes: ["xmlhttprequest"],
    tabIds: [api.tabs.TAB_ID_NONE],
  },
  action: { type: "modifyHeaders", requestHeaders: [{ header: "Origin", operation: "remove" }] },
});

/**
 * A site's policy, fetched anew for every document: a request that is left out would tell a site
 * that it was visited before.
 * @param {string} origin
 * @param {AbortSignal | null} until the answer is of no use any more
 * @returns {Promise<Policy | NoPolicy>}
 */
export async function fetchPolicy(origin, until) {
  const at = now();
  const answer = await ask(policyUrl(origin), { method: "GET" }, until);
  if ("failed" in answer) return { at, failed: answer.failed, status: null };
  if (answer.status === 404) return { at, failed: "not-found", status: 404 };
  if (answer.status !== 200) return { at, failed: "status", status: answer.status };
  return { at, body: answer.body };
}

/**
 * What stands at an address the host wants asked.
 * @param {string} origin
 * @param {Address} address
 * @param {AbortSignal} until the answer is of no use any more
 * @returns {Promise<Address & ({status: number, type: string | null, body: string} | {failed: string})>}
 */
export async function fetchClaim(origin, { what, url }, until) {
  if (!url.startsWith(`${origin}/`)) throw new Error(`the host named another address: ${url}`);
  const get = () => ask(url, { method: "GET" }, until);
  const answer = await (new RegExp(OWN_URLS).test(url) ? get() : named(url, get));
  if ("failed" in answer) return { what, url, failed: answer.failed };
  return { what, url, status: answer.status, type: answer.headers["content-type"], body: answer.body };
}

const inTurn = serial();

/** Run while a request to this one address carries no `Origin` either. */
const named = (/** @type {string} */ url, /** @type {() => Promise<Reply>} */ get) => inTurn(async () => {
  const update = api.declarativeNetRequest.updateSessionRules;
  const urlFilter = { urlFilter: `|${url}|`, isUrlFilterCaseSensitive: true };
  await update({ removeRuleIds: [NAMED_RULE], addRules: [originRule(NAMED_RULE, urlFilter)] });
  try {
    return await get();
  } finally {
    await update({ removeRuleIds: [NAMED_RULE] });
  }
});

/**
 * Carry the host's text to the endpoint, unchanged.
 * @param {string} origin
 * @param {{url: string, body: string}} post
 * @returns {Promise<Reply>}
 */
export async function carry(origin, { url, body }) {
  if (url !== endpointUrl(origin)) throw new Error(`the host named another address: ${url}`);
  return ask(url, { method: "POST", body, headers: { "Content-Type": "application/jose+json" } });
}

/**
 * @param {string} url
 * @param {RequestInit} request
 * @param {AbortSignal | null} [until]
 * @returns {Promise<Reply>}
 */
async function ask(url, request, until = null) {
  await withoutOrigin();
  try {
    const response = await fetch(url, {
      ...request,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.any([AbortSignal.timeout(PATIENCE), ...(until ? [until] : [])]),
    });
    const bytes = await upTo(LIMIT, response);
    if (bytes === null) return { failed: "too-large" };
    const headers = Object.fromEntries(PASSED_ON.map((name) => [name, response.headers.get(name)?.slice(0, HEADER_LIMIT) ?? null]));
    return { status: response.status, headers, body: base64(bytes) };
  } catch (error) {
    return { failed: error?.name === "TimeoutError" ? "timeout" : "network" };
  }
}

/**
 * @param {number} limit
 * @param {Response} response
 * @returns {Promise<Uint8Array | null>} null when there is more
 */
async function upTo(limit, response) {
  const bytes = new Uint8Array(limit);
  let size = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    if (size + value.length > limit) {
      reader.cancel().catch(() => {});
      return null;
    }
    bytes.set(value, size);
    size += value.length;
  }
  return bytes.subarray(0, size);
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** RFC 3339, UTC, whole seconds. */
const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
