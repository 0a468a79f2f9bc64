// The popup: draws what the background tells, and tells it what the person pressed.

import { agreementPart, day, siteOf } from "../agreement.js";
import { api, SITE_ACCESS } from "../browser.js";
import { byId, el, magnets, setText } from "../dom.js";
import { line } from "../line.js";
import { noteLoosened } from "../loosened.js";
import { ACTIONS, aloneBecause, HERE, MARKS, MEANWHILE, PLACES, RECOGNISE, STILL_SIGNALLING, SURE } from "../words.js";
import { differences, showChanges } from "./differences.js";
import { saysPart } from "./says.js";
import { signalsPart } from "./signals.js";

const root = document.documentElement;
const picture = magnets(byId("magnets"));
const showSays = saysPart(() => act("look"));
const showSignals = signalsPart((message) => port.postMessage(message));
let model = null;
/** @type {string | null} what the person is being asked about */
let sure = null;
/** What stood there when they were asked: the second press is about that, or about nothing. */
let sureOf = "";
/** @type {{message: string | null, fix: string | null} | null} what became of the last change, if it was refused */
let failed = null;

const [tab] = await api.tabs.query({ active: true, currentWindow: true });
const port = line("popup", (message) => {
  if (message.type === "model") model = message;
  else if (message.type === "decided") failed = message.error;
  if (model) render();
}, tab ? { type: "show", tabId: tab.id } : null);

/** What is shown: the host's View, or one of the button's own. */
function shown() {
  const { alone, place, view, signals, here, unapplied } = model;
  if (here?.off && alone?.reason !== "no-access") {
    const actions = here.fixed || place.kind === "private-window" ? [] : ["on-here"];
    return { state: "off", reason: "off", ...HERE.offView(here), actions };
  }
  if (alone) {
    const { heading, text: why, fix, command } = aloneBecause(alone, place.host);
    const still = alone.reason !== "no-access" && (signals.dnt || signals.gpc)
      && !unapplied.some(({ reason }) => reason.startsWith("all-"));
    const text = still ? `${why} ${STILL_SIGNALLING}` : why;
    const actions = [alone.reason === "no-access" ? "access" : "retry", "doctor"];
    return { state: "alone", reason: alone.reason, heading, text, fix, command, actions };
  }
  if (place.kind !== "site") {
    const set = place.kind === "private-window" || place.kind === "container";
    return { state: set ? "private" : "unknown", reason: place.kind, ...PLACES[place.kind](place.host), actions: [] };
  }
  if (!view) {
    const reason = model.trouble ? "no-answer" : "asking";
    return { state: "unknown", reason, ...PLACES[reason](place.host), actions: [] };
  }
  return view;
}

function render() {
  const { place, stale, alone } = model;
  const trouble = failed ?? model.trouble ?? model.problem;
  const view = shown();
  root.dataset.state = view.state;
  root.dataset.reason = view.reason;
  picture(view.state);

  const site = place.origin !== null;
  byId("who").hidden = !site;
  // https is what is expected: only what is not is written out.
  byId("origin").textContent = place.origin?.startsWith("http:") ? place.origin : place.host;
  byId("calls-itself").hidden = !view.calls_itself;
  byId("calls-itself").querySelector("q").textContent = view.calls_itself ?? "";

  setText(byId("heading"), view.heading);
  setText(byId("text"), view.text);
  byId("fix").hidden = !view.fix;
  byId("fix").replaceChildren(el("p", {}, view.fix ?? ""), view.command ? el("code", {}, view.command) : "");

  renderClauses(view.clauses ?? []);
  showChanges(view);
  renderRecognise(view);
  byId("words").hidden = !view.words;
  byId("words").querySelector("blockquote").textContent = view.words ?? "";
  byId("trouble").hidden = !trouble || view.state === "alone";
  // Of a mistake alone: what else went wrong changed nothing that holds.
  const holds = trouble && trouble === model.problem ? MEANWHILE : "";
  byId("trouble").replaceChildren(el("p", {}, trouble?.message ?? ""), trouble?.fix ? el("p", { className: "sub" }, trouble.fix) : "", holds ? el("p", { className: "sub" }, holds) : "");

  showSays(alone || model.here?.off ? null : model.says, model.looking, view.actions.includes("look"));
  noteLoosened(byId("loosened"), alone ? null : model.loosened, (message) => port.postMessage(message));

  showSignals(model);
  byId("stale").hidden = !stale || !site;
  renderActions(view.actions);
  if (sure && (about() !== sureOf || (sure !== "recognise" && !view.actions.includes(sure)))) asked();
  if (byId("detail").hidden) byId("front").hidden = false;
  else if (!view.agreement) showFront();
}

function renderClauses(clauses) {
  // What is true of every row is said once, above them.
  const [first, ...more] = clauses.map(({ value }) => value);
  const ofAll = more.length && more.every((value) => value === first) ? first : null;
  byId("clauses-all").hidden = ofAll === null;
  byId("clauses-all").textContent = `${ofAll}:`;
  byId("clauses").hidden = !clauses.length;
  byId("clauses").replaceChildren(...clauses.map((one) => row(one, ofAll === null)));
}

