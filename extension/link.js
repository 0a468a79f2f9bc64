// The Link header (RFC 8288), as far as a few relations of a page need it. Pure.

// Far more than any page has; a page may not keep us busy.
const LINKS = 64;
const LONGEST = 16_384;      // characters of one header value
const LONGEST_URL = 8_192;   // of a document, above which an `anchor` is not resolved

const SPACE = /[ \t]/;
const END_OF_NAME = /[ \t=;,]/;
const END_OF_TOKEN = /[ \t;,]/;

/**
 * Does one of these Link header values say that this very document is ⊃?
 * Where a link points does not matter: the announcement is a flag.
 * @param {string[]} values one a header line, each with any number of links
 * @param {string} documentUrl
 */
export const announces = (values, documentUrl) => targetOf("emanciterms", values, documentUrl) !== null;

/**
 * Where the first link of this very document with that relation points, as it is written.
 * @param {string} relation in lower case
 * @param {string[]} values one a header line, each with any number of links
 * @param {string} documentUrl
 * @returns {string | null}
 */
export function targetOf(relation, values, documentUrl) {
  const isDocument = resolver(documentUrl);
  for (const value of values.slice(0, LINKS)) {
    const found = links(value.slice(0, LONGEST)).slice(0, LINKS).find(({ rel, anchor }) =>
      rel !== null &&
      rel.toLowerCase().split(/[ \t]+/).includes(relation) &&
      (anchor === null || isDocument(anchor)));
    if (found) return found.target;
  }
  return null;
}

/**
 * The links of one header value. Only the first `rel` and the first `anchor` of a link count;
 * what cannot be read ends the list.
 * @param {string} text
 * @returns {Array<{target: string, rel: string | null, anchor: string | null}>}
 */
export function links(text) {
  const found = [];
  let at = 0;

  const skip = (/** @type {RegExp} */ pattern) => { while (at < text.length && pattern.test(text[at])) at++; };
  const until = (/** @type {RegExp} */ pattern) => {
    const from = at;
    while (at < text.length && !pattern.test(text[at])) at++;
    return text.slice(from, at);
  };
  const quoted = () => {
    let value = "";
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === "\\" && at + 1 < text.length) at++;
      value += text[at];
    }
    at++;
    return value;
  };

  while (true) {
    skip(/[ \t,]/);
    if (text[at] !== "<") return found;
    const close = text.indexOf(">", at);
    if (close < 0) return found;
    const link = { target: text.slice(at + 1, close), rel: null, anchor: null };
    at = close + 1;
    for (skip(SPACE); text[at] === ";"; skip(SPACE)) {
      at++;
      skip(SPACE);
      const name = until(END_OF_NAME).toLowerCase();
      skip(SPACE);
      let value = "";
      if (text[at] === "=") {
        at++;
        skip(SPACE);
        value = text[at] === '"' ? quoted() : until(END_OF_TOKEN);
      }
      if (name === "rel" || name === "anchor") link[name] ??= value;
    }
    found.push(link);
    if (at < text.length && text[at] !== ",") return found;
  }
}

/** An anchor names the document itself only when it resolves to its URL, with no fragment. */
function resolver(documentUrl) {
  if (documentUrl.length > LONGEST_URL) return () => false;
  const document = new URL(documentUrl);
  document.hash = "";
  return (anchor) => URL.canParse(anchor, document) && new URL(anchor, document).href === document.href;
}
