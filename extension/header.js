// `EmanciTerms`: one session rule a tab, for one exact origin, while its document stands there. And
// one more for all of them, for the time in which this worker is stopped: what another site asks for
// in such a tab goes without it, though nobody was there to take the tab's rule away.

import { api, RESOURCE_TYPES } from "./browser.js";
import { serial } from "./serial.js";

const LIMIT = 200;      // tabs
const ELSEWHERE = 2;    // after transport's: the one more
const PRIORITY = 100;   // above all of the signals' rules, which may silence what is below them
const FIRST_RULE = 5_000;   // a tab's rule is FIRST_RULE + its id; below it are those of tab_signals.js
const EMBEDDED = RESOURCE_TYPES.filter((type) => type !== "main_frame");

/** @type {Map<number, string>} tab → what stands or is about to */
const standing = new Map();
const inTurn = serial();

/** The worker starts: what an earlier one left behind is taken away. */
export const sweep = () => inTurn(async () => {
  const rules = await api.declarativeNetRequest.getSessionRules();
  const removeRuleIds = rules.map(({ id }) => id)
    .filter((id) => id >= FIRST_RULE && !standing.has(id - FIRST_RULE));
  if (removeRuleIds.length) await update(removeRuleIds);
});

/**
 * @param {number} tabId
 * @param {string} origin
 * @param {string | null} value null: send none
 */
export function set(tabId, origin, value) {
  if (value === null) return clear(tabId);
  const wanted = `${origin} ${value}`;
  if (standing.get(tabId) === wanted) return;
  if (!standing.has(tabId) && standing.size >= LIMIT) return;
  standing.set(tabId, wanted);
  const id = FIRST_RULE + tabId;
  inTurn(() => update([id], [{
    id,
    priority: PRIORITY,
    condition: {
      tabIds: [tabId],
      urlFilter: `|${origin}/`,
      isUrlFilterCaseSensitive: true,
      resourceTypes: RESOURCE_TYPES,
    },
    action: { type: "modifyHeaders", requestHeaders: [{ header: "EmanciTerms", operation: "set", value }] },
  }])).catch(() => { standing.delete(tabId); });
}

/** @param {number} tabId */
export function clear(tabId) {
  if (!standing.delete(tabId)) return;
  inTurn(() => update([FIRST_RULE + tabId])).catch(() => {});
}

function update(removeRuleIds, addRules = []) {
  const elsewhere = {
    id: ELSEWHERE,
    priority: PRIORITY + 1,
    condition: { tabIds: [...standing.keys()], domainType: "thirdParty", resourceTypes: EMBEDDED },
    action: { type: "modifyHeaders", requestHeaders: [{ header: "EmanciTerms", operation: "remove" }] },
  };
  return api.declarativeNetRequest.updateSessionRules({
    removeRuleIds: [ELSEWHERE, ...removeRuleIds],
    addRules: standing.size ? [elsewhere, ...addRules] : addRules,
  });
}
