// The list of agreements: asks the host, through the background, for a page at a time and for one
// agreement in full. What a site wrote is text, kept apart from ours.

import { agreementPart, day, siteOf } from "../agreement.js";
import { noteAlone } from "../alone.js";
import { byId, el, magnets, setText } from "../dom.js";
import { line } from "../line.js";
import { FORGET, LIST, STANDINGS } from "../words.js";

/**
 * docs/native.md, "agreements".
 * @typedef {{origin: string, id: string, state: string, since: string, sealed: boolean,
 *   calls_itself: string | null, terms: Array<{id: string, title: string}>}} Row
 */

const picture = magnets(byId("magnets"));
const detailPicture = magnets(byId("picture"));
const showAgreement = agreementPart();

/** @type {{alone: any, asking: boolean} | null} what the background last said of the host */
let model = null;
/** @type {{rows: Row[], next: number | null, total: number, find: string} | null} */
let shown = null;
/** @type {{message: string, fix: string | null} | null} */
let trouble = null;
/** @type {string[]} the rows that are drawn */
let drawn = [];
/** How many rows the person has asked to see. */
let least = 1;
/** Counts what was asked of the list: an answer to an earlier question is dropped. */
let turn = 0;

byId("lead").textContent = LIST.lead;
const [heading, text] = byId("empty").children;
heading.firstElementChild.textContent = LIST.empty.heading;
text.textContent = LIST.empty.text;

// The background, and through it the host.

const port = line("agreements", receive);
let counter = 0;
/** @type {Map<number, {resolve: Function, reject: Function}>} */
const waiting = new Map();

function receive(message) {
  if (message.type === "model") {
    model = message;
    render();
    refresh();
  }
  if (message.type === "answer") {
    const asked = waiting.get(message.number);
    waiting.delete(message.number);
    if (message.error) asked?.reject(message.error);
    else asked?.resolve(message.result);
  }
}

const retry = () => port.postMessage({ type: "retry" });

/** Where only the access to websites is missing, the host is there. */
const reachable = () => model !== null && !model.asking && (!model.alone || model.alone.reason === "no-access");

function ask(request, members) {
  const number = ++counter;
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject });
    port.postMessage({ type: "ask", number, request, members });
  });
}

// The list.

const wanted = () => byId("find").value.trim();

/**
 * Ask for the list from its top, or for what follows the rows that are there.
 * @param {{on?: boolean}} [how] on: what follows
 */
async function list({ on = false } = {}) {
  const mine = ++turn;
  const find = wanted();
  let rows = on ? shown.rows : [];
  let next = on ? shown.next : null;
  let total = 0;
  try {
    do {
      const page = await ask("agreements", { after: next, find: addressIn(find) });
      if (mine !== turn) return;
      rows = [...rows, ...page.rows];
      ({ next, total } = page);
    } while (next !== null && rows.length < least);
    shown = { rows, next, total, find };
    trouble = null;
  } catch (error) {
    if (mine !== turn) return;
    trouble = error;
  }
  render();
}

/** Of a whole address that was pasted, the part that tells the site. */
const addressIn = (find) => find.replace(/^([a-z]+:\/\/[^/]*).*$/i, "$1") || null;

function render() {
  const alone = model?.alone ?? null;
  document.documentElement.dataset.state = alone ? "alone" : shown || trouble ? "ready" : "asking";
  noteAlone(byId("alone"), alone, { waiting: reachable() || shown ? null : LIST.waiting, retry });
  const said = !alone && trouble?.message ? trouble : null;
  byId("trouble").hidden = !said;
  byId("trouble").replaceChildren(...said ? [el("strong", {}, said.message), el("p", {}, said.fix ?? "")] : []);

  const empty = shown !== null && shown.total === 0 && !shown.find;
  picture(alone ? "alone" : empty ? "unknown" : "active");
  byId("empty").hidden = !empty;
  byId("listing").hidden = shown === null || empty;
  if (shown !== null && !empty) renderList();
}

function renderList() {
  const { rows, next, total, find } = shown;
  setText(byId("count"), find ? LIST.found(total) : LIST.count(total));
  renderRows(rows);
  byId("none").hidden = total > 0;
  byId("none").textContent = LIST.none(find);
  byId("more").hidden = next === null;
  byId("more").textContent = LIST.more(total - rows.length);
}

/** What is as it was is left alone: somebody may be about to click on it. */
function renderRows(rows) {
  const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset.id ?? null;
  const told = rows.map((row) => JSON.stringify(row));
  const same = drawn.findIndex((row, at) => row !== told[at]);
  const kept = same < 0 ? drawn.length : same;
  for (const old of [...byId("list").children].slice(kept)) old.remove();
  byId("list").append(...rows.slice(kept).map(rowOf));
  drawn = told;
  if (focused) rowButton(focused)?.focus();
}

