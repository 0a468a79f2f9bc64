// What the button can tell of itself without the host: whether it may reach websites, and whether
// what it set in the browser stands. Asked of the browser, when somebody looks.

import { api, SITE_ACCESS } from "./browser.js";
import { standing } from "./signals.js";
import { aloneBecause, CHECKS, INSTALL } from "./words.js";

/**
 * As docs/native.md has a Finding; `command` is to be typed in the r-button's folder.
 * @typedef {{code: string, severity: "ok" | "warning" | "problem", message: string,
 *   fix: string | null, command?: string, detail?: string | null}} Finding
 */

/**
 * @param {import("./signals.js").Signals} signals what should go out
 * @returns {Promise<Finding[]>}
 */
export async function ownFindings(signals) {
  const [access, stands] = await Promise.all([
    api.permissions.contains(SITE_ACCESS),
    standing(signals).catch((error) => ({ rules: false, scripts: false, error: String(error) })),
  ]);
  const found = [];
  if (access) found.push(ok("access"));
  else found.push(problem("no-access", aloneBecause({ reason: "no-access", said: null })));
  if (!signals.dnt && !signals.gpc && !signals.sites?.length) return [...found, ok("signals-off")];
  for (const part of ["rules", "scripts"]) {
    if (stands[part]) found.push(ok(part));
    else found.push({ ...CHECKS[`no-${part}`], code: `no-${part}`, severity: "problem", detail: stands.error ?? null });
  }
  return found;
}

/**
 * What is known of the host from outside.
 * @param {{reason: string, said: {message: string, fix: string | null} | null} | null} trouble why it is not there
 * @param {{extension: string, host: string | null}} versions
 * @returns {Finding}
 */
export function hostFinding(trouble, { extension, host }) {
  if (trouble) return problem(trouble.reason, aloneBecause(trouble));
  return { code: "host-answers", severity: "ok", message: CHECKS.hostAnswers(host, extension), fix: null };
}

/** When it is there, and cannot say what is wrong. */
export function notAsked(error) {
  const { message, fix } = CHECKS.notAsked;
  return { code: "not-looked-at", severity: "warning", message: error?.message || message, fix: error?.fix ?? fix, command: `${INSTALL} --doctor` };
}

/** @returns {Finding} */
const ok = (code) => ({ code, severity: "ok", message: CHECKS.fine[code], fix: null });

/** @returns {Finding} */
const problem = (code, { heading, text, fix, command }) =>
  ({ code, severity: "problem", message: `${heading}.`, fix: `${text} ${fix}`, command });
