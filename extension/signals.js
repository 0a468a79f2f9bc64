// DNT and GPC: header rules and page scripts, which the browser keeps over restarts. The browser
// applies them by itself, whether or not this extension or the host is running.

import { api } from "./browser.js";
import { general, holding, regionsOf } from "./regions.js";
import { serial } from "./serial.js";
import { misfit, sameRule, standingRules } from "./site_rules.js";
import { registrations } from "./site_scripts.js";

/** @typedef {import("./regions.js").Signals} Signals */

/**
 * Why not all of it is in the browser. `names`: whose signals are as in general instead; with `all-`
 * not even those in general were taken.
 * @typedef {{reason: "too-long" | "no-host" | "rules" | "scripts" | "all-rules" | "all-scripts" | "tabs" | "no-access",
 *   names: string[], detail: string | null}} Unapplied
 */

/** Until a host has said otherwise: installing the button is the person's choice. */
export const DEFAULT = Object.freeze({ dnt: true, gpc: true });

const inTurn = serial();

/**
 * Without exceptions that have ended, and what no rule can be made of.
 * @param {Signals} signals
 * @returns {{fitting: Signals, unapplied: Unapplied[]}}
 */
export function fit(signals) {
  const { sites = [] } = signals;
  const exceptions = holding(signals, Date.now());
  const named = new Set([...sites, ...exceptions].flatMap((one) => [one.site, ...one.targets ?? []]));
  const why = new Map([...named].map((name) => [name, misfit(name)]));
  const fits = (name) => why.get(name) === null;
  return {
    fitting: {
      ...signals,
      sites: sites.filter(({ site }) => fits(site)),
      exceptions: exceptions.filter(({ site }) => fits(site))
        .map((one) => ({ ...one, targets: one.targets?.filter(fits) ?? null })),
    },
    unapplied: [...Map.groupBy(named, (name) => why.get(name))].filter(([reason]) => reason !== null)
      .map(([reason, names]) => ({ reason, names, detail: null })),
  };
}

/** What signals that fit come to in this browser. */
function planned(signals) {
  const everywhere = general(signals);
  const rules = standingRules(everywhere, [...regionsOf(signals).values()]);
  return { signals, rules, scripts: registrations(everywhere, signals) };
}

/**
 * Make the browser send exactly these signals. What is already right is left alone. Where it takes
 * not all of them, what it takes stands, the general ones first; and what pages read follows what of
 * the headers it took.
 * @param {Signals} signals that fit
 * @returns {Promise<{changed: boolean, sent: Signals | null, unapplied: Unapplied[]}>} sent: what the
 *   headers are; null: as they were before
 */
export const apply = (signals) => inTurn(async () => {
  const wanted = planned(signals);
  /** @type {Unapplied[]} */
  const unapplied = [];
  const refused = (reason, error) => {
    console.error(error);
    unapplied.push({ reason, names: [], detail: String(error?.message ?? error) });
  };
  const put = async (part, how, plan) => {
    try {
      return { changed: await twice(() => how(plan[part])), taken: plan };
    } catch (error) {
      const taken = planned({ dnt: signals.dnt, gpc: signals.gpc });
      try {
        const changed = await how(taken[part]);
        refused(part, error);
        return { changed, taken };
      } catch (worse) {
        refused(`all-${part}`, worse);
        return { changed: false, taken: null };
      }
    }
  };
  const headers = await put("rules", applyRules, wanted);
  const read = headers.taken && await put("scripts", applyScripts, headers.taken);
  return { changed: headers.changed || Boolean(read?.changed), sent: headers.taken?.signals ?? null, unapplied };
});

/** What stands may change between the asking and the changing, by a worker that was stopped in between. */
const twice = (task) => task().catch(task);

/**
 * Whether the browser has what makes it send exactly these signals. Nothing is changed.
 * @param {Signals} signals
 * @returns {Promise<{rules: boolean, scripts: boolean}>}
 */
export async function standing(signals) {
  const wanted = planned(fit(signals).fitting);
  const [rules, scripts] = await Promise.all([
    api.declarativeNetRequest.getDynamicRules(), api.scripting.getRegisteredContentScripts(),
  ]);
  return {
    rules: rules.length === wanted.rules.length && wanted.rules.every((rule) => rules.some((other) => other.id === rule.id && sameRule(rule, other))),
    scripts: scripts.length === wanted.scripts.length && wanted.scripts.every((script) => scripts.some((other) => other.id === script.id && sameScript(script, other))),
  };
}

/** One call, which the browser does whole or not at all: there is no moment without rules. */
async function applyRules(wanted) {
  const { getDynamicRules, updateDynamicRules } = api.declarativeNetRequest;
  const standing = new Map((await getDynamicRules()).map((rule) => [rule.id, rule]));
  const right = new Set(wanted.filter((rule) => standing.has(rule.id) && sameRule(rule, standing.get(rule.id))).map(({ id }) => id));
  const addRules = wanted.filter(({ id }) => !right.has(id));
  const removeRuleIds = [...standing.keys()].filter((id) => !right.has(id));
  if (!addRules.length && !removeRuleIds.length) return false;
  await updateDynamicRules({ addRules, removeRuleIds });
  return true;
}

/** What is new comes before what is old goes: the property is defined twice rather than not at all. */
async function applyScripts(wanted) {
  const standing = new Map((await api.scripting.getRegisteredContentScripts()).map((script) => [script.id, script]));
  const added = wanted.filter(({ id }) => !standing.has(id));
  const changed = wanted.filter((script) => standing.has(script.id) && !sameScript(script, standing.get(script.id)));
  const ids = [...standing.keys()].filter((id) => !wanted.some((script) => script.id === id));
  if (added.length) await api.scripting.registerContentScripts(added);
  // A member that is left out would stay as it was.
  if (changed.length) await api.scripting.updateContentScripts(changed.map((script) => ({ excludeMatches: [], ...script })));
  if (ids.length) await api.scripting.unregisterContentScripts({ ids });
  return added.length + changed.length + ids.length > 0;
}

function sameScript(ours, theirs) {
  const list = (/** @type {string[] | null | undefined} */ some) => [...some ?? []].sort().join(" ");
  const files = (/** @type {string[] | null | undefined} */ some) => (some ?? []).map((file) => file.replace(/^\//, "")).join();
  return files(ours.js) === files(theirs.js) && list(ours.matches) === list(theirs.matches)
    && list(ours.excludeMatches) === list(theirs.excludeMatches);
}
