// Every difference between browsers is here and nowhere else.

/** The WebExtension API under whichever name this browser gives it. */
export const api = globalThis.browser ?? globalThis.chrome;

/** What the hello calls this browser. */
export const BROWSER = api.runtime.getURL("").startsWith("moz-extension:") ? "firefox" : "chromium";

/** Our own pages, as `sender.url` begins. */
export const OWN_PAGES = api.runtime.getURL("");

/** Our own requests, as declarativeNetRequest names their initiator. */
export const OWN_INITIATOR = new URL(OWN_PAGES).hostname;

/** Access to websites, as the permissions API names it. */
export const SITE_ACCESS = { origins: ["<all_urls>"] };

/** Every type of request. A rule that lists none leaves out `main_frame`. */
export const RESOURCE_TYPES = Object.values(api.declarativeNetRequest.ResourceType);

/**
 * The condition of a rule for a tab: that the page in it is of one of these sites, so that nothing of
 * the next page is meant while the rule is still there. Firefox knows only who asked for something:
 * there, what a third party's frame loads by itself is left out.
 * @param {string[]} hosts
 */
export const underTop = (hosts) => knowsTop ? { topDomains: hosts } : { initiatorDomains: hosts };
export const knowsTop = BROWSER === "chromium";

/** What the browser itself says of GPC, by a setting that no extension can change; null: it has none. */
export const ownGpc = () => BROWSER === "firefox" ? Boolean(/** @type {any} */ (navigator).globalPrivacyControl) : null;

/**
 * What `navigator` said before ours took its place, which it does not where the browser says the same;
 * empty: no such property.
 */
export const OWN = BROWSER === "firefox"
  ? { doNotTrack: ["unspecified"], globalPrivacyControl: [false] }
  : { doNotTrack: [null], globalPrivacyControl: [] };

/**
 * A tab where ⊃ may be spoken to: not private, and in the default container.
 * @param {chrome.tabs.Tab & {cookieStoreId?: string}} tab
 * @returns {"private-window" | "container" | null} what keeps it from being ordinary
 */
export function setApart(tab) {
  if (tab.incognito) return "private-window";
  if ((tab.cookieStoreId ?? "firefox-default") !== "firefox-default") return "container";
  return null;
}

/**
 * The top-level document that stands in a tab now.
 * @param {number} tabId
 * @returns {Promise<{documentId: string, url: string} | null>}
 */
export async function topDocument(tabId) {
  const frame = await api.webNavigation.getFrame({ tabId, frameId: 0 }).catch(() => null);
  return frame?.documentId ? { documentId: frame.documentId, url: frame.url } : null;
}

const TABS = 500;
const withoutFragment = (url) => url.split("#", 1)[0];

/** @type {Map<number, {at: {tabId: number, documentId: string, url: string}, when: number}>} tab → its last commit */
const commits = new Map();

/**
 * A top-level document took its place in a tab.
 * @param {{tabId: number, documentId: string, url: string}} at
 * @param {number} when as the browser says
 */
export function noteCommit(at, when) {
  commits.delete(at.tabId);
  if (BROWSER === "firefox") commits.set(at.tabId, { at, when });
  if (commits.size > TABS) commits.delete(commits.keys().next().value);
}

/**
 * The document of a response to a tab, when it has committed already: Firefox sends the two events
 * by two ways and may tell of the response last. Their times are in the right order.
 * @param {{tabId: number, url: string, timeStamp: number}} response
 */
export function committedBefore({ tabId, url, timeStamp }) {
  const last = commits.get(tabId);
  return last && timeStamp <= last.when && withoutFragment(last.at.url) === withoutFragment(url) ? last.at : null;
}

/**
 * Why a native port closed: one of the reasons of words.js.
 * Chromium tells in `runtime.lastError` only, so this is called inside onDisconnect.
 * @param {chrome.runtime.Port & {error?: Error}} port
 * @returns {string}
 */
export function whyClosed(port) {
  const detail = port.error?.message ?? api.runtime.lastError?.message ?? null;
  for (const [pattern, reason] of CLOSED) {
    if (detail !== null && pattern.test(detail)) return reason;
  }
  return "host-exited";
}


/** @type {Array<[RegExp, string]>} */
const CLOSED = [
  [/host not found|no such native application/i, "host-not-found"],
  [/forbidden|not (allowed|permitted)|disallowed/i, "host-forbidden"],
];
