// The popup's section "What this site says". What a site wrote is text, never markup.

import { day } from "../agreement.js";
import { byId, el } from "../dom.js";
import { SAYS } from "../words.js";

/**
 * Looks after the popup's #says.
 * @param {() => void} look the person wants the site asked
 * @returns {(says: import("../claims.js").Says | null, looking: {at: number, of: number} | null, elsewhere: boolean) => void}
 *   show; `elsewhere`: there is another button to look with
 */
export function saysPart(look) {
  let shown = "";
  byId("says-heading").textContent = SAYS.title;
  byId("says-look").textContent = SAYS.look;
  byId("says-look").addEventListener("click", () => {
    if (byId("says-look").getAttribute("aria-disabled") !== "true") look();
  });

  return (says, looking, elsewhere) => {
    byId("says").hidden = !says;
    if (!says) return;
    const button = byId("says-look");
    // Not taken away from under the finger, nor from the keyboard.
    const stays = document.activeElement === button || Boolean(looking);
    button.hidden = elsewhere || says.look === "never" || (says.due === 0 && !stays);
    button.setAttribute("aria-disabled", String(Boolean(looking) || says.due === 0));
    const progress = looking ? SAYS.looking(looking) : "";
    // Spoken when it is set anew.
    if (byId("says-looking").textContent !== progress) byId("says-looking").textContent = progress;
    byId("says-note").textContent = looking ? "" : says.note;

    // What has not changed stays as it was opened.
    const now = JSON.stringify([says.contradictions, says.lines]);
    if (now === shown) return;
    shown = now;
    byId("says-against").hidden = !says.contradictions.length;
    byId("says-against").replaceChildren(...says.contradictions.map((text) => el("li", {},
      el("span", { className: "mark", "aria-hidden": "true" }, "!"),
      el("span", { className: "unseen" }, SAYS.against), text)));
    const open = new Set([...byId("says-lines").querySelectorAll("details[open]")].map(({ dataset }) => dataset.of));
    byId("says-lines").hidden = !says.lines.length;
    byId("says-lines").replaceChildren(...says.lines.map((line) => row(line, open)));
  };
}

function row({ kind, text, at, source, details, raw }, open) {
  const known = kind in SAYS.kinds ? kind : "unclear";
  const more = el("details", {},
    el("summary", {}, `${day(at)} · ${SAYS.details}`, el("span", { className: "unseen" }, `: ${text}`)),
    el("dl", {},
      el("dt", {}, SAYS.source), el("dd", {}, source),
      ...details.flatMap(({ label, value }) => [el("dt", {}, label), el("dd", {}, value)])),
    raw ? el("pre", { role: "region", "aria-label": SAYS.raw, tabIndex: 0 }, raw) : null);
  more.dataset.of = `${kind} ${source}`;
  more.open = open.has(more.dataset.of);
  return el("li", { className: known },
    el("b", { className: "kind" }, SAYS.kinds[known]),
    el("div", {}, el("p", {}, text), more));
}
