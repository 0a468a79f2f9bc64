// One agreement, whole: to read, to copy and to save. The popup and the list of agreements have the
// same part for it.

import { byId, el } from "./dom.js";
import { AGREEMENT } from "./words.js";

/** @param {string} time RFC 3339 @returns {string} "22 November 2026" */
export const day = (time) => new Date(time).toLocaleDateString("en-GB", { dateStyle: "long" });

/**
 * How a site is called: https is what is expected, only what is not is written out.
 * @param {string} origin
 */
export const siteOf = (origin) => origin.startsWith("https://") ? origin.slice("https://".length) : origin;

/**
 * @typedef {{id: string, since: string, until: string | null, jws: string,
 *   terms: Array<{id: string, title: string, text: string, url: string}>}} Agreement
 */

/**
 * Looks after a page's #terms, #ids, #copy, #save and #kept.
 * @returns {(agreement: Agreement, site: string, sealed: boolean) => void} show one: whom it is
 *   with, and whether both signed it
 */
export function agreementPart() {
  /** @type {{agreement: Agreement, site: string, words: typeof AGREEMENT.sealed}} */
  let shown;

  byId("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(shown.agreement.jws);
    byId("kept").textContent = shown.words.copied;
  });

  byId("save").addEventListener("click", () => {
    const { agreement, site, words } = shown;
    const url = URL.createObjectURL(new Blob([agreement.jws], { type: "application/jose+json" }));
    const name = `${words.file} ${site} ${agreement.since.slice(0, 10)}.json`.replace(/[^\w.-]+/g, "-");
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    byId("kept").textContent = `Saved as ${name}`;
  });

  return (agreement, site, sealed) => {
    shown = { agreement, site, words: sealed ? AGREEMENT.sealed : AGREEMENT.offered };
    byId("terms").replaceChildren(...agreement.terms.map(({ title, text, url }) =>
      el("article", {}, el("h2", {}, title), el("p", {}, text), link(url))));
    byId("ids").replaceChildren(
      el("dt", {}, "Terms"), el("dd", {}, agreement.terms.map(({ id }) => id).join(", ")),
      el("dt", {}, shown.words.signed), el("dd", {}, agreement.since),
      ...agreement.until ? [el("dt", {}, AGREEMENT.until), el("dd", {}, agreement.until)] : [],
      el("dt", {}, "Agreement"), el("dd", {}, agreement.id));
    byId("kept").textContent = "";
  };
}

function link(url) {
  if (!url || !URL.canParse(url) || new URL(url).protocol !== "https:") return null;
  return el("a", { href: url, target: "_blank", rel: "noreferrer" }, "The terms where they are published");
}
