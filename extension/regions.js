// Where which signals go out: the web cut into parts that do not overlap, each a host or all that is
// below one, from the person's choices and exceptions. Everything else is as it is in general. Pure.
// An exception counts where DNT goes out: off is off.

import { covers, domainOf, inherited, isWildcard, namesOf } from "./site_names.js";

/**
 * @typedef {{dnt: boolean, gpc: boolean,
 *   sites?: Array<{site: string, dnt: "on" | "off" | "exception", gpc: "on" | "off"}>,
 *   exceptions?: Array<{site: string, targets: string[] | null, until: string | null}>,
 *   buttons?: Record<string, "on" | "off">}} Signals
 *   docs/native.md, "Settings"
 */

/**
 * What goes out with the pages of a part of the web.
 * @typedef {object} Values
 * @property {"1" | "0" | null} dnt  with the pages and all they load
 * @property {boolean} gpc
 * @property {string[]} targets  names that get `DNT: 0` there, whatever `dnt` is
 */

/**
 * @typedef {object} Region
 * @property {string} name        "news.example" or "*.example"
 * @property {string[]} without   of a wildcard: the domains below it that have regions of their own
 * @property {boolean} inside     it lies in another region
 * @property {Values} values
 */

/** @param {Signals} signals @returns {Values} what goes out everywhere else */
export const general = ({ dnt, gpc }) => ({ dnt: dnt ? "1" : null, gpc, targets: [] });

/**
 * The exceptions that have not ended.
 * @param {Signals} signals
 * @param {number} now  ms since 1970
 */
export const holding = ({ exceptions = [] }, now) => exceptions.filter(({ until }) => until === null || now < Date.parse(until));

/** @type {WeakMap<Signals, Map<string, Region>>} what was cut before: rules, scripts and tabs ask for the same */
const known = new WeakMap();

/**
 * @param {Signals} signals  whose exceptions all hold
 * @returns {Map<string, Region>} by name. A name in a wildcard's reach is there twice, as itself and
 *   as a wildcard: so no host is in two regions
 */
export function regionsOf(signals) {
  if (!known.has(signals)) known.set(signals, cut(signals));
  return known.get(signals);
}

function cut(signals) {
  const { exceptions = [] } = signals;
  const names = new Set((signals.sites ?? []).map(({ site }) => site));
  for (const { site, targets } of exceptions) {
    names.add(site);
    for (const target of targets ?? []) if (isWildcard(site) && covers(site, target)) names.add(target);
  }
  for (const name of [...names]) if (isWildcard(name)) names.add(domainOf(name));
  const wildcardOver = (name) => namesOf(name).slice(1).find((one) => names.has(one));
  for (const name of [...names]) if (wildcardOver(name)) names.add(domainOf(name)).add(`*.${domainOf(name)}`);

  const valuesAt = reader(signals, exceptions);
  /** @type {Map<string, Region>} */
  const regions = new Map();
  for (const name of names) regions.set(name, { name, without: [], inside: false, values: valuesAt(name) });
  for (const name of names) {
    const over = wildcardOver(name);
    if (over === undefined) continue;
    regions.get(name).inside = true;
    if (!isWildcard(name)) regions.get(over).without.push(name);
  }
  return regions;
}

/**
 * Without the choices that change nothing of one signal, nor of what lies below them.
 * @param {"dnt" | "gpc"} signal
 * @param {Signals} signals
 * @returns {Signals} whose values hold for that signal alone
 */
export function onlyOf(signal, { sites = [], exceptions = [], ...general }) {
  const said = new Map(sites.map((one) => [one.site, one[signal]]));
  const everywhere = general[signal] ? "on" : "off";
  return {
    ...general,
    sites: sites.filter(({ site }) => said.get(site) !== (inherited(said, site) ?? everywhere)),
    exceptions: signal === "dnt" ? exceptions : [],
  };
}

/** @returns {(name: string) => Values} of a host, or of all below one that no longer name divides */
function reader(signals, exceptions) {
  const { dnt, gpc } = signals;
  const all = { dnt: dnt ? "on" : "off", gpc: gpc ? "on" : "off" };
  const sites = new Map((signals.sites ?? []).map((one) => [one.site, one]));
  const at = new Map();
  for (const one of exceptions) at.set(one.site, [...at.get(one.site) ?? [], one]);
  return (name) => {
    const names = namesOf(name);
    const said = sites.get(names.find((one) => sites.has(one))) ?? all;
    if (said.dnt === "off") return { dnt: null, gpc: said.gpc === "on", targets: [] };
    const granted = names.flatMap((one) => at.get(one) ?? []);
    const everyone = said.dnt === "exception" || granted.some(({ targets }) => targets === null);
    const targets = everyone ? [] : [...new Set(granted.flatMap(({ targets: some }) => some))].sort();
    return { dnt: everyone ? "0" : "1", gpc: said.gpc === "on", targets };
  };
}

/**
 * @param {Signals} signals  whose exceptions all hold
 * @returns {(host: string) => Values}
 */
export function lookup(signals) {
  const regions = regionsOf(signals);
  const elsewhere = general(signals);
  return (host) => {
    const name = namesOf(host).find((one) => regions.has(one));
    return name === undefined ? elsewhere : regions.get(name).values;
  };
}

/**
 * What one request, or one frame's `navigator`, gets in a page with these values.
 * @param {Values} values
 * @param {string} host of the request or frame
 * @returns {"1" | "0" | null}
 */
export const dntFor = ({ dnt, targets }, host) =>
  targets.length && namesOf(host).some((name) => targets.includes(name)) ? "0" : dnt;

/** @param {Values} one @param {Values} other */
export const alike = (one, other) =>
  one.dnt === other.dnt && one.gpc === other.gpc && one.targets.join() === other.targets.join();
