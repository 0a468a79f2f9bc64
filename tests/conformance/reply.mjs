/** What an agent makes of a reply to its proffer (protocol, section 5). */

import { agreement, holds } from "./documents.mjs";
import { seconds, utf8 } from "./encoding.mjs";
import { canonical, parse } from "./json.mjs";

const FINAL = {
  400: "malformed",
  401: "bad-signature",
  403: "declined",
  404: "unknown-agreement",
  409: "conflict",
  410: "expired",
  413: "too-large",
  415: "unsupported-type",
  422: "unknown-terms",
};
const CHANGES = ["terms", "proffered", "answer_by", "answers"];

/** One of the outcomes that replies.json explains. */
export function understand(offered, { status, content_type: type, body, at }, roster) {
  if (status === 200) return signed(offered, body, at, roster);
  if (type.split(";")[0].trim().toLowerCase() !== "application/problem+json") return "no-answer";
  let code;
  try {
    ({ code } = parse(utf8(body)));
  } catch {
    return "no-answer";
  }
  if (!(status in FINAL) || FINAL[status] !== code) return "no-answer";
  return code === "declined" ? "declined" : "refused";
}

function signed(offered, body, at, roster) {
  let came;
  try {
    came = agreement(utf8(body));
  } catch {
    return "no-answer";
  }
  if (came.id === offered.id) return came.sealed ? "sealed" : "no-answer";
  if (came.byPerson || came.members.answers !== offered.id) return "no-answer";
  if (frame(came.members) !== frame(offered.members)) return "no-answer";
  const inTime = seconds(at) < seconds(came.members.answer_by);
  const known = came.members.terms.every((term) => holds(roster, term));
  return inTime && known ? "countered" : "not-signable";
}

// They give something away: by a click alone (section 3).
const CLICK_ONLY = ["PDC-INTENT", "PDC-GOOD", "PDC-AI"];

/** What an agent does about a counter that came in time: "alone", "asks" or "never" (sections 5 and 7). */
export function decide({ listed, in_force: inForce, offers }, roster, vocabulary) {
  if (!offers.every((term) => holds(roster, term))) return "never";
  if (offers.some(({ id }) => !listed.includes(id) || CLICK_ONLY.includes(id))) return "asks";
  if (inForce === null) return "alone";
  const clausesOf = (terms) => vocabulary.merged(terms.map((term) => term.clauses));
  const compared = vocabulary.replaced(clausesOf(inForce), clausesOf(offers));
  return ["equal", "stricter"].includes(compared) ? "alone" : "asks";
}

/** What a counter takes over from the proffer. */
function frame(members) {
  const kept = Object.entries(members).filter(([name]) => !CHANGES.includes(name));
  return canonical(Object.fromEntries(kept));
}
