// The options page's list of what the person has otherwise on single sites, and of the exceptions
// they granted, each with a way to take it out.

import { day } from "../agreement.js";
import { ownGpc } from "../browser.js";
import { byId, el } from "../dom.js";
import { SITES, UNAPPLIED } from "../words.js";

const PAGE = 50;

/**
 * Looks after #sites, #unapplied and #own-gpc.
 * @param {(message: object) => void} tell
 * @returns {(model: any, fixed: boolean) => void} show; fixed: the host cannot be told
 */
export function sitesPart(tell) {
  let shown = PAGE;
  let last = null;
  const find = byId("sites-find");
  find.placeholder = SITES.find;
  find.setAttribute("aria-label", SITES.find);
  find.addEventListener("input", () => {
    shown = PAGE;
    draw();
  });
  byId("sites-heading").textContent = SITES.title;
  byId("sites-lead").textContent = SITES.lead;
  byId("sites-none").textContent = SITES.none;
  byId("sites-more").addEventListener("click", () => {
    shown += PAGE;
    draw();
    byId("sites").children[shown - PAGE]?.querySelector("button")?.focus();
  });

  function draw() {
    const { signals, fixed } = last;
    const all = rows(signals);
    const sought = find.value.trim().toLowerCase();
    const found = sought ? all.filter(({ name }) => name.includes(sought)) : all;
    find.hidden = all.length <= 8 && !sought;
    byId("sites-none").hidden = all.length > 0;
    byId("sites").hidden = !found.length;
    byId("sites").replaceChildren(...found.slice(0, shown).map((row) => item(row, fixed, tell)));
    byId("sites-more").hidden = found.length <= shown;
    byId("sites-more").textContent = SITES.more(found.length - shown);
  }

  return ({ signals, unapplied }, fixed) => {
    last = { signals, fixed };
    draw();
    byId("unapplied").hidden = !unapplied.length;
    byId("unapplied").replaceChildren(...unapplied.map(({ reason, names, detail }) => {
      const { message, fix } = UNAPPLIED[reason](names, detail);
      return el("p", {}, el("strong", {}, message), ` ${fix}`);
    }));
    const own = ownGpc();
    const said = own === null ? "" : own ? SITES.ownGpc.yes : signals.gpc ? SITES.ownGpc.no : "";
    byId("own-gpc").hidden = !said;
    byId("own-gpc").textContent = said;
  };
}

/** By name; what is granted stands under what is chosen. */
function rows({ sites = [], exceptions = [], buttons = {} }) {
  const names = new Map(sites.map((one) => [one.site, one]));
  for (const [site, button] of Object.entries(buttons)) if (button === "off" && !names.has(site)) names.set(site, { site, dnt: "off", gpc: "off" });
  const reversed = (name) => name.replace(/^\*\./, "").split(".").reverse().join(".");
  return [
    ...[...names.values()].map(({ site, dnt, gpc }) => ({
      name: site, key: `site.${site}`,
      text: buttons[site] === "off" ? SITES.off : `${SITES.signals.dnt[dnt]}, ${SITES.signals.gpc[gpc]}`,
      message: { type: "clear", site }, label: SITES.remove, spoken: SITES.removeOf(site),
    })),
    ...exceptions.map(({ site, targets, until }) => ({
      name: site, key: `exception.${site}.${targets?.join() ?? "*"}`,
      text: `${SITES.exception(targets)}, ${SITES.until(until && day(until))}`,
      message: { type: "revoke", site, targets }, label: SITES.revoke, spoken: SITES.revokeOf(site),
    })),
  ].sort((one, other) => reversed(one.name).localeCompare(reversed(other.name)));
}

function item({ name, key, text, message, label, spoken }, fixed, tell) {
  const button = el("button", { type: "button", disabled: fixed, "aria-label": spoken, "data-key": key }, label);
  button.addEventListener("click", () => tell(message));
  const wild = name.startsWith("*.");
  return el("li", { className: "row", "data-site": name },
    el("span", {}, el("b", {}, wild ? SITES.below(name.slice(2)) : name), el("span", { className: "sub" }, text)), button);
}
