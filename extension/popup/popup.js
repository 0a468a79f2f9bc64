// The popup: draws what the background tells, and tells it what the person pressed.

import { api, SITE_ACCESS } from "../browser.js";
import { byId, el, magnets } from "../dom.js";
import { ACTIONS, aloneBecause, MARKS, PLACES, SIGNALS, STILL_SIGNALLING } from "../words.js";

const root = document.documentElement;
const picture = magnets(byId("magnets"));
const port = api.runtime.connect({ name: "popup" });
let model = null;

port.onMessage.addListener((message) => {
  if (message.type !== "model") return;
  model = message;
  render();
});

const [tab] = await api.tabs.query({ active: true, currentWindow: true });
if (tab) port.postMessage({ type: "show", tabId: tab.id });

/** What is shown: the host's View, or one of the button's own. */
function shown() {
  const { alone, place, view, signals } = model;
  if (alone) {
    const { heading, text: why, fix, command } = aloneBecause(alone);
    const still = alone.reason !== "no-access" && (signals.dnt || signals.gpc);
    const text = still ? `${why} ${STILL_SIGNALLING}` : why;
    const actions = [alone.reason === "no-access" ? "access" : "retry", "options"];
    return { state: "alone", reason: alone.reason, heading, text, fix, command, actions };
  }
  if (place.kind !== "site") {
    const set = place.kind === "private-window" || place.kind === "container";
    return { state: set ? "private" : "unknown", reason: place.kind, ...PLACES[place.kind](place.host), actions: ["options"] };
  }
  if (!view) {
    const reason = model.trouble ? "no-answer" : "asking";
    return { state: "unknown", reason, ...PLACES[reason](place.host), actions: ["options"] };
  }
  return { ...view, actions: [...view.actions, "options"] };
}

function render() {
  const { place, signals, stale, alone } = model;
  const trouble = model.trouble ?? model.problem;
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
  byId("words").hidden = !view.words;
  byId("words").querySelector("blockquote").textContent = view.words ?? "";
  byId("trouble").hidden = !trouble || view.state === "alone";
  byId("trouble").replaceChildren(el("p", {}, trouble?.message ?? ""), trouble?.fix ? el("p", { className: "sub" }, trouble.fix) : "");

  byId("signals").hidden = view.reason === "browser-page";
  byId("signals").replaceChildren(...Object.entries(SIGNALS).map(([key, name]) => {
    const on = signals[key] && alone?.reason !== "no-access";
    return el("div", {}, el("dt", {}, name), el("dd", { className: on ? "on" : "off" }, on ? "on" : "off"));
  }));
  byId("stale").hidden = !stale || !site;
  renderActions(view.actions);
  if (byId("detail").hidden) byId("front").hidden = false;
  else if (!view.agreement) showFront();
}

/** A live region speaks when its text is set anew, so it is set only when it differs. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function renderClauses(clauses) {
  // What is true of every row is said once, above them.
  const [first, ...more] = clauses.map(({ value }) => value);
  const ofAll = more.length && more.every((value) => value === first) ? first : null;
  byId("clauses-all").hidden = ofAll === null;
  byId("clauses-all").textContent = `${ofAll}:`;
  byId("clauses").hidden = !clauses.length;
  byId("clauses").replaceChildren(...clauses.map(({ mark, label, value }) => {
    const { sign, label: meaning } = MARKS[mark] ?? MARKS.unknown;
    return el("li", {},
      el("span", { className: `mark ${mark}`, "aria-hidden": "true" }, sign),
      el("b", {}, label),
      ofAll === null ? el("span", { className: "value" }, value) : null,
      el("span", { className: "unseen" }, `, ${meaning}`));
  }));
}

function renderActions(actions) {
  const box = byId("actions");
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const focused = box.contains(active) ? active.dataset.action : null;
  box.replaceChildren(...actions.filter((action) => action in ACTIONS).map((action, at) => {
    const { label, busy } = ACTIONS[action];
    const isBusy = model.busy === action;
    const go = at === 0 && !["agreement", "look", "options"].includes(action);
    const button = el("button", { type: "button", className: go ? "go" : "", "data-action": action }, isBusy ? busy : label);
    // Not `disabled`, which would take the focus away.
    if (model.busy) button.setAttribute("aria-disabled", "true");
    button.addEventListener("click", () => { if (!model.busy) press(action); });
    return button;
  }));
  if (focused) (box.querySelector(`[data-action="${focused}"]`) ?? box.firstElementChild)?.focus();
}

async function press(action) {
  const { tabId, place } = model;
  if (action === "options") {
    await api.runtime.openOptionsPage();
    window.close();
  } else if (action === "agreement") {
    showDetail();
  } else if (action === "access") {
    await api.permissions.request(SITE_ACCESS);
  } else if (action === "retry") {
    port.postMessage({ type: "retry" });
  } else {
    model.busy = action;
    render();
    port.postMessage({ type: "act", action, tabId, documentId: place.documentId });
  }
}

byId("reload").addEventListener("click", () => {
  port.postMessage({ type: "reload", tabId: model.tabId });
  window.close();
});

// The agreement, whole.

function showDetail() {
  const { agreement } = model.view;
  const since = new Date(agreement.since);
  byId("parties").textContent = `You and ${byId("origin").textContent}, since ${since.toLocaleDateString("en-GB", { dateStyle: "long" })}`;
  byId("terms").replaceChildren(...agreement.terms.map(({ title, text, url }) =>
    el("article", {}, el("h2", {}, title), el("p", {}, text), link(url))));
  byId("ids").replaceChildren(
    el("dt", {}, "Terms"), el("dd", {}, agreement.terms.map(({ id }) => id).join(", ")),
    el("dt", {}, "Signed"), el("dd", {}, agreement.since),
    el("dt", {}, "Agreement"), el("dd", {}, agreement.id));
  byId("kept").textContent = "";
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

function link(url) {
  if (!url || !URL.canParse(url) || new URL(url).protocol !== "https:") return null;
  return el("a", { href: url, target: "_blank", rel: "noreferrer" }, "The terms where they are published");
}

byId("back").addEventListener("click", showFront);

byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(model.view.agreement.jws);
  byId("kept").textContent = "Copied: the agreement with both signatures.";
});

byId("save").addEventListener("click", () => {
  const { agreement } = model.view;
  const url = URL.createObjectURL(new Blob([agreement.jws], { type: "application/jose+json" }));
  const name = `agreement ${model.place.host} ${agreement.since.slice(0, 10)}.json`.replace(/[^\w.-]+/g, "-");
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  byId("kept").textContent = `Saved as ${name}`;
});
