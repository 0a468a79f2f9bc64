// An edit by hand that made something laxer: what it was, and the person's two answers.

import { el } from "./dom.js";
import { LOOSENED } from "./words.js";

/**
 * @param {HTMLElement} box hidden while there is nothing to decide
 * @param {{id: string, changes: string[]} | null} loosened docs/native.md, "Settings"
 * @param {(message: {type: "edit", keep: boolean, id: string}) => void} tell
 */
export function noteLoosened(box, loosened, tell) {
  box.hidden = !loosened;
  // Drawn anew only for another edit: a button keeps its focus, and an alert is not read out twice.
  if (box.dataset.edit === (loosened?.id ?? "")) return;
  box.dataset.edit = loosened?.id ?? "";
  const button = (keep, label) => {
    const made = el("button", { type: "button", className: keep ? "" : "go", "data-edit": keep ? "keep" : "undo" }, label);
    made.addEventListener("click", () => tell({ type: "edit", keep, id: loosened.id }));
    return made;
  };
  box.replaceChildren(...loosened ? [
    el("strong", {}, LOOSENED.heading),
    el("ul", {}, ...loosened.changes.map((change) => el("li", {}, change))),
    el("p", {}, LOOSENED.text),
    el("div", {}, button(false, LOOSENED.undo), button(true, LOOSENED.keep)),
  ] : []);
}
