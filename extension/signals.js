// DNT and GPC: two header rules and two page scripts, which the browser keeps over restarts.
// The browser applies them by itself, whether or not this extension or the host is running.

import { api, RESOURCE_TYPES } from "./browser.js";
import { serial } from "./serial.js";

/** @typedef {{dnt: boolean, gpc: boolean}} Signals */

/** Until a host has said otherwise: installing the button is the person's choice. */
export const DEFAULT = Object.freeze({ dnt: true, gpc: true });

const SIGNALS = [
  { key: "dnt", rule: 1, header: "DNT" },
  { key: "gpc", rule: 2, header: "Sec-GPC" },
];
const inTurn = serial();

/**
 * Make the browser send exactly these signals. What is already right is left alone.
 * @param {Signals} signals
 * @returns {Promise<boolean>} whether anything had to change
 */
export const apply = (signals) => inTurn(async () => {
  const on = SIGNALS.filter(({ key }) => signals[key]);
  const [rules, scripts] = await Promise.all([applyRules(on), applyScripts(on)]);
  return rules || scripts;
});

/**
 * Whether the browser has what makes it send exactly these signals. Nothing is changed.
 * @param {Signals} signals
 * @returns {Promise<{rules: boolean, scripts: boolean}>}
 */
export async function standing(signals) {
  const on = SIGNALS.filter(({ key }) => signals[key]);
  const [rules, scripts] = await Promise.all([
    api.declarativeNetRequest.getDynamicRules(), api.scripting.getRegisteredContentScripts(),
  ]);
  return {
    rules: wantedRules(on).every((rule) => rules.some((other) => other.id === rule.id && sameRule(rule, other))),
    scripts: on.every(({ key }) => scripts.some(({ id }) => id === key)),
  };
}

const wantedRules = (on) => on.map(({ rule, header }) => ({
  id: rule,
  priority: 1,
  condition: { resourceTypes: RESOURCE_TYPES },
  action: { type: "modifyHeaders", requestHeaders: [{ header, operation: "set", value: "1" }] },
}));

async function applyRules(on) {
  const { getDynamicRules, updateDynamicRules } = api.declarativeNetRequest;
  const wanted = wantedRules(on);
  const standing = await getDynamicRules();
  const right = (rule) => wanted.some((other) => other.id === rule.id && sameRule(other, rule));
  const addRules = wanted.filter((rule) => !standing.some((other) => other.id === rule.id && right(other)));
  const removeRuleIds = standing.filter((rule) => !right(rule)).map(({ id }) => id);
  if (!addRules.length && !removeRuleIds.length) return false;
  await updateDynamicRules({ addRules, removeRuleIds });
  return true;
}

async function applyScripts(on) {
  const standing = await api.scripting.getRegisteredContentScripts();
  const ids = standing.filter(({ id }) => !on.some(({ key }) => key === id)).map(({ id }) => id);
  const missing = on.filter(({ key }) => !standing.some(({ id }) => id === key));
  if (ids.length) await api.scripting.unregisterContentScripts({ ids });
  if (missing.length) {
    await api.scripting.registerContentScripts(missing.map(({ key }) => ({
      id: key,
      js: [`page/${key}.js`],
      matches: ["*://*/*"],
      world: "MAIN",
      runAt: "document_start",
      allFrames: true,
      matchOriginAsFallback: true,
      persistAcrossSessions: true,
    })));
  }
  return ids.length + missing.length > 0;
}

/** The browser hands a rule back with its members reordered and defaults added. */
function sameRule(ours, theirs) {
  const [header] = ours.action.requestHeaders;
  const [other, ...more] = theirs.action.requestHeaders ?? [];
  const types = theirs.condition.resourceTypes ?? [];
  return !more.length && other?.header.toLowerCase() === header.header.toLowerCase()
    && other.operation === header.operation && other.value === header.value
    && types.length === RESOURCE_TYPES.length && RESOURCE_TYPES.every((type) => types.includes(type));
}