function row({ mark, label, value }, withValue = true) {
  const { sign, label: meaning } = MARKS[mark] ?? MARKS.unknown;
  return el("li", {},
    el("span", { className: `mark ${mark}`, "aria-hidden": "true" }, sign),
    el("b", {}, label),
    withValue ? el("span", { className: "value" }, value) : null,
    el("span", { className: "unseen" }, `, ${meaning}`));
}

/** Only where an agreement is in force can the site know the person again by it. */
function renderRecognise({ recognised = null }) {
  const label = byId("recognise");
  label.hidden = recognised === null;
  label.querySelector("span").textContent = RECOGNISE;
  label.querySelector("input").checked = recognised === true;
}

byId("recognise").querySelector("input").addEventListener("change", (event) => {
  // It is on or off once the host says so.
  const wanted = event.target.checked;
  event.target.checked = !wanted;
  if (wanted) ask("recognise");
  else recognise("off");
});

const recognise = (value) => port.postMessage({ type: "recognise", name: model.place.name, value });

function renderActions(actions) {
  const box = byId("actions");
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const focused = box.contains(active) ? active.dataset.action : null;
  box.replaceChildren(...actions.filter((action) => action in ACTIONS).map((action, at) => {
    const { label, busy } = ACTIONS[action];
    const isBusy = model.busy === action;
    const go = at === 0 && !["agreement", "look"].includes(action);
    const button = el("button", { type: "button", className: go ? "go" : "", "data-action": action }, isBusy ? busy : label);
    // Not `disabled`, which would take the focus away.
    if (model.busy) button.setAttribute("aria-disabled", "true");
    button.addEventListener("click", () => { if (!model.busy) press(action); });
    return button;
  }));
  if (focused) (box.querySelector(`[data-action="${focused}"]`) ?? box.firstElementChild)?.focus();
}

async function press(action) {
  if (action === "agreement") {
    showDetail();
  } else if (action in SURE) {
    ask(action);
  } else if (action === "access") {
    await api.permissions.request(SITE_ACCESS);
  } else if (action === "retry") {
    port.postMessage({ type: "retry" });
  } else if (action === "on-here") {
    port.postMessage({ type: "choose", name: model.here.name, key: "button", value: "on" });
  } else if (action === "doctor") {
    await api.tabs.create({ url: api.runtime.getURL("doctor/doctor.html") });
    window.close();
  } else {
    act(action);
  }
}

/** What an answer would be about. */
function about() {
  const { ending, counter, offering, offering_own, renewal, renewal_own, own, recognised } = model.view ?? {};
  return JSON.stringify([ending, counter, offering, offering_own, renewal, renewal_own, own, recognised]);
}

function act(action) {
  const { tabId, place } = model;
  const { ending = null, counter = null, offering = null, offering_own = null } = model.view ?? {};
  const seen = { ending, counter, offering, offering_own };
  model.busy = action;
  render();
  port.postMessage({ type: "act", action, tabId, documentId: place.documentId, seen });
}

// What another press does not take back takes a second one.

/** @param {string} what one of SURE */
function ask(what) {
  sure = what;
  sureOf = about();
  const { text, yes, no } = SURE[what];
  const { renewal = [], renewal_own = [], own = [] } = model.view ?? {};
  byId("sure-text").textContent = text;
  byId("sure-more").replaceChildren(
    what === "renew" && renewal.length ? differences(renewal) : "",
    what === "renew-own" && renewal_own.length ? differences(renewal_own) : "",
    what === "offer-own" && own.length ? el("ul", { className: "own" }, ...own.map((one) => row(one))) : "");
  byId("sure-yes").textContent = yes;
  byId("sure-no").textContent = no;
  byId("sure").dataset.about = what;
  byId("actions").hidden = true;
  byId("more").hidden = true;
  byId("sure").hidden = false;
  byId("sure-no").focus();
}

function asked() {
  sure = null;
  byId("sure").hidden = true;
  byId("actions").hidden = false;
  byId("more").hidden = false;
}

byId("sure-yes").addEventListener("click", () => {
  const what = sure;
  asked();
  if (what === "recognise") recognise("on");
  else if (what) act(what);
});

byId("sure-no").addEventListener("click", () => {
  const what = sure;
  asked();
  const back = what === "recognise" ? byId("recognise").querySelector("input") : byId("actions").querySelector(`[data-action="${what}"]`);
  back?.focus();
});

byId("options").addEventListener("click", async () => {
  await api.runtime.openOptionsPage();
  window.close();
});

byId("agreements").addEventListener("click", async () => {
  await api.tabs.create({ url: api.runtime.getURL("agreements/agreements.html") });
  window.close();
});

byId("reload").addEventListener("click", () => {
  port.postMessage({ type: "reload", tabId: model.tabId });
  window.close();
});

// The agreement, whole.

const showAgreement = agreementPart();

function showDetail() {
  const { agreement, origin } = model.view;
  const site = siteOf(origin);
  byId("parties").textContent = `You and ${site}, since ${day(agreement.since)}`;
  showAgreement(agreement, site, true);
  byId("front").hidden = true;
  byId("detail").hidden = false;
  scrollTo(0, 0);
  byId("detail-heading").focus();
}

function showFront() {
  byId("detail").hidden = true;
  byId("front").hidden = false;
  byId("actions").querySelector('[data-action="agreement"]')?.focus();
}

byId("back").addEventListener("click", showFront);
