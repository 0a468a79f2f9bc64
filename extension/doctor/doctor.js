// What is wrong: what the button finds out by itself, and what the host finds on the machine.

import { api, SITE_ACCESS } from "../browser.js";
import { hostFinding, notAsked, ownFindings } from "../checks.js";
import { byId, el, magnets, setText } from "../dom.js";
import { line } from "../line.js";
import { ACTIONS, DOCTOR, SEVERITIES } from "../words.js";

/** @typedef {import("../checks.js").Finding & {fixable?: boolean}} Finding */

const WEIGHTS = Object.keys(SEVERITIES);
const picture = magnets(byId("magnets"));
byId("title").textContent = DOCTOR.title;
byId("lead").textContent = DOCTOR.lead;

/** @type {{phase: string, trouble: any, version: string | null, looking: boolean, signals: any} | null} */
let model = null;
/** @type {Finding[] | null} what the host last found; null until it has said */
let fromHost = null;
/** It was asked and has not answered yet. */
let asked = false;
/** Counts the looks: what an earlier one brings is dropped. */
let turn = 0;

const port = line("doctor", (message) => {
  if (message.type === "model") {
    model = message;
    // A background that was stopped has forgotten that it was asked.
    asked = model.looking;
    if (model.phase === "down") fromHost = null;
    if (model.phase === "up" && !asked) ask();
    else render();
  }
  if (message.type === "findings") {
    asked = false;
    fromHost = message.findings?.filter(isFinding) ?? [notAsked(message.error)];
    render();
  }
});

/** The host's words are text; what it weighs has to be one of ours. */
const isFinding = (one) => typeof one?.message === "string" && one.severity in SEVERITIES;

function ask() {
  asked = true;
  port.postMessage({ type: "look" });
  render();
}

async function render() {
  const mine = ++turn;
  const { phase, trouble, version, signals } = model;
  const own = await ownFindings(signals);
  if (mine !== turn) return;
  const versions = { extension: api.runtime.getManifest().version, host: version };
  const host = phase === "asking" ? [] : [hostFinding(phase === "up" ? null : trouble, versions)];
  const found = [...host, ...own, ...fromHost ?? []].sort((a, b) => weight(a) - weight(b));
  const waiting = phase === "asking" || asked;
  const worst = found[0]?.severity ?? "ok";

  document.documentElement.dataset.state = waiting ? "asking" : worst;
  picture(worst === "problem" ? "alone" : "active");
  setText(byId("verdict"), worst === "problem" ? DOCTOR.problems : waiting ? DOCTOR.looking : worst === "warning" ? DOCTOR.warnings : DOCTOR.fine);
  byId("again").textContent = waiting ? DOCTOR.looking : DOCTOR.again;
  byId("again").setAttribute("aria-disabled", String(waiting));
  byId("findings").hidden = !found.length;
  byId("findings").replaceChildren(...found.map(row));
  renderMore(phase, found);
}

const weight = ({ severity }) => WEIGHTS.indexOf(severity);

function row(/** @type {Finding} */ { code, severity, message, fix: told, command: own, detail }) {
  const { sign, label } = SEVERITIES[severity];
  const [fix, command] = own || !told ? [told, own] : apart(told);
  const what = el("div", { className: "what" },
    el("p", {}, el("span", { className: "unseen" }, `${label} `), message),
    fix ? el("p", {}, fix) : null,
    command ? el("code", {}, command) : null,
    detail ? el("details", {}, el("summary", {}, DOCTOR.said), el("pre", {}, detail)) : null);
  if (code === "no-access") {
    const give = el("button", { type: "button" }, ACTIONS.access.label);
    give.addEventListener("click", () => api.permissions.request(SITE_ACCESS));
    what.append(give);
  }
  const item = el("li", { className: severity }, el("span", { className: "sign", "aria-hidden": "true" }, sign), what);
  item.dataset.code = code;
  return item;
}

/** What the host says to do may end with what to type. */
function apart(/** @type {string} */ fix) {
  const [, words, typed] = /^(.*\btype:) (\S.*)$/is.exec(fix) ?? [null, fix, null];
  return [words, typed];
}

/** The command that tells the rest. */
function renderMore(phase, /** @type {Finding[]} */ found) {
  const mendable = found.some(({ fixable }) => fixable);
  const [text, command] = phase !== "up" ? [DOCTOR.alone, DOCTOR.aloneCommand]
    : mendable ? [DOCTOR.mend, DOCTOR.mendCommand] : [DOCTOR.elsewhere, DOCTOR.command];
  byId("more").hidden = phase === "asking";
  byId("more").replaceChildren(el("p", {}, text), el("code", {}, command));
}

byId("again").addEventListener("click", () => {
  if (!model || byId("again").getAttribute("aria-disabled") === "true") return;
  if (model.phase === "up") ask();
  else port.postMessage({ type: "retry" });
});

// Access may be given or taken meanwhile.
for (const changed of [api.permissions.onAdded, api.permissions.onRemoved]) {
  changed.addListener(() => { if (model) render(); });
}
