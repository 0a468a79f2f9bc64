// What the person chooses for one site, written into `terms.toml` by the host: never more than is
// needed, so that a later change in general is not held up by what was never meant for this site.

import * as host from "./host.js";
import * as settings from "./settings.js";
import { hostOf, inherited, longest } from "./site_names.js";

const DOMAINS = 500;

/** @type {Map<string, string | null>} host → registrable domain, as the host program says */
const domains = new Map();
/** @type {{from: import("./regions.js").Signals | null, buttons: Map<string, "on" | "off">}} */
let read = { from: null, buttons: new Map() };

/** @typedef {"dnt" | "gpc" | "button"} Key */
/** @typedef {"host" | "domain"} Reach */

/**
 * The registrable domain of a host; null where there is none, and while nobody can say it.
 * @param {string} name
 */
export async function domainOf(name) {
  if (!domains.has(name)) {
    try {
      domains.set(name, (await host.ask("domain", { host: name })).domain);
    } catch {
      return null;
    }
    if (domains.size > DOMAINS) domains.delete(domains.keys().next().value);
  }
  return domains.get(name);
}

/** Whether the button is switched off there: no signal, no offer, no look. */
export const isOff = (/** @type {string | null | undefined} */ name) =>
  Boolean(name) && longest(buttons(), name) === "off";

/** Where the button is off on a page. @param {string | undefined} url */
export const isOffAt = (url) => isOff(url === undefined ? null : hostOf(url));

/** Where the button is switched, read once from the signals that stand. */
function buttons() {
  const now = settings.signals();
  if (now !== read.from) read = { from: now, buttons: new Map(Object.entries(now.buttons ?? {})) };
  return read.buttons;
}

/** The names that a choice is written under. */
const namesIn = (reach, name, domain) => reach === "domain" && domain ? [domain, `*.${domain}`] : [name];

/** What would hold under a name if it said nothing itself. */
function otherwise(name, key) {
  if (key === "button") return inherited(buttons(), name) ?? "on";
  const { sites = [], ...general } = settings.signals();
  return inherited(new Map(sites.map((one) => [one.site, one[key]])), name) ?? (general[key] ? "on" : "off");
}

/**
 * @param {{name: string, reach: Reach, key: Key, value: "on" | "off"}} choice
 * @param {(told: object) => Promise<void>} take new settings
 */
export async function choose({ name, reach, key, value }, take) {
  const domain = reach === "domain" ? await domainOf(name) : null;
  const names = namesIn(reach, name, domain);
  // What this very host says would stand before what its domain does.
  if (!names.includes(name)) await set(name, key, null, take);
  for (const one of names) await set(one, key, value === otherwise(one, key) ? null : value, take);
}

async function set(name, key, value, take) {
  await take((await host.ask("set", { key: `sites.${name}.${key}`, value })).settings);
}

/** Everything that was chosen under one name. */
export async function clear(name, take) {
  for (const key of ["dnt", "gpc", "button"]) await set(name, key, null, take);
}

/** How far the switch reaches that turned the button off here. @returns {Reach} */
export async function reachOfOff(name) {
  const said = buttons();
  if (said.get(name) === "off" && (await domainOf(name)) !== name) return "host";
  const domain = await domainOf(name);
  return domain && said.get(`*.${domain}`) === "off" ? "domain" : "host";
}
