// The extension's own pages, over runtime ports: what they show, and what the person does there.
// Only they can accept anything: a port counts only when its other end is a page of ours.

import * as access from "./access.js";
import { api, OWN_PAGES, setApart, topDocument } from "./browser.js";
import { choose, clear, domainOf, isOff, reachOfOff } from "./choices.js";
import * as claims from "./claims.js";
import * as exceptions from "./exceptions.js";
import * as host from "./host.js";
import { pageOf } from "./origin.js";
import { holding } from "./regions.js";
import * as relationship from "./relationship.js";
import * as settings from "./settings.js";
import { covers, hostOf } from "./site_names.js";
import { isStale, valuesAt } from "./tab_signals.js";

/**
 * @typedef {{kind: "browser-page" | "insecure" | "private-window" | "container" | "site",
 *            host: string, origin: string | null, documentId: string | null,
 *            name: string | null, domain: string | null, allowed: boolean}} Place
 *   host: with its port; name: without; allowed: the button may reach it
 * @typedef {{port: chrome.runtime.Port, tabId: number, place: Place}} Popup
 */

/** @type {Set<Popup>} */
const popups = new Set();
/** @type {Set<chrome.runtime.Port>} */
const options = new Set();
/** @type {Set<chrome.runtime.Port>} */
const lists = new Set();
/** @type {Set<chrome.runtime.Port>} */
const doctors = new Set();
/** @type {Promise<object[]> | null} what the host is finding out just now, for all who ask */
let looking = null;
/** @type {{alone: (allowed?: boolean) => {reason: string, said: {message: string, fix: string | null} | null} | null, settings: (settings: object) => Promise<void>}} */
let wired;

/** @param {typeof wired} wires why the button is alone; who takes new settings. Call in the first turn */
export function listen(wires) {
  wired = wires;
  api.runtime.onConnect.addListener((port) => {
    const ours = port.sender?.id === api.runtime.id && port.sender.url?.startsWith(OWN_PAGES);
    if (!ours) return port.disconnect();
    if (port.name === "popup") port.onMessage.addListener((message) => fromPopup(port, message));
    if (port.name === "options") {
      options.add(port);
      port.onDisconnect.addListener(() => options.delete(port));
      port.onMessage.addListener((message) => fromOptions(port, message));
      host.retry();
      settings.ready().then(() => post(port, optionsModel()));
    }
    if (port.name === "agreements") {
      lists.add(port);
      port.onDisconnect.addListener(() => lists.delete(port));
      port.onMessage.addListener((message) => fromList(port, message));
      host.retry();
      post(port, listModel());
    }
    if (port.name === "doctor") {
      doctors.add(port);
      port.onDisconnect.addListener(() => doctors.delete(port));
      port.onMessage.addListener((message) => fromDoctor(port, message));
      host.retry();
      settings.ready().then(() => post(port, doctorModel()));
    }
  });
}

/** @param {number} [tabId] left out: every page */
export function update(tabId) {
  for (const popup of popups) {
    if (tabId === undefined || popup.tabId === tabId) post(popup.port, popupModel(popup));
  }
  // What changed in a tab may be an agreement.
  for (const port of lists) post(port, listModel());
  if (tabId === undefined) for (const port of options) post(port, optionsModel());
  if (tabId === undefined) for (const port of doctors) post(port, doctorModel());
}

/** The tab a popup stands on has another document, or may be reached otherwise. @param {number} [tabId] left out: every tab */
export function moved(tabId) {
  for (const popup of popups) if (tabId === undefined || popup.tabId === tabId) locate(popup);
}

/** A page may be closed by now. */
function post(port, message) {
  try {
    port.postMessage(message);
  } catch {
    // Its onDisconnect takes it off the lists.
  }
}

async function fromPopup(port, message) {
  if (message.type === "show") {
    const popup = { port, tabId: message.tabId, place: null };
    port.onDisconnect.addListener(() => popups.delete(popup));
    await settings.ready();
    await locate(popup);
    popups.add(popup);
    host.retry();
    return;
  }
  if (message.type === "retry") host.retry();
  if (message.type === "reload") api.tabs.reload(message.tabId);
  if (["choose", "decide", "edit", "recognise", "revoke"].includes(message.type)) return decided(port, message);
  if (message.type === "act") {
    // The click was meant for the document that was shown, not for one that came in its place.
    const visit = relationship.visitOf(message.tabId);
    if (visit?.documentId !== message.documentId) return update(message.tabId);
    if (message.action === "look" && claims.of(message.tabId, message.documentId)?.looking) return update(message.tabId);
    await relationship.act(visit, message.action, message.seen ?? { ending: null, counter: null, offering: null, offering_own: null });
    // Its terms first, then all else that it says.
    if (message.action === "look") await claims.look(message.tabId, message.documentId);
  }
}

/** What the person can decide, and what is done then: by the type of the message. */
const DECISIONS = {
  choose: async ({ name, reach, key, value }) => choose({ name, reach: reach ?? await reachOfOff(name), key, value }, wired.settings),
  clear: ({ site }) => clear(site, wired.settings),
  decide: ({ id, decision }) => exceptions.decide(id, decision),
  // An edit that loosened something.
  edit: ({ keep, id }) => take(keep ? "confirm-edit" : "undo-edit", { edit: id }),
  recognise: ({ name, value }) => take("set", { key: `sites.${name}.recognise`, value: value === "on" ? "on" : null }),
  revoke: ({ site, targets }) => take("revoke", { site, targets }),
  set: ({ key, value }) => take("set", { key, value }),
};

