// Names of sites as `terms.toml` has them: "news.example" is that very host, "*.example" the names
// below it. The longest that fits counts, and an exact one is longer than any wildcard. Pure.

/**
 * All that a host may be named by, the longest first. Given "*.news.example", what covers all of it.
 * @param {string} host
 * @returns {string[]}
 */
export function namesOf(host) {
  const names = [host];
  let above = host.startsWith("*.") ? host.slice(2) : host;
  while (above.includes(".")) {
    above = above.slice(above.indexOf(".") + 1);
    names.push(`*.${above}`);
  }
  return names;
}

/**
 * What the first of some names says.
 * @template T
 * @param {Map<string, T>} said
 * @param {string[]} names
 * @returns {T | undefined}
 */
const first = (said, names) => said.get(names.find((one) => said.has(one)));

/**
 * What the longest fitting name says.
 * @template T
 * @param {Map<string, T>} said
 * @param {string} host
 * @returns {T | undefined}
 */
export const longest = (said, host) => first(said, namesOf(host));

/**
 * What would hold under a name if it said nothing itself.
 * @template T
 * @param {Map<string, T>} said
 * @param {string} name
 * @returns {T | undefined}
 */
export const inherited = (said, name) => first(said, namesOf(name).slice(1));

/** @param {string} name @param {string} host a host or another name @returns {boolean} whether the one takes in all of the other */
export const covers = (name, host) => namesOf(host).includes(name);

/** @param {string} name @returns {string} "news.example" of "*.news.example" */
export const domainOf = (name) => name.startsWith("*.") ? name.slice(2) : name;

/** @param {string} name */
export const isWildcard = (name) => name.startsWith("*.");

/** @param {string} url @returns {string | null} the host of a website's address, as names have it */
export function hostOf(url) {
  if (!url || !URL.canParse(url)) return null;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? hostname : null;
}
