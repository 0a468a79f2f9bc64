// Which origins ⊃ can have, and the two addresses the agent ever asks for there.

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * What kind of page a URL is for us.
 * @param {string | undefined} url
 * @returns {{kind: "site" | "insecure", origin: string, host: string} | {kind: "browser-page"}}
 */
export function pageOf(url) {
  if (!url || !URL.canParse(url)) return { kind: "browser-page" };
  const { protocol, origin, hostname, host } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return { kind: "browser-page" };
  const kind = protocol === "https:" || LOOPBACK.has(hostname) ? "site" : "insecure";
  return { kind, origin, host };
}

/** @param {string} origin */
export const policyUrl = (origin) => `${origin}/.well-known/emanciterms.json`;
/** @param {string} origin */
export const endpointUrl = (origin) => `${origin}/.well-known/emanciterms`;
/** Matches these two addresses, on any origin. */
export const OWN_URLS = "^https?://[^/?#]+/\\.well-known/emanciterms(\\.json)?$";
