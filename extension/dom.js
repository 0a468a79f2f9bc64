// Building elements. Text is always text: nothing here or elsewhere reads a string as markup.

import { magnet, PICTURE } from "./magnets.js";
import { SHAPES } from "./words.js";

/**
 * @param {string} name
 * @param {Record<string, any>} [members] properties; names with a hyphen are attributes
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function el(name, members = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(members)) {
    if (key.includes("-")) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** A live region speaks when its text is set anew, so it is set only when it differs. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The two magnets, as a picture that can be set to another state.
 * @param {SVGSVGElement} picture
 */
export function magnets(picture) {
  const { width, height, thick, arm, bend, x, y, gap } = PICTURE;
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("role", "img");
  const stroke = (className, d, thickness) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", className);
    path.setAttribute("d", d);
    path.setAttribute("stroke-width", String(thickness));
    picture.append(path);
    return path;
  };
  stroke("me", magnet(1, { x, y, arm, bend }), thick);
  const site = stroke("site", magnet(-1, { x, y, arm, bend }), thick);
  stroke("alone", `M${x + 46} ${y - 36.5}V${y + 12}M${x + 46} ${y + 19.5}V${y + 36.5}`, thick);
  stroke("seal", `M${x + 24} ${y}H${x + 50}`, 13);
  stroke("strike", `M${x - 30} ${y + 44}L${x + 30} ${y - 44}`, thick / 2);

  let shown = null;
  return (/** @type {string} */ state) => {
    if (state === shown) return;
    picture.classList.toggle("live", shown !== null);
    picture.classList.toggle("closing", shown !== null && state === "active");
    picture.classList.toggle("is-promise", state === "promise");
    picture.classList.toggle("is-look", state === "look");
    picture.classList.toggle("is-alone", state === "alone");
    picture.classList.toggle("is-ended", state === "ended");
    picture.classList.toggle("is-off", state === "off");
    site.classList.toggle("dim", !["potential", "promise", "active", "look"].includes(state));
    picture.style.setProperty("--gap", String(gap[state] ?? gap.unknown));
    picture.setAttribute("aria-label", SHAPES[state] ?? SHAPES.unknown);
    shown = state;
  };
}
