// The signals as declarativeNetRequest rules. Pure: signals in, rules out.
//
// A page's signals are those of its top-level site, whatever it loads and from wherever. Pages
// themselves: each address falls under the rules of one part of the web. What they load: the general
// rules stand lowest, GPC under DNT, and where less goes out, `allowAllRequests` on the page's address
// silences what is below it, from the first byte and with nobody awake. What that cannot say, DNT
// without GPC above it or `DNT: 0`, is said for the tab the page stands in (tab_signals.js); what is
// silenced is said there once more. Chromium (156) forgets at any change of rules which open pages
// `allowAllRequests` was for, and in Firefox it leaves out a page's workers and icon.
//
// For pages nothing is silenced: Firefox (153) lets the next page in a tab inherit that. And an `allow`
// above it would hide `allowAllRequests` from it.

import { RESOURCE_TYPES, underTop } from "./browser.js";
import { dntFor } from "./regions.js";
import { domainOf, isWildcard, namesOf } from "./site_names.js";

/** @typedef {import("./regions.js").Values} Values */
/** @typedef {import("./regions.js").Region} Region */

const PRIORITY = { gpc: 10, noGpc: 15, dnt: 20, nothing: 25, page: 40, clear: 50, here: 60, target: 70 };
const GENERAL = { dnt: 1, gpc: 2 };   // rule ids
const FIRST = 1_000;                  // of the rules for sites
const EMBEDDED = RESOURCE_TYPES.filter((type) => type !== "main_frame");

/** More labels than this make a pattern that Chromium has no room for (2 kB; measured in 156). */
export const MOST_LABELS = 12;

const header = (name, value) => ({ header: name, operation: "set", value });
const set = ({ dnt, gpc }) => ({
  type: "modifyHeaders",
  requestHeaders: [...dnt ? [header("DNT", dnt)] : [], ...gpc ? [header("Sec-GPC", "1")] : []],
});
const dntRule = (value) => set({ dnt: value, gpc: false });
const gpcRule = () => set({ dnt: null, gpc: true });

const labels = (name) => domainOf(name).split(".").length;

/**
 * Why no rule can be made of a name, if so.
 * @param {string} name
 * @returns {"too-long" | "no-host" | null}
 */
export function misfit(name) {
  if (labels(name) > MOST_LABELS) return "too-long";
  const address = `http://${domainOf(name)}/`;
  return URL.canParse(address) && new URL(address).hostname === domainOf(name) ? null : "no-host";
}

// Of an address as the browser's rules see it, perhaps with a name and a password before the host.
// The ranges of a class take up the room for a pattern: `:` to `@` are one.
const BEFORE = "^https?://([^/@]*@)?";
const LABEL = "[^./:-@]+";
const AFTER = "\\.?(:[0-9]+)?/";

/**
 * Conditions that hold for exactly these hosts: a list of domains alone takes in what is below each,
 * so the labels are counted. A list for each number of labels, not a rule a name.
 * @param {Array<{name: string, without?: string[]}>} names
 * @returns {object[]}
 */
function hosts(names) {
  const groups = Map.groupBy(names, ({ name }) => `${isWildcard(name)} ${labels(name)}`);
  return [...groups.values()].map((group) => {
    const [{ name }] = group;
    const dots = labels(name) - 1;
    const without = group.flatMap((one) => one.without ?? []);
    return {
      regexFilter: isWildcard(name) ? `${BEFORE}${LABEL}(\\.${LABEL}){${dots + 1},}${AFTER}`
        : dots ? `${BEFORE}${LABEL}(\\.${LABEL}){${dots}}${AFTER}`
          : `${BEFORE}(\\[[^\\]/]*\\]|${LABEL})${AFTER}`,
      requestDomains: group.map((one) => domainOf(one.name)),
      ...without.length ? { excludedRequestDomains: without } : {},
    };
  });
}

/**
 * What `allowAllRequests` of which priority makes of the general signals, if it can.
 * @returns {number | null} 0: nothing has to be silenced; null: it cannot
 */
function silence(general, { dnt, gpc }) {
  if (dnt === general.dnt && gpc === general.gpc) return 0;
  if (gpc) return null;
  if (dnt === general.dnt) return PRIORITY.noGpc;
  return dnt === null ? PRIORITY.nothing : null;
}

