// An alarm of the browser's at the first of several times, also with nobody awake. None is shorter than 30 s.

import { api } from "./browser.js";

/**
 * Registers a listener; call in the first turn.
 * @param {string} name
 * @param {() => void} rung
 * @returns {(times: Array<string | null | undefined>) => void} set it, for those that are still to come
 */
export function alarm(name, rung) {
  api.alarms.onAlarm.addListener((one) => { if (one.name === name) rung(); });
  return (times) => {
    const ahead = times.map((time) => Date.parse(time ?? "")).filter((time) => time > Date.now());
    if (ahead.length) api.alarms.create(name, { when: Math.min(...ahead) });
    else api.alarms.clear(name);
  };
}
