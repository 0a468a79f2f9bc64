// Access to websites, which the person may hold back at any time, from all of them or from some.

import { api, SITE_ACCESS } from "./browser.js";
import { hostOf } from "./site_names.js";

let granted = true;
let known = Promise.resolve();

/** To all websites. */
export const has = () => granted;

/** Resolves when the browser has said it. */
export const ready = () => known;

/** To the website with this address, for more than the moment after a press. @param {string | undefined} url */
export async function allows(url) {
  await known;
  if (granted || hostOf(url) === null) return granted;
  const { protocol, hostname } = new URL(url);
  return api.permissions.contains({ origins: [`${protocol}//${hostname}/*`] });
}

/**
 * Registers listeners; call in the first turn.
 * @param {() => void} changed it is other websites now
 */
export function listen(changed) {
  const look = () => {
    known = api.permissions.contains(SITE_ACCESS).then((all) => { granted = all; });
    return known;
  };
  look();
  for (const event of [api.permissions.onAdded, api.permissions.onRemoved]) {
    event.addListener(() => look().then(changed));
  }
}
