// Which origins ⊃ can have, and the addresses the agent ever asks for there.

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

const BROWSER_PAGE = Object.freeze({ kind: /** @type {const} */ ("browser-page"), origin: null, host: "" });

/**
 * What kind of page a URL is for us.
 * @param {string | undefined} url
 * @returns {{kind: "site" | "insecure" | "browser-page", origin: string | null, host: string}}
 */
export function pageOf(url) {
  if (!url || !URL.canParse(url)) return BROWSER_PAGE;
  const { protocol, origin, hostname, host } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return BROWSER_PAGE;
  const kind = protocol === "https:" || LOOPBACK.has(hostname) ? "site" : "insecure";
  return { kind, origin, host };
}

/** @param {string} origin */
export const policyUrl = (origin) => `${origin}/.well-known/emanciterms.json`;
/** @param {string} origin */
export const endpointUrl = (origin) => `${origin}/.well-known/emanciterms`;
/** Matches these two addresses, on any origin, and those where sites say how they treat people. */
export const OWN_URLS = "^https?://[^/?#]+/\\.well-known/(emanciterms(\\.json)?|gpc\\.json|myterms\\.json|dnt-policy\\.txt|dnt/[\\w+=/-]*)$";
