// The properties as registered page scripts. Pure: signals in, registrations out.
//
// A script is chosen by the frame's own address, and looks only whether it is of its top-level page's
// origin ("here") or not ("elsewhere"). A list of sites in the page's world would tell each page of
// all the others. What a third party's frame gets wrong by that is put right by frames.js.
//
// Chromium (156) holds the address of every frame against each pattern, one by one, and 20,000 of them
// take a tenth of a page's time: a site is named once, and only for the signal that differs there.

import { dntFor, onlyOf, regionsOf } from "./regions.js";
import { domainOf, isWildcard } from "./site_names.js";

/** @typedef {import("./regions.js").Signals} Signals */
/** @typedef {import("./regions.js").Values} Values */

const EVERYWHERE = "*://*/*";
const DNT_HERE = { 1: "page/dnt-here.js", 0: "page/dnt-exception.js" };

/** The file for what is of a page's own origin there, or null. */
const FILES = {
  /** @param {Values} general @param {Values} values @param {string} name */
  dnt(general, values, name) {
    const dnt = dntFor(values, name);
    return dnt && (dnt === general.dnt ? "page/dnt.js" : DNT_HERE[dnt]);
  },
  gpc: (general, { gpc }) => gpc ? `page/gpc${general.gpc ? "" : "-here"}.js` : null,
};

/**
 * @param {Values} general
 * @param {Signals} signals  whose exceptions all hold
 * @returns {object[]} registrations, for `scripting.registerContentScripts`
 */
export const registrations = (general, signals) => [...of("dnt", general, signals), ...of("gpc", general, signals)];

function of(signal, general, signals) {
  const regions = [...regionsOf(onlyOf(signal, signals)).values()];
  const file = ({ name, values }) => FILES[signal](general, values, name);
  const usual = file({ name: "", values: general });
  const wildcards = new Set(regions.filter(({ name }) => isWildcard(name)).map(({ name }) => name));
  // What the usual script leaves out; a pattern for what is below a domain takes it in, too.
  const apart = regions.filter((region) => !region.inside
    && (isWildcard(region.name) || (!wildcards.has(`*.${region.name}`) && file(region) !== usual)));
  const others = regions.filter((region) => file(region) && (region.inside || isWildcard(region.name)
    || wildcards.has(`*.${region.name}`) || apart.includes(region)));
  const groups = Map.groupBy(others, (region) =>
    JSON.stringify([file(region), isWildcard(region.name) ? domainOf(region.name).split(".").length : 0]));
  return [
    ...usual ? [script(signal, usual, [EVERYWHERE], apart.map(({ name }) => pattern(name)))] : [],
    // On the pages of others, their frames are as any.
    ...usual && apart.length ? [script(`${signal} elsewhere`, `page/${signal}-elsewhere.js`, [EVERYWHERE], [])] : [],
    ...[...groups].map(([key, group]) => {
      const [js, depth] = JSON.parse(key);
      const without = depth ? group.flatMap(({ name, without: domains }) =>
        [pattern(domainOf(name)), ...domains.map((domain) => pattern(`*.${domain}`))]) : [];
      return script(`${signal} ${js} ${depth}`, js, group.map(({ name }) => pattern(name)), without);
    }),
  ];
}

const pattern = (name) => `*://${name}/*`;

const script = (id, js, matches, excludeMatches) => ({
  id,
  js: [js],
  matches,
  ...excludeMatches.length ? { excludeMatches } : {},
  world: "MAIN",
  runAt: "document_start",
  allFrames: true,
  matchOriginAsFallback: true,
  persistAcrossSessions: true,
});
