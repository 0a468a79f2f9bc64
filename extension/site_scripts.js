// The properties as registered page scripts. Pure: signals in, registrations out.
//
// A script is chosen by the frame's own address, and looks only whether it is of its top-level page's
// origin ("here") or not ("elsewhere"). A list of sites in the page's world would tell each page of
// all the others. What a third party's frame gets wrong by that is put right by frames.js.

import { dntFor } from "./regions.js";
import { domainOf, isWildcard } from "./site_names.js";

/** @typedef {import("./regions.js").Values} Values */
/** @typedef {import("./regions.js").Region} Region */

const EVERYWHERE = "*://*/*";
const DNT = { 1: "page/dnt-here.js", 0: "page/dnt-exception.js" };

/** The files for frames with an address there. */
const FILES = {
  /** @param {Values} general @param {Values} values @param {string} name */
  dnt(general, values, name) {
    const here = dntFor(values, name);
    if (here === general.dnt) return here ? ["page/dnt.js"] : [];
    return [...here ? [DNT[here]] : [], ...general.dnt ? ["page/dnt-elsewhere.js"] : []];
  },
  gpc(general, values) {
    if (values.gpc === general.gpc) return values.gpc ? ["page/gpc.js"] : [];
    return [values.gpc ? "page/gpc-here.js" : "page/gpc-elsewhere.js"];
  },
};

/**
 * @param {Values} general
 * @param {Region[]} regions
 * @returns {object[]} registrations, for `scripting.registerContentScripts`
 */
export const registrations = (general, regions) => [...of("dnt", general, regions), ...of("gpc", general, regions)];

function of(signal, general, regions) {
  const files = FILES[signal];
  const usual = files(general, general, "");
  const wildcards = new Set(regions.filter(({ name }) => isWildcard(name)).map(({ name }) => name));
  // What the general registration leaves out; a pattern for what is below a domain takes it in, too.
  const apart = regions.filter(({ name, inside, values }) => !inside
    && (isWildcard(name) || (!wildcards.has(`*.${name}`) && files(general, values, name).join() !== usual.join())));
  const others = regions.filter((region) => region.inside || isWildcard(region.name)
    || wildcards.has(`*.${region.name}`) || apart.includes(region));
  const groups = Map.groupBy(others, ({ name, values }) =>
    JSON.stringify([files(general, values, name), isWildcard(name) ? domainOf(name).split(".").length : 0]));
  return [
    ...usual.length ? [script(signal, usual, [EVERYWHERE], apart.map(({ name }) => pattern(name)))] : [],
    ...[...groups].flatMap(([key, group]) => {
      const [js, depth] = JSON.parse(key);
      if (!js.length) return [];
      const without = depth ? group.flatMap(({ name, without: domains }) =>
        [pattern(domainOf(name)), ...domains.map((domain) => pattern(`*.${domain}`))]) : [];
      return [script(`${signal} ${js.join()} ${depth}`, js, group.map(({ name }) => pattern(name)), without)];
    }),
  ];
}

const pattern = (name) => `*://${name}/*`;

const script = (id, js, matches, excludeMatches) => ({
  id,
  js,
  matches,
  ...excludeMatches.length ? { excludeMatches } : {},
  world: "MAIN",
  runAt: "document_start",
  allFrames: true,
  matchOriginAsFallback: true,
  persistAcrossSessions: true,
});
