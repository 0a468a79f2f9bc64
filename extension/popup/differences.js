// The popup's lists of what differs: in a policy since the site signed, in what it wants instead, in
// what new terms would change.

import { byId, el } from "../dom.js";
import { DIFFERENCES } from "../words.js";

/**
 * @param {Array<import("../relationship.js").Difference>} several
 * @returns {HTMLElement} a list
 */
export function differences(several) {
  return el("ul", { className: "differences" }, ...several.map(({ mark, label, was, now }) => {
    const { sign, label: meaning } = DIFFERENCES.marks[mark] ?? DIFFERENCES.marks.other;
    return el("li", {},
      el("span", { className: `mark ${mark}`, "aria-hidden": "true" }, sign),
      el("div", {},
        el("b", {}, label),
        el("span", { className: "unseen" }, `, ${meaning}`),
        el("p", {}, el("del", { "aria-label": DIFFERENCES.was }, was), " → ", el("ins", { "aria-label": DIFFERENCES.now }, now))));
  }));
}

/**
 * Looks after #changes.
 * @param {{reason: string, changes?: Array<import("../relationship.js").Difference>}} view
 */
export function showChanges({ reason, changes = [] }) {
  const box = byId("changes");
  box.hidden = !changes.length;
  const heading = DIFFERENCES.headings[reason] ?? DIFFERENCES.headings["policy-changed"];
  box.replaceChildren(el("h2", {}, heading), differences(changes));
}
