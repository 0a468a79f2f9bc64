// A page's line to the background: a port that is opened again when the background was stopped, as
// browsers do with an idle one. A page's port does not keep it from that.

import { api } from "./browser.js";

const REST = 1_000;   // ms before a background that has said nothing is tried again

/**
 * @param {string} name of the port, by which the background knows the page
 * @param {(message: any) => void} hear
 * @param {object | null} [first] said first, each time it is opened
 * @returns {{postMessage: (message: object) => void}}
 */
export function line(name, hear, first = null) {
  /** @type {chrome.runtime.Port | null} */
  let port = null;
  const open = () => {
    let heard = false;
    port = api.runtime.connect({ name });
    port.onMessage.addListener((message) => {
      heard = true;
      hear(message);
    });
    port.onDisconnect.addListener(() => {
      port = null;
      setTimeout(() => port ?? open(), heard ? 0 : REST);
    });
    if (first) port.postMessage(first);
    return port;
  };
  open();
  return { postMessage: (message) => (port ?? open()).postMessage(message) };
}