/** Whether a tab on such a page needs rules of its own. */
export const needsTab = (general, values) => values.targets.length > 0 || silence(general, values) !== 0;

/** What these requests get, if nothing above says otherwise. One rule, as Firefox holds every request against each. */
const sets = ({ dnt, gpc }, priority, condition) =>
  dnt || gpc ? [{ priority, condition, action: set({ dnt, gpc }) }] : [];

/**
 * The rules that stand by themselves: for everything, and for the addresses of pages.
 * @param {Values} general
 * @param {Region[]} regions
 * @returns {object[]} however many regions there are, less than the 1,000 with a pattern that a browser
 *   takes: two for each of seven values, of hosts and of wildcards, and `MOST_LABELS`
 */
export function standingRules(general, regions) {
  const usual = (resourceTypes) => [
    ...general.dnt ? [{ id: GENERAL.dnt, priority: PRIORITY.dnt, condition: { resourceTypes }, action: dntRule("1") }] : [],
    ...general.gpc ? [{ id: GENERAL.gpc, priority: PRIORITY.gpc, condition: { resourceTypes }, action: gpcRule() }] : [],
  ];
  if (!regions.length) return usual(RESOURCE_TYPES);

  // A list of domains takes in what is below each; below a host of its own, it is as in general.
  const names = new Set(regions.map(({ name }) => name));
  const below = new Map(regions.filter(({ name }) => !isWildcard(name) && !names.has(`*.${name}`))
    .map(({ name }) => [`*.${name}`, { name: `*.${name}`, without: [], values: general }]));
  for (const { name } of regions) if (!isWildcard(name)) for (const over of namesOf(name)) below.get(over)?.without.push(name);
  const groups = Map.groupBy([...regions, ...below.values()], ({ name, values }) =>
    JSON.stringify([silence(general, values), dntFor(values, name), values.gpc, isWildcard(name), labels(name)]));
  const pages = [...groups].flatMap(([key, group]) => {
    const [silent, dnt, gpc] = JSON.parse(key);
    const [hostsOf] = hosts(group);
    const page = { ...hostsOf, resourceTypes: ["main_frame"] };
    return [
      ...silent ? [{ priority: silent, condition: page, action: { type: "allowAllRequests" } }] : [],
      ...sets({ dnt, gpc }, PRIORITY.page, page),
    ];
  });
  const excludedRequestDomains = [...new Set(regions.filter(({ inside }) => !inside).map(({ name }) => domainOf(name)))];
  pages.push(...sets(general, PRIORITY.page, { resourceTypes: ["main_frame"], excludedRequestDomains }));
  return [...usual(EMBEDDED), ...pages.map((rule, at) => ({ id: FIRST + at, ...rule }))];
}

/**
 * The rules for tabs that stand on pages with such values.
 * @param {Values | null} general  null: whatever the standing rules say
 * @param {Values} values
 * @param {number[]} tabIds
 * @param {string[]} tops  the hosts of the pages in these tabs
 */
export function tabRules(general, values, tabIds, tops) {
  const page = { resourceTypes: EMBEDDED, tabIds, ...underTop(tops) };
  const targets = hosts(values.targets.map((name) => ({ name })));
  return [
    ...general && silence(general, values) === 0 ? []
      : [{ priority: PRIORITY.clear, condition: page, action: { type: "allow" } }, ...sets(values, PRIORITY.here, page)],
    ...targets.map((target) => ({ priority: PRIORITY.target, condition: { ...page, ...target }, action: dntRule("0") })),
  ];
}

/** A browser hands a rule back with members in another order, in lower case, and null or defaults added. */
export function sameRule(ours, theirs) {
  const { condition, action } = theirs;
  const headers = (some) => (some ?? []).map(({ header, operation, value }) => [header.toLowerCase(), operation, value].join()).sort().join(" ");
  const said = Object.keys(condition).filter((key) => condition[key] !== null && key !== "isUrlFilterCaseSensitive");
  return ours.priority === theirs.priority && ours.action.type === action.type
    && headers(ours.action.requestHeaders) === headers(action.requestHeaders)
    && said.length === Object.keys(ours.condition).length
    && said.every((key) => sameSet(ours.condition[key], condition[key]));
}

function sameSet(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  if (one.length !== other.length) return false;
  const members = new Set(other);
  return one.every((member) => members.has(member));
}

