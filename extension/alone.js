// Why the button is alone, as a note in a page, with what can be done about it.

import { api, SITE_ACCESS } from "./browser.js";
import { el } from "./dom.js";
import { ACTIONS, aloneBecause } from "./words.js";

/**
 * @param {HTMLElement} box the note; empty and hidden while the button is not alone
 * @param {{reason: string, said: {message: string, fix: string | null} | null} | null} alone
 * @param {{waiting: string | null, retry: () => void}} page
 *   waiting: what comes back with the host; retry: ask for it once more
 */
export function noteAlone(box, alone, { waiting, retry }) {
  box.hidden = !alone;
  if (!alone) return box.replaceChildren();
  const { heading, text, fix, command } = aloneBecause(alone);
  const again = el("button", { type: "button" }, ACTIONS[alone.reason === "no-access" ? "access" : "retry"].label);
  again.dataset.key = "again";
  again.addEventListener("click", () => {
    if (alone.reason === "no-access") api.permissions.request(SITE_ACCESS);
    else retry();
  });
  box.replaceChildren(
    el("strong", {}, heading), el("p", {}, text),
    el("p", {}, command ? `${fix} ` : fix, command ? el("code", {}, command) : null),
    ...waiting ? [el("p", { className: "sub" }, waiting)] : [], again,
    el("p", {}, el("a", { href: api.runtime.getURL("doctor/doctor.html") }, ACTIONS.doctor.label)));
}