/** The host does it, and its settings hold. */
const take = async (request, members) => wired.settings((await host.ask(request, members)).settings);

async function decided(port, message) {
  try {
    await DECISIONS[message.type](message);
    post(port, { type: "decided", error: null });
  } catch (error) {
    post(port, { type: "decided", error: shown(error) });
    // What was pressed is shown as it is.
    update();
  }
}

/** A failure, for a page. */
const shown = (error) => ({ message: error.message || null, fix: error.fix ?? null });

function fromOptions(port, message) {
  if (message.type === "retry") host.retry();
  if (["clear", "edit", "revoke", "set"].includes(message.type)) decided(port, message);
}

/** The list asks the host itself, for its pages and for one agreement. */
async function fromList(port, message) {
  if (message.type === "retry") host.retry();
  if (message.type !== "ask" || !["agreements", "agreement", "forget"].includes(message.request)) return;
  const answer = { type: "answer", number: message.number, result: null, error: null };
  try {
    answer.result = await host.ask(message.request, message.members);
    if (answer.result.erased) {
      relationship.refresh();
      claims.refresh();
    }
  } catch (error) {
    answer.error = shown(error);
  }
  post(port, answer);
}

/** The host looks once, however many pages ask meanwhile. */
async function fromDoctor(port, message) {
  if (message.type === "retry") host.retry();
  if (message.type !== "look") return;
  const answer = { type: "findings", findings: null, error: null };
  try {
    looking ??= host.ask("doctor").then(({ findings }) => findings).finally(() => { looking = null; });
    answer.findings = await looking;
  } catch (error) {
    answer.error = shown(error);
  }
  post(port, answer);
}

/** Where is the person? The browser says, and only an ordinary page is asked about. */
async function locate(popup) {
  const [tab, top] = await Promise.all([
    api.tabs.get(popup.tabId).catch(() => null),
    topDocument(popup.tabId),
  ]);
  const allowed = await access.allows(top?.url);
  const page = pageOf(top?.url);
  const kind = page.kind === "browser-page" ? page.kind : (tab && setApart(tab)) ?? page.kind;
  const name = page.kind === "browser-page" ? null : hostOf(top.url);
  popup.place = { kind, host: page.host, origin: page.origin, documentId: top?.documentId ?? null, name, domain: null, allowed };
  // In a private window nothing is told the host, nor could anything be chosen.
  if (name && kind !== "private-window") domainOf(name).then((domain) => {
    if (!domain || popup.place.name !== name) return;
    popup.place.domain = domain;
    post(popup.port, popupModel(popup));
  });
  if (kind === "site") {
    relationship.inquire(popup.tabId, top.documentId, page);
    claims.inquire(popup.tabId, top.documentId, page);
  }
  post(popup.port, popupModel(popup));
}

function popupModel({ tabId, place }) {
  const visit = relationship.visitOf(tabId);
  const here = place.kind === "site" && visit?.documentId === place.documentId ? visit : null;
  const said = place.kind === "site" ? claims.of(tabId, place.documentId) : null;
  const signals = settings.signals();
  const alone = wired.alone(place.allowed);
  return {
    type: "model",
    tabId,
    place,
    alone,
    view: here?.view ?? null,
    busy: here?.busy ?? null,
    trouble: here?.trouble ?? null,
    says: said?.says ?? null,
    looking: said?.looking ?? null,
    problem: settings.told()?.problem ?? null,
    loosened: settings.told()?.loosened ?? null,
    signals: { dnt: signals.dnt, gpc: signals.gpc },
    here: place.name === null ? null : hereModel(tabId, place),
    unapplied: unappliedBeside(alone),
    stale: place.allowed && isStale(tabId),
  };
}

/** What is said already, where the button is alone, is not said twice. */
const unappliedBeside = (alone) => settings.unapplied().filter(({ reason }) => reason !== alone?.reason);

/** The signals of one site, and what it asks for. */
function hereModel(tabId, { name, documentId }) {
  const { dnt, gpc } = valuesAt(name);
  return {
    name,
    dnt,
    gpc,
    off: isOff(name),
    reached: settings.mayReach(name),
    exceptions: holding(settings.signals(), Date.now()).filter(({ site }) => covers(site, name)),
    asked: exceptions.askedBy(tabId, documentId),
    fixed: host.status().phase !== "up",
  };
}

function listModel() {
  return { type: "model", alone: wired.alone(), asking: host.status().phase === "asking" };
}

function doctorModel() {
  const { phase, trouble, version } = host.status();
  return {
    type: "model",
    phase,
    trouble: trouble && { reason: trouble.reason, said: trouble.said },
    version,
    looking: looking !== null,
    signals: settings.signals(),
  };
}

function optionsModel() {
  const alone = wired.alone();
  return {
    type: "model",
    alone,
    asking: host.status().phase === "asking",
    settings: settings.told(),
    signals: settings.signals(),
    unapplied: unappliedBeside(alone),
  };
}
