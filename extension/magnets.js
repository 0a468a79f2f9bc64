// ⊂ and ⊃ as two magnets: one geometry for the popup's picture and the toolbar's icon.

/**
 * A horseshoe lying on its side, as SVG path data for a thick stroke without caps.
 * @param {1 | -1} side 1: ⊂, open to the right; -1: ⊃, open to the left
 * @param {{x: number, y: number, arm: number, bend: number}} at
 *   x: where the two arms end; y: the middle; arm: how long they are; bend: radius of the curve
 */
export function magnet(side, { x, y, arm, bend }) {
  const sweep = side === 1 ? 0 : 1;
  return `M${x} ${y - bend}H${x - side * arm}a${bend} ${bend} 0 0 ${sweep} 0 ${2 * bend}H${x}`;
}

/** The popup's picture, 200 × 92: `gap` is half the space between the magnets, by state. */
export const PICTURE = {
  width: 200, height: 92, thick: 17, arm: 34, bend: 28, x: 100, y: 46,
  gap: { off: 26, unknown: 26, private: 26, potential: 16, promise: 16, active: 0, look: 0, ended: 26, alone: 26 },
};

/** The icon, on a grid of 16 so that its edges fall on whole pixels. */
const ICON = { thick: 3, thin: 1, bend: 3.5, y: 8, middle: 8 };

/**
 * The icon's strokes. The states differ in shape, not only in colour:
 * both a thin line (off), ⊃ a thin line (unknown), ⊃ whole (potential),
 * and with a seal in its mouth (promise), no gap (active), and with "!" beside it (look), struck through (ended), "!" in its place (alone).
 * @param {string} state
 * @returns {Array<{path: string, thick: number, ink: "me" | "site" | "dim" | "warn" | "strike"}>}
 */
export function iconStrokes(state) {
  const { thick, thin, bend, y } = ICON;
  const closed = state === "active" || state === "look";
  const middle = state === "look" ? 5.5 : ICON.middle;
  const gap = closed ? 0 : 2;
  const arm = middle - gap - bend - thick / 2;
  const off = state === "off";
  /** @type {ReturnType<typeof iconStrokes>} */
  const strokes = [{ path: magnet(1, { x: middle - gap, y, arm, bend }), thick: off ? thin : thick, ink: off ? "dim" : "me" }];
  if (state === "alone") {
    strokes.push({ path: "M12.5 2V9M12.5 11V14", thick, ink: "warn" });
  } else {
    const dim = !closed && state !== "potential" && state !== "promise";
    strokes.push({
      path: magnet(-1, { x: middle + gap, y, arm, bend }),
      thick: dim ? thin : thick,
      ink: dim ? "dim" : "site",
    });
  }
  if (state === "promise") strokes.push({ path: "M9 8H13", thick: 2, ink: "site" });
  if (state === "look") strokes.push({ path: "M14 2V9M14 11V14", thick, ink: "warn" });
  if (state === "ended") strokes.push({ path: "M3.5 14.5L12.5 1.5", thick: 2, ink: "strike" });
  return strokes;
}
