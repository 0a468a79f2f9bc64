// The options page, and on the first run the welcome: shows the host's Settings and asks it to
// change them, one at a time. What it shows is always what the host last said.

import { noteAlone } from "../alone.js";
import { api } from "../browser.js";
import { byId, el, magnets } from "../dom.js";
import { line } from "../line.js";
import { noteLoosened } from "../loosened.js";
import { aloneBecause, MEANWHILE, OPTIONS } from "../words.js";
import { sitesPart } from "./sites.js";

const picture = magnets(byId("magnets"));
const showSites = sitesPart((message) => port.postMessage(message));
let model = null;
let fading = 0;

if (location.hash === "#welcome") byId("title").textContent = OPTIONS.welcome;
byId("lead").textContent = OPTIONS.lead;

const port = line("options", (message) => {
  if (message.type === "model") {
    model = message;
    render();
  }
  if (message.type === "decided") said(message.error);
});

function set(key, value) {
  port.postMessage({ type: "set", key, value });
}

function said(error) {
  const text = error === null ? OPTIONS.saved : [error.message ?? (model.alone ? aloneBecause(model.alone).heading : null), error.fix].filter(Boolean).join(" ");
  byId("saved").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { byId("saved").textContent = ""; }, error === null ? 2_000 : 12_000);
}

