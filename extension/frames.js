// What a frame that is a stranger to its page is told of the page's signals. Its scripts are chosen by
// its own address, which says what goes out in general; where the page's site has it otherwise, it is
// put right when the frame has committed: later than its first scripts, which saw the general signals.
// So is a new frame of a page that was opened before the signals changed.

import { api, OWN } from "./browser.js";
import { dntFor } from "./regions.js";
import { hostOf } from "./site_names.js";
import { everywhere, ready, topOf, valuesAt, valuesIn } from "./tab_signals.js";

/** Registers a listener; call in the first turn. */
export function listen() {
  api.webNavigation.onCommitted.addListener(({ tabId, frameId, documentId, url }) => {
    if (frameId !== 0 && documentId) ready().then(() => putRight(tabId, documentId, url));
  });
}

function putRight(tabId, documentId, url) {
  const [host, top, page] = [hostOf(url), topOf(tabId), valuesIn(tabId)];
  if (host === null || page === null) return;
  const wanted = { dnt: dntFor(page, host), gpc: page.gpc };
  // Which of the two a page's own frame was told hangs on whether it is in a sandbox: nobody says.
  const given = [everywhere, ...new URL(url).origin === new URL(top).origin ? [valuesAt(host)] : []];
  // Lists: of an object's members Chromium drops those that are null.
  const args = [
    given.some((told) => dntFor(told, host) !== wanted.dnt) ? [wanted.dnt, OWN.doNotTrack] : null,
    given.some((told) => told.gpc !== wanted.gpc) ? [wanted.gpc || null, OWN.globalPrivacyControl] : null,
  ];
  if (!args.some(Boolean)) return;
  api.scripting.executeScript({
    target: { tabId, documentIds: [documentId] }, func: define, args, world: "MAIN", injectImmediately: true,
  }).catch(() => {});   // it has gone
}

/**
 * In the page's own world, as page/dnt.js and page/gpc.js: nothing of ours, but for the values. Without
 * a value ours is taken back, and nobody else's: the browser may say it itself, or another extension.
 */
function define(dnt, gpc) {
  // The browser's getters are native, too, and have their names in their text; a bound one has none.
  const BOUND = /^function ?\(\) ?\{\s*\[native code\]\s*\}$/;
  const isOurs = (get, name) => get?.name === `get ${name}` && BOUND.test(Function.prototype.toString.call(get));
  const put = (name, [value, own]) => {
    try {
      const standing = Object.getOwnPropertyDescriptor(Navigator.prototype, name)?.get;
      if (value === null ? !isOurs(standing, name) : navigator[name] === value) return;
      if (value === null && !own.length) {
        delete Navigator.prototype[name];
        return;
      }
      const get = Array.prototype.at.bind(value === null ? own : [value], 0);
      Object.defineProperty(get, "name", { value: `get ${name}` });
      Object.defineProperty(Navigator.prototype, name, { get, configurable: true, enumerable: true });
    } catch {
      // The page sealed the prototype first.
    }
  };
  const putBoth = () => {
    if (dnt) put("doNotTrack", dnt);
    if (gpc) put("globalPrivacyControl", gpc);
  };
  // This may come before the registered scripts, which come with the document's first element.
  putBoth();
  if (document.body) return;
  const observer = new MutationObserver(() => {
    putBoth();
    if (document.body) observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}
