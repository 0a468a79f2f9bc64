// Access to websites, which the person may take back at any time.

import { api, SITE_ACCESS } from "./browser.js";

let granted = true;

export const has = () => granted;

/** @param {() => void} changed call in the first turn */
export function listen(changed) {
  const look = async () => {
    const before = granted;
    granted = await api.permissions.contains(SITE_ACCESS);
    if (granted !== before) changed();
  };
  api.permissions.onRemoved.addListener(look);
  api.permissions.onAdded.addListener(look);
  return look;
}
