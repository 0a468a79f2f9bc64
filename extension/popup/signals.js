// The popup's part about signals: what goes out with this page, what the person has it otherwise for
// this site, and what the site asks for.

import { day } from "../agreement.js";
import { ownGpc } from "../browser.js";
import { byId, el } from "../dom.js";
import { asks, HERE, SIGNALS, UNAPPLIED } from "../words.js";

/**
 * Looks after #asked and #signals.
 * @param {(message: object) => void} tell
 * @returns {(model: any) => void} show
 */
export function signalsPart(tell) {
  let reach = "host";
  return (model) => {
    const { here, place, alone } = model;
    const access = alone?.reason !== "no-access";
    const chosen = Boolean(here) && !here.off;
    // In a private window nothing is written down of where the person was.
    const fixed = here?.fixed || place.kind === "private-window";
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.key ?? null;
    const noted = renderNotes(model, tell, fixed);
    byId("signals").hidden = !chosen && !noted;
    byId("signals-all").hidden = byId("signals-reach").hidden = !chosen;
    renderAsked(chosen && !place.kind.endsWith("window") ? here.asked : null, tell);
    if (!chosen) return;

    byId("signals-all").replaceChildren(...Object.entries(SIGNALS).map(([key, label]) => {
      const on = access && (key === "dnt" ? here.dnt === "1" : here.gpc);
      const input = el("input", { type: "checkbox", role: "switch", checked: on, disabled: fixed || !access, id: `here-${key}` });
      input.dataset.key = `here.${key}`;
      input.addEventListener("change", () => {
        input.setAttribute("aria-busy", "true");
        choose(key, input.checked ? "on" : "off");
      });
      return el("label", {}, el("span", {}, label), input);
    }));

    const choose = (key, value) => {
      // What was granted stands above what is chosen: switched on, it is taken back.
      if (key === "dnt" && value === "on") for (const { site, targets } of everyone(here)) tell({ type: "revoke", site, targets });
      if (key !== "dnt" || value !== "on" || here.dnt !== "0" || !everyone(here).length) tell({ type: "choose", name: here.name, reach, key, value });
    };
    const select = byId("reach");
    const wide = place.domain !== null;
    if (!wide) reach = "host";
    select.hidden = !wide;
    select.disabled = fixed;
    select.setAttribute("aria-label", HERE.reach);
    if (select.dataset.of !== `${here.name} ${place.domain}`) {
      select.dataset.of = `${here.name} ${place.domain}`;
      select.replaceChildren(el("option", { value: "host" }, HERE.only(here.name)),
        ...wide ? [el("option", { value: "domain" }, HERE.domain(place.domain))] : []);
      select.value = reach;
      select.onchange = () => { reach = select.value; };
    }
    const off = byId("off-here");
    off.textContent = HERE.off;
    off.disabled = fixed;
    off.onclick = () => tell({ type: "choose", name: here.name, reach, key: "button", value: "off" });

    if (focused) /** @type {HTMLElement} */ (document.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  };
}

const everyone = ({ exceptions }) => exceptions.filter(({ targets }) => targets === null);

/** @returns {boolean} whether there are any */
function renderNotes({ here, unapplied }, tell, fixed) {
  const notes = here && !here.off ? exceptionNotes(here, tell, fixed) : [];
  if (here && !here.gpc && ownGpc()) notes.push(el("p", { className: "own-gpc" }, HERE.ownGpc));
  for (const { reason, names, detail } of unapplied) {
    const { message, fix } = UNAPPLIED[reason](names, detail);
    notes.push(el("p", { className: "unapplied" }, el("b", {}, message), ` ${fix}`));
  }
  byId("signals-notes").hidden = !notes.length;
  byId("signals-notes").replaceChildren(...notes);
  return notes.length > 0;
}

function exceptionNotes(here, tell, fixed) {
  const notes = [];
  for (const { site, targets, until } of here.exceptions) {
    const text = targets === null ? HERE.everyone : HERE.targets(targets);
    const button = el("button", { type: "button", disabled: fixed, "data-key": `revoke.${site}` }, HERE.revoke);
    button.addEventListener("click", () => tell({ type: "revoke", site, targets }));
    notes.push(el("div", { className: "exception" }, el("p", {}, until === null ? text : HERE.until(text, day(until))), button));
  }
  if (here.dnt === "0" && !here.exceptions.length) notes.push(el("p", {}, HERE.everyone));
  return notes;
}

const SETTLED = 500;   // ms

function renderAsked(asked, tell) {
  const box = byId("asked");
  box.hidden = !asked;
  // Drawn anew only for another one: a button keeps its focus.
  if (box.dataset.of === (asked?.id ?? "")) return;
  box.dataset.of = asked?.id ?? "";
  if (!asked) return box.replaceChildren();
  const { request } = HERE;
  const end = asked.maxAge === null ? null : day(new Date(Date.now() + asked.maxAge * 1000).toISOString());
  const short = asked.maxAge !== null && asked.maxAge <= 30 * 24 * 60 * 60;
  // What a page puts in the place of another question must not get the press that was meant for that.
  const button = (decision, label) => {
    const made = el("button", { type: "button", "data-decision": decision, disabled: true }, label);
    made.addEventListener("click", () => tell({ type: "decide", id: asked.id, decision }));
    setTimeout(() => { made.disabled = false; }, SETTLED);
    return made;
  };
  const targets = asked.targets?.toSorted() ?? null;
  const all = targets !== null && targets.length > 3
    ? el("details", { open: true }, el("summary", {}, request.all(targets.length)), el("p", {}, targets.join(", "))) : "";
  const wider = asked.sites.some((site) => site !== asked.host) ? request.wider(asked.sites) : null;
  const words = [asked.name, asked.explanation].filter(Boolean);
  box.replaceChildren(
    el("strong", {}, `${asks(asked.host)}.`),
    el("p", {}, targets === null ? request.everyone(wider) : request.targets(targets, wider)),
    all,
    words.length ? el("figure", {}, el("figcaption", {}, request.words), el("blockquote", {}, words.join(" — "))) : "",
    asked.details ? el("p", {}, el("a", { href: asked.details, target: "_blank", rel: "noreferrer" }, request.details)) : "",
    el("div", {}, button("no", request.no), ...short ? [] : [button("month", request.month)],
      button("allow", end === null ? request.allow : request.until(end))));
}