function standingOf(/** @type {Row} */ { state, sealed }) {
  const standing = state === "withdrawn" && !sealed ? "taken-back" : state;
  return STANDINGS[standing] ?? { shape: "unknown", label: state, since: "" };
}

function rowOf(/** @type {Row} */ row) {
  const { shape, label, since } = standingOf(row);
  const svg = /** @type {any} */ (document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  svg.setAttribute("class", "magnets");
  magnets(svg)(shape);
  // The words beside it say the same.
  svg.setAttribute("aria-hidden", "true");
  const button = el("button", { type: "button", className: row.state, "aria-haspopup": "dialog" },
    svg,
    el("span", { className: "who" },
      el("b", {}, siteOf(row.origin)),
      row.calls_itself ? el("span", { className: "sub" }, "calls itself ", el("q", { dir: "auto" }, row.calls_itself)) : null,
      el("span", { className: "sub" }, row.terms.map(({ title }) => title).join("; "))),
    el("span", { className: "where" },
      el("b", {}, label),
      el("time", { className: "sub", dateTime: row.since }, `${since} ${day(row.since)}`)));
  button.dataset.id = row.id;
  button.addEventListener("click", () => open(row));
  return el("li", {}, button);
}

const rowButton = (id) => /** @type {HTMLElement} */ (document.querySelector(`[data-id="${CSS.escape(id)}"]`));

byId("find").closest("form").addEventListener("submit", (event) => event.preventDefault());
byId("find").addEventListener("input", () => {
  least = 1;
  list();
});
byId("more").addEventListener("click", async () => {
  // What was typed meanwhile comes first.
  if (shown.find !== wanted()) return;
  const before = shown.rows.length;
  least = before + 1;
  await list({ on: true });
  const first = shown.rows[before];
  if (first) rowButton(first.id).focus();
});

/** Something may have happened meanwhile; nobody is told of it while nobody looks. */
function refresh() {
  if (reachable() && !document.hidden) list();
}

document.addEventListener("visibilitychange", refresh);

// One of them, whole.

async function open(/** @type {Row} */ { origin, id }) {
  try {
    const { row, agreement, words } = await ask("agreement", { origin, agreement: id });
    const { shape, label, since } = standingOf(row);
    detailPicture(shape);
    byId("site").textContent = siteOf(row.origin);
    byId("standing").textContent = `${label}, ${since} ${day(row.since)}.`;
    byId("calls-itself").hidden = !row.calls_itself;
    byId("calls-itself").querySelector("q").textContent = row.calls_itself ?? "";
    byId("words").hidden = !words;
    byId("words").querySelector("blockquote").textContent = words ?? "";
    showAgreement(agreement, siteOf(row.origin), row.sealed);
    offerForgetting(row.origin);
    byId("detail").showModal();
    byId("whole").scrollTop = 0;
  } catch (error) {
    trouble = error;
    render();
  }
}

byId("close").addEventListener("click", () => byId("detail").close());
byId("detail").addEventListener("click", (event) => {
  // Beside it: the dialog itself is all that is there to be clicked.
  if (event.target === byId("detail")) byId("detail").close();
});

// Forgetting its site.

/** @type {{origin: string, anyway: boolean}} what a second press erases */
let forgetting;

function offerForgetting(origin) {
  forgetting = { origin, anyway: false };
  byId("forget").textContent = FORGET.label(siteOf(origin));
  byId("forget").hidden = false;
  byId("sure").hidden = true;
}

byId("forget").addEventListener("click", async () => {
  const { origin } = forgetting;
  const would = await forget({ origin, sure: false });
  if (!would || forgetting.origin !== origin) return;
  forgetting.anyway = would.holds.length > 0;
  byId("sure-text").textContent = FORGET.text(siteOf(origin), would.agreements);
  byId("sure-holds").replaceChildren(...would.holds.map((one) => el("li", {}, one)));
  byId("sure-yes").textContent = forgetting.anyway ? FORGET.anyway : FORGET.yes;
  byId("sure-no").textContent = FORGET.no;
  byId("forget").hidden = true;
  byId("sure").hidden = false;
  byId("sure-no").focus();
});

byId("sure-yes").addEventListener("click", async () => {
  const done = await forget({ ...forgetting, sure: true });
  if (done?.erased) {
    byId("detail").close();
    least = 1;
    await list();
  } else if (done) {
    // What holds is another thing by now: it is shown before it goes.
    offerForgetting(forgetting.origin);
  }
});

byId("sure-no").addEventListener("click", () => {
  offerForgetting(forgetting.origin);
  byId("forget").focus();
});

async function forget(members) {
  try {
    return await ask("forget", members);
  } catch (error) {
    trouble = error;
    byId("detail").close();
    render();
    return null;
  }
}
