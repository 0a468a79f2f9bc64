// Which top-level documents announce ⊃, or say something of how they treat people. Everything is the
// browser's word: the response's headers, the commit, and who sent a page script's message. The
// announcement itself is only a flag, and what is said a claim.

import { api, committedBefore, noteCommit } from "./browser.js";
import { announces, targetOf } from "./link.js";

const REMEMBERED = 256;

/** @type {Map<number, string>} tab → URL of a response that announced ⊃ and has not committed yet */
const sighted = new Map();
/**
 * What a page says by itself: its `Tk` headers, where its requests for consent are, and that there is
 * a myterms.json.
 * @typedef {{tk: string[], consent: string | null, myterms: boolean}} Said
 */
/** @type {Map<number, {url: string, said: Said}>} tab → what a response said that has not committed yet */
const said = new Map();
const VALUES = 8;            // Tk headers of one response
const LONGEST = 2_048;       // characters of one, or of an address
/** Documents whose headers announced: one brought back from the back/forward cache sends none. */
const documents = new Set();

/**
 * Registers listeners; call in the first turn.
 * @param {{
 *   committed: (at: {tabId: number, documentId: string, url: string}) => void,
 *   announced: (at: {tabId: number, documentId: string, url: string}) => void,
 *   says: (at: {tabId: number, documentId: string, url: string}, said: Said) => void,
 *   touched: (at: {tabId: number, documentId: string}) => void,
 *   leaving: (tabId: number, url: string, announces: boolean) => void,
 *   stayed: (tabId: number) => void,
 *   changed: (tabId: number) => void,
 *   closed: (tabId: number) => void,
 * }} listeners
 *   `leaving`: what the tab is about to show, told as early as the browser knows it;
 *   `stayed`: that came to nothing, or to the browser's own error page;
 *   `changed`: the tab may show something else without having said so above (a prerendered page)
 */
export function listen({ committed, announced, says, touched, leaving, stayed, changed, closed }) {
  // Not blocking: the browser does not wait for this.
  api.webRequest.onHeadersReceived.addListener(/** @type {(response: any) => any} */ (response) => {
    if (response.tabId < 0 || response.frameId !== 0) return;
    // A page that is only fetched ahead: it is the standing document's request, and shows nothing.
    if (response.documentId) return;
    if (response.statusCode >= 300 && response.statusCode < 400) return;
    const values = (response.responseHeaders ?? [])
      .filter(({ name, value }) => value && name.toLowerCase() === "link")
      .map(({ value }) => value);
    const isSighted = values.length > 0 && announces(values, response.url);
    const told = saidBy(response, values);
    const standing = committedBefore(response);
    if (standing) {
      if (told) says(standing, told);
      if (isSighted) {
        remember(standing.documentId);
        announced(standing);
      }
      return;
    }
    sighted.delete(response.tabId);
    said.delete(response.tabId);
    // Firefox says no more of a navigation that ends like this.
    if (showsNothing(response)) return stayed(response.tabId);
    if (told) said.set(response.tabId, { url: response.url, said: told });
    if (isSighted) sighted.set(response.tabId, response.url);
    leaving(response.tabId, response.url, isSighted);
  }, { urls: ["http://*/*", "https://*/*"], types: ["main_frame"] }, ["responseHeaders"]);

  api.webNavigation.onBeforeNavigate.addListener(({ tabId, frameId, url }) => {
    if (frameId === 0) leaving(tabId, url, true);
  });
  api.webNavigation.onErrorOccurred.addListener(({ tabId, frameId }) => {
    if (frameId === 0) stayed(tabId);
  });

  api.webNavigation.onCommitted.addListener(({ tabId, frameId, documentId, documentLifecycle, url, timeStamp }) => {
    if (frameId !== 0 || (documentLifecycle ?? "active") !== "active") return;
    const at = { tabId, documentId, url };
    noteCommit(at, timeStamp);
    committed(at);
    const isSighted = sameDocument(sighted.get(tabId), url);
    sighted.delete(tabId);
    if (isSighted) remember(documentId);
    const told = said.get(tabId);
    said.delete(tabId);
    if (isSighted || documents.has(documentId)) announced(at);
    if (told && sameDocument(told.url, url)) says(at, told.said);
  });

  api.runtime.onMessage.addListener((message, sender) => {
    const { tab, frameId, documentId, url } = sender;
    if (sender.id !== api.runtime.id || !tab || tab.id === undefined) return;
    if (frameId !== 0 || !documentId || (sender.documentLifecycle ?? "active") !== "active") return;
    if (message?.type === "announced") announced({ tabId: tab.id, documentId, url });
    if (message?.type === "says") {
      const { consent, myterms } = message;
      says({ tabId: tab.id, documentId, url }, { tk: [], consent: addressed(consent, url), myterms: myterms === true });
    }
    if (message?.type === "touched") touched({ tabId: tab.id, documentId });
  });

  api.tabs.onUpdated.addListener((tabId, { status }) => { if (status) changed(tabId); });
  const gone = (tabId) => {
    sighted.delete(tabId);
    said.delete(tabId);
    closed(tabId);
  };
  api.tabs.onRemoved.addListener(gone);
  api.tabs.onReplaced.addListener((_, replaced) => gone(replaced));
}

/** Whether the standing page stays: RFC 9110 has no content with these, and a download is not shown. */
const showsNothing = ({ statusCode, responseHeaders }) => statusCode === 204 || statusCode === 205
  || (responseHeaders ?? []).some(({ name, value }) => name.toLowerCase() === "content-disposition" && /^\s*attachment\b/i.test(value ?? ""));

/** @returns {Said | null} */
function saidBy({ responseHeaders, url }, links) {
  const tk = (responseHeaders ?? []).filter(({ name, value }) => value && name.toLowerCase() === "tk")
    .slice(0, VALUES).map(({ value }) => value.slice(0, LONGEST));
  const consent = links.length ? addressed(targetOf("consent-requests", links, url), url) : null;
  return tk.length || consent ? { tk, consent, myterms: false } : null;
}

/** @returns {string | null} the whole address of a link of that document */
function addressed(target, url) {
  if (typeof target !== "string" || target.length > LONGEST || !URL.canParse(target, url)) return null;
  const { href } = new URL(target, url);
  return href.length > LONGEST ? null : href;
}

function remember(documentId) {
  documents.add(documentId);
  if (documents.size > REMEMBERED) documents.delete(documents.values().next().value);
}

function sameDocument(response, committed) {
  return response !== undefined && response.split("#", 1)[0] === committed.split("#", 1)[0];
}