function render() {
  const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.key ?? null;
  const { alone, settings } = model;
  document.documentElement.dataset.state = alone ? "alone" : settings ? "ready" : "asking";
  picture(alone ? "alone" : "active");
  renderAlone();
  renderProblem(settings?.problem ?? null);
  noteLoosened(byId("loosened"), alone ? null : settings?.loosened ?? null, (message) => port.postMessage(message));
  renderNow();
  renderSignals();
  showSites(model, fixed());
  renderChosen();
  renderChoices();
  renderRoster();
  renderFiles();
  if (focused) /** @type {HTMLElement} */ (document.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
}

const section = (id) => byId(id).closest("section");

/** Settings can be changed only where the host can be told. */
const fixed = () => Boolean(model.alone && model.alone.reason !== "no-access") || !model.settings;

function renderAlone() {
  const waiting = model.settings ? null : OPTIONS.waiting;
  noteAlone(byId("alone"), model.alone, { waiting, retry: () => port.postMessage({ type: "retry" }) });
}

function renderProblem(problem) {
  byId("problem").hidden = !problem;
  byId("problem").replaceChildren(...problem ? [
    el("strong", {}, problem.message), el("p", {}, problem.fix ?? ""), el("p", {}, MEANWHILE),
  ] : []);
}

function renderNow() {
  const { alone, signals, settings } = model;
  const { now } = OPTIONS;
  const which = !signals.dnt && !signals.gpc ? "none" : alone?.reason === "no-access" ? "some" : !signals.gpc ? "dnt" : !signals.dnt ? "gpc" : "both";
  const items = [el("li", { className: which === "none" ? "off" : "" }, now.signals[which])];
  if (settings && !settings.terms.length) {
    items.push(el("li", { className: "off" }, OPTIONS.noChoice));
  } else if (settings) {
    const terms = settings.terms[0].map(titleOf).join(" + ");
    items.push(el("li", { className: settings.negotiate === "never" ? "off" : "" }, now[settings.negotiate](terms)));
  }
  if (settings) items.push(el("li", {}, now.kept), el("li", {}, now.change));
  byId("now").replaceChildren(...items);
}

function renderSignals() {
  byId("signals").replaceChildren(...Object.entries(OPTIONS.signals).map(([key, { label, text }]) => {
    const input = el("input", { type: "checkbox", checked: model.signals[key], disabled: fixed(), role: "switch", "aria-describedby": `about-${key}`, "aria-label": label });
    input.dataset.key = `signals.${key}`;
    input.addEventListener("change", () => set(`signals.${key}`, input.checked ? "on" : "off"));
    return el("label", { className: "row" },
      el("span", {}, el("b", {}, label), el("span", { className: "sub", id: `about-${key}` }, text)), input);
  }));
}

/** @type {[keyof typeof OPTIONS & string, string, (settings: any) => string | undefined][]} */
const CHOICES = [
  ["negotiate", "proffer.negotiate", (settings) => settings.negotiate],
  ["lasts", "proffer.lasts", (settings) => settings.lasts],
  ["look", "claims.look", (settings) => settings.claims?.look],
];

/** Settings of which one word out of a few is chosen. */
function renderChosen() {
  for (const [name, key, of] of CHOICES) {
    const chosen = model.settings && of(model.settings);
    section(name).hidden = !chosen;
    if (!chosen) continue;
    byId(name).replaceChildren(...Object.entries(OPTIONS[name]).map(([value, { label, text }]) => {
      const about = text ? { "aria-describedby": `about-${name}-${value}` } : {};
      const input = el("input", { type: "radio", name, value, checked: chosen === value, disabled: fixed(), "aria-label": label, ...about });
      input.dataset.key = `${name}.${value}`;
      input.addEventListener("change", () => set(key, value));
      const below = text ? [el("span", { className: "sub", id: `about-${name}-${value}` }, text)] : [];
      return el("label", { className: "row" }, input, el("span", {}, el("b", {}, label), ...below));
    }));
  }
}

const titleOf = (id) => model.settings.roster.find((document) => document.id === id)?.title ?? id;

const byClick = (id) => model.settings.roster.some((document) => document.id === id && document.by_click);

function renderChoices() {
  section("choices").hidden = !model.settings;
  if (!model.settings) return;
  const { terms } = model.settings;
  const save = (choices) => set("proffer.terms", choices.filter((choice) => choice.length));
  const tool = (key, sign, label, disabled, change) => {
    const button = el("button", { type: "button", disabled: disabled || fixed(), "aria-label": label, title: label }, sign);
    button.dataset.key = key;
    button.addEventListener("click", () => save(change(terms.map((choice) => [...choice]))));
    return button;
  };
  const swap = (a, b) => (choices) => {
    [choices[a], choices[b]] = [choices[b], choices[a]];
    return choices;
  };

  byId("choices").replaceChildren(...terms.map((choice, at) => {
    const name = choice.map(titleOf).join(" and ");
    const last = terms.length === 1;
    return el("li", {},
      el("span", { className: "rank", "aria-hidden": "true" }, `${at + 1}.`),
      el("div", { className: "set" },
        choice.some(byClick) ? el("p", { className: "sub" }, OPTIONS.byClick) : null,
        ...choice.map((id) => el("div", { className: "term" }, el("b", {}, titleOf(id)),
          choice.length === 1 ? null : tool(`without.${at}.${id}`, "×", `Take “${titleOf(id)}” out of this choice`, false, (choices) => {
            choices[at] = choices[at].filter((other) => other !== id);
            return choices;
          }))),
        picker(`also.${at}`, OPTIONS.addToChoice, choice, (id) => save(terms.map((other, index) => index === at ? [...other, id] : other)))),
      el("div", { className: "tools" },
        tool(`up.${at}`, "↑", `More wanted: ${name}`, at === 0, swap(at, at - 1)),
        tool(`down.${at}`, "↓", `Less wanted: ${name}`, at === terms.length - 1, swap(at, at + 1)),
        tool(`remove.${at}`, "×", `Do not offer: ${name}`, last, (choices) => choices.filter((_, index) => index !== at))));
  }));
  const alone = terms.filter((choice) => choice.length === 1).flat();
  byId("add").replaceChildren(picker("add", OPTIONS.addChoice, alone, (id) => save([...terms, [id]])));
}

/** A list of the roster's documents but for those that are there already. */
function picker(key, label, without, chosen) {
  const documents = model.settings.roster.filter(({ id }) => !without.includes(id));
  const select = el("select", { disabled: fixed() || !documents.length, "aria-label": label },
    el("option", { value: "" }, label),
    ...documents.map(({ id, title }) => el("option", { value: id }, title)));
  select.dataset.key = key;
  select.addEventListener("change", () => { if (select.value) chosen(select.value); });
  return select;
}

function renderRoster() {
  section("roster").hidden = !model.settings?.roster.length;
  if (!model.settings) return;
  const open = new Set([...byId("roster").querySelectorAll("details[open]")].map(({ id }) => id));
  byId("roster").replaceChildren(...model.settings.roster.map(({ id, title, summary, text, url, by_click: clickOnly }) => {
    const address = url && URL.canParse(url) && new URL(url).protocol === "https:" ? url : null;
    return el("details", { id: `roster-${id}`, open: open.has(`roster-${id}`) },
      el("summary", { "data-key": `roster.${id}` }, el("b", {}, title), el("span", { className: "sub" }, summary)),
      clickOnly ? el("p", { className: "text" }, OPTIONS.byClick) : null,
      el("p", { className: "text" }, text),
      el("p", { className: "id" }, `${id} `, address ? el("a", { href: address, target: "_blank", rel: "noreferrer" }, address) : null));
  }));
}

function renderFiles() {
  const { settings } = model;
  byId("files").replaceChildren(...settings
    ? [OPTIONS.file[0], el("code", {}, settings.file), OPTIONS.file[1], " ", OPTIONS.data[0], el("code", {}, settings.data), OPTIONS.data[1]]
    : [OPTIONS.noFile]);
  byId("notices").replaceChildren(...(settings?.notices ?? []).map((notice) => el("li", {}, notice)));
}
