// What the button says in its own words. What is said of a site's terms comes from the host.

/**
 * What stands in the popup when the host cannot say it, or has nothing to say.
 * @type {Record<string, (host: string) => {heading: string, text: string}>}
 */
export const PLACES = {
  "browser-page": () => ({
    heading: "Nothing to say here",
    text: "This page belongs to the browser, not to a website.",
  }),
  insecure: (host) => ({
    heading: `${host} cannot sign anything`,
    text: "Its pages come over an open connection, where anybody could have written them.",
  }),
  asking: (host) => ({
    heading: host,
    text: "Looking up what you have with this site.",
  }),
  "no-answer": (host) => ({
    heading: host,
    text: "Your agent could not say what you have with this site.",
  }),
  "private-window": () => ({
    heading: "Private window: signals only",
    text: "No site is told that you have terms, and nothing is looked up, offered or kept.",
  }),
  container: () => ({
    heading: "Container tab: signals only",
    text: "Here no site is told that you have terms, and nothing is looked up, offered or kept.",
  }),
};

/** The command that puts most things right. */
export const INSTALL = "python3 install_host.py";

/**
 * Why the button is alone, and what to do. `command` is to be typed in the r-button's folder.
 * @type {Record<string, {heading: string, text: string, fix: string, command?: string}>}
 */
export const ALONE = {
  "host-not-found": {
    heading: "Your agent is not installed",
    text: "The program that keeps your terms and signs for you is not on this machine, or not where this browser looks.",
    fix: "In the r-button’s folder, run",
    command: INSTALL,
  },
  "host-forbidden": {
    heading: "Your agent does not know this button",
    text: "It was installed for an r-button with another id, so the browser keeps the two apart.",
    fix: "In the folder this button came from, run",
    command: INSTALL,
  },
  "host-not-starting": {
    heading: "Your agent cannot be started",
    text: "It ended before it said anything: its program is broken, gone, or may not be run.",
    fix: "In the r-button’s folder, run",
    command: INSTALL,
  },
  "host-exited": {
    heading: "Your agent stopped",
    text: "It ended without being asked to. The button keeps trying to start it again.",
    fix: "If this stays, see what is wrong with",
    command: `${INSTALL} --doctor`,
  },
  "host-silent": {
    heading: "Your agent does not answer",
    text: "It was started and has said nothing. The button keeps trying.",
    fix: "If this stays, see what is wrong with",
    command: `${INSTALL} --doctor`,
  },
  "update-host": {
    heading: "Your agent is older than this button",
    text: "The two no longer understand each other.",
    fix: "In the folder this button came from, run",
    command: INSTALL,
  },
  "update-extension": {
    heading: "This button is older than your agent",
    text: "The two no longer understand each other.",
    fix: "On the browser’s page of extensions, reload or update the r-button. If this stays, in its folder run",
    command: INSTALL,
  },
  "no-access": {
    heading: "The button may not reach all websites",
    text: "The browser’s settings hold its access back. Where it has none, it sends no signal.",
    fix: "Give it access to all websites again.",
  },
};

/** On a site that it may not reach. @param {string} host */
const noAccessTo = (host) => ({
  ...ALONE["no-access"],
  heading: `The button may not reach ${host}`,
  text: "The browser’s settings hold its access back, so your signals do not go out here.",
});

/** When it answers the hello with a trouble of its own, in its own words. */
export const ALONE_SAID = "Your agent has a problem";

/** For what has no words at all. */
export const ALONE_OTHER = {
  heading: "Your agent cannot be reached",
  text: "The button keeps trying.",
  fix: "If this stays, see what is wrong with",
  command: `${INSTALL} --doctor`,
};

/** Said with every reason but a lack of access. */
export const STILL_SIGNALLING = "Your signals still go out.";

/**
 * @param {{reason: string, said: {message: string, fix: string | null} | null}} why
 * @param {string | null} [host] of the page it is told of; left out: told of all
 * @returns {{heading: string, text: string, fix: string, command?: string}}
 */
export function aloneBecause({ reason, said }, host) {
  if (reason === "no-access" && host) return noAccessTo(host);
  if (reason in ALONE) return ALONE[reason];
  return said ? { heading: ALONE_SAID, text: said.message, fix: said.fix ?? "" } : ALONE_OTHER;
}

/** The page that says what is wrong. */
export const DOCTOR = {
  title: "What is wrong?",
  lead: "What the button can tell of itself, and what your agent finds on this machine.",
  looking: "Looking…",
  problems: "Something is wrong.",
  warnings: "It works. There is something to know.",
  fine: "Nothing is wrong.",
  again: "Look again",
  said: "What it said",
  mend: "Your agent can mend some of this by itself. In a terminal, type",
  mendCommand: "rbutton doctor --fix",
  elsewhere: "All of it, with what concerns the other browsers on this machine, is told by a command:",
  command: "rbutton doctor",
  alone: "The rest can be told only by a command, as your agent is not there. In the r-button’s folder, type",
  aloneCommand: `${INSTALL} --doctor`,
};

/** How much a finding weighs: for the eye and for a screen reader. */
export const SEVERITIES = {
  problem: { sign: "✗", label: "Wrong:" },
  warning: { sign: "!", label: "To know:" },
  ok: { sign: "✓", label: "Fine:" },
};

/** What the button finds out by itself. */
export const CHECKS = {
  fine: {
    access: "The button may reach all websites.",
    "signals-off": "Both signals of the button are off, as your terms say.",
    rules: "The rules that put your signals on every request are in the browser.",
    scripts: "The scripts that tell pages of your signals are in the browser.",
  },
  "no-rules": {
    message: "The rules that put your signals on requests are not all in the browser as they should be.",
    fix: "Switch the button off and on again in the browser’s page of extensions.",
  },
  "no-scripts": {
    message: "The scripts that tell pages of your signals are not all in the browser as they should be.",
    fix: "Switch the button off and on again in the browser’s page of extensions.",
  },
  /** @param {string | null} host @param {string} extension */
  hostAnswers: (host, extension) => `Your agent answers: version ${host ?? "unknown"}; this button is ${extension}.`,
  notAsked: {
    message: "Your agent did not say what is wrong on this machine.",
    fix: "Ask it in a terminal. In the r-button’s folder, type",
  },
};

/** Buttons. `busy` is said while it is under way. */
export const ACTIONS = {
  offer: { label: "Offer my terms", busy: "Offering…" },
  "offer-own": { label: "Offer my own terms…", busy: "Offering…" },
  again: { label: "Send it again", busy: "Sending…" },
  accept: { label: "Agree to it", busy: "Agreeing…" },
  decline: { label: "Decline", busy: "Declining…" },
  "accept-always": { label: "Always agree to this…", busy: "Agreeing…" },
  noted: { label: "I have seen it", busy: "Noting…" },
  renew: { label: "Offer my terms anew…", busy: "Offering…" },
  "renew-own": { label: "Offer my own terms instead…", busy: "Offering…" },
  look: { label: "Look what it says", busy: "Looking…" },
  agreement: { label: "The agreement" },
  end: { label: "End it…", busy: "Ending…" },
  "take-back": { label: "Take it back", busy: "Taking it back…" },
  "tell-again": { label: "Tell it again", busy: "Telling…" },
  retry: { label: "Try again", busy: "Trying…" },
  doctor: { label: "What is wrong?" },
  access: { label: "Give access" },
  "on-here": { label: "Switch it on again", busy: "Switching…" },
};

/**
 * Asked before what cannot be taken back with another press.
 * @type {Record<string, {text: string, yes: string, no: string}>}
 */
export const SURE = {
  end: {
    text: "It ends for you at once, and for the site when it hears of it. This cannot be undone, but you can offer your terms again.",
    yes: "End the agreement",
    no: "Keep it",
  },
  "offer-own": {
    text: "These are your own terms, held against what the site says it does. Perhaps nobody else offers the same: the site, and whoever it tells, may recognise you by them.",
    yes: "Offer my own terms",
    no: "Not now",
  },
  "accept-always": {
    text: "This site, and any other that wants the same instead of your terms, then gets it without asking you. You find it in your terms, under “also”.",
    yes: "Always agree to it",
    no: "Not now",
  },
  renew: {
    text: "This would change. What both signed holds until both have signed the new terms.",
    yes: "Offer them",
    no: "Keep it as it is",
  },
  "renew-own": {
    text: "Your own terms would be in the place of what both signed, which holds until both have signed them. Perhaps nobody else offers the same: the site, and whoever it tells, may recognise you by them.",
    yes: "Offer my own terms",
    no: "Keep it as it is",
  },
  recognise: {
    text: "The number of your agreement then goes along with every request to this site, so that it knows you again on each visit. That works like a cookie.",
    yes: "Let it know me again",
    no: "Not now",
  },
};

/** What differs between terms. */
export const DIFFERENCES = {
  headings: {
    "policy-changed": "What changed in its policy",
    countered: "What it wants instead",
  },
  marks: {
    stricter: { sign: "+", label: "better for you" },
    laxer: { sign: "–", label: "worse for you" },
    other: { sign: "≠", label: "different" },
  },
  was: "it was",
  now: "it is",
};

/** The switch that lets a site know the person again. */
export const RECOGNISE = "This site may know me again";

/** An edit of the file by hand that made something laxer. */
export const LOOSENED = {
  heading: "Your edit of your terms made something laxer.",
  text: "It holds, but until you keep it, nothing is offered by itself.",
  keep: "Keep it",
  undo: "Undo it",
};

/** The mark of a clause, for the eye and for a screen reader. */
export const MARKS = {
  met: { sign: "✓", label: "as you want it" },
  gap: { sign: "±", label: "differs from what you want" },
  unknown: { sign: "?", label: "not stated" },
};

/** What a site says of how it treats people. */
export const SAYS = {
  title: "What this site says",
  look: "Look",
  /** @param {{at: number, of: number}} which */
  looking: ({ at, of }) => `Looking… ${at} of ${of}`,
  against: "These contradict each other: ",
  details: "Details",
  source: "Read in",
  raw: "As it was read",
  kinds: { agreement: "Agreement", promise: "Promise", claim: "Claim", request: "Request", unclear: "Unclear" },
};

export const SIGNALS = {
  dnt: "Do Not Track",
  gpc: "Global Privacy Control",
};

/** @param {string} host */
export const asks = (host) => `${host} asks to track you`;

/** What of the signals is for one site. */
export const HERE = {
  /** @param {string} host */
  only: (host) => `on ${host} only`,
  /** @param {string} domain */
  domain: (domain) => `on all of ${domain}`,
  reach: "Where a change holds",
  off: "Switch all off here",
  offView: (/** @type {{name: string, reached: boolean}} */ { name, reached }) => ({
    heading: `The button is off on ${name}`,
    text: reached
      ? "The button offers no terms and asks it for nothing. But your signals may still reach its pages."
      : "The button sends no signal with its pages, offers no terms, and asks it for nothing.",
  }),
  everyone: "You let this site and everybody on it track you.",
  /** @param {string[]} targets */
  targets: (targets) => `On this site you let ${listed(targets)} track you.`,
  /** @param {string} text @param {string} until */
  until: (text, until) => `${text} Until ${until}.`,
  revoke: "Take back",
  request: {
    /** @param {string[]} sites what it would hold for, where that is not the host that asks */
    wider: (sites) => sites.length > 1 ? `all of ${sites[0]}` : sites[0],
    /** @param {string | null} wider */
    everyone: (wider) => `With your leave, ${wider ?? "it"} and everybody on its pages may track you there.`,
    /** @param {string[]} targets  of many none comes first: the site would choose which @param {string | null} wider */
    targets: (targets, wider) => `With your leave, ${targets.length > 3 ? `${targets.length} others` : listed(targets)} may track you on ${
      wider ? `the pages of ${wider}` : "its pages"}.`,
    /** @param {number} count */
    all: (count) => `All ${count} of them`,
    words: "In its own words:",
    details: "Its page about it",
    month: "Allow for 30 days",
    allow: "Allow",
    /** @param {string} until */
    until: (until) => `Allow until ${until}`,
    no: "No",
  },
  ownGpc: "Firefox itself still says Global Privacy Control here. Only Firefox’s own setting can change that: Settings, Privacy & Security.",
};

/** @param {string[]} names */
const listed = (names) => names.length > 3
  ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
  : names.join(names.length === 2 ? " and " : ", ");

/** @param {string | null} detail what the browser said */
const because = (detail) => detail ? ` (${detail.replace(/\.$/, "")})` : "";

/**
 * A choice that this browser did not take, and what to do.
 * @type {Record<string, (names: string[], detail: string | null) => {message: string, fix: string}>}
 */
export const UNAPPLIED = {
  "too-long": (names) => ({
    message: `Of ${listed(names)} the name has more parts than the browser’s rules can hold; your signals go out there as everywhere.`,
    fix: "Write a wildcard over a shorter name in terms.toml.",
  }),
  "no-host": (names) => ({
    message: `${listed(names)}: no site can have that name, so nothing is different there.`,
    fix: "Mend the name in terms.toml.",
  }),
  rules: (_, detail) => ({
    message: `The browser did not take the rules for single sites${because(detail)}. Your signals go out everywhere as they do in general.`,
    fix: "Take out sites that you no longer need. If it stays, switch the button off and on again in the browser’s page of extensions.",
  }),
  "no-access": () => ({
    message: "The button may reach this website, but not all: elsewhere your signals do not go out, and perhaps not with all that this page loads.",
    fix: "On the browser’s page of extensions, give the button access to all websites.",
  }),
  tabs: (_, detail) => ({
    message: `The browser did not take all rules for single tabs${because(detail)}. What pages load that are under other signals than the general, by their site or since before a change, may get the general ones.`,
    fix: "Close tabs that you no longer need. If it stays, switch the button off and on again in the browser’s page of extensions.",
  }),
  scripts: (_, detail) => ({
    message: `The browser did not take the page scripts for single sites${because(detail)}. What pages read in navigator is as in general, whatever the headers say.`,
    fix: "Switch the button off and on again in the browser’s page of extensions.",
  }),
  "all-rules": (_, detail) => ({
    message: `The browser did not take the rules of your signals${because(detail)}. What it took before holds: your signals may go out otherwise than you chose, or not at all.`,
    fix: "Switch the button off and on again in the browser’s page of extensions.",
  }),
  "all-scripts": (_, detail) => ({
    message: `The browser did not take the page scripts of your signals${because(detail)}. What pages read in navigator may be otherwise than you chose, whatever the headers say.`,
    fix: "Switch the button off and on again in the browser’s page of extensions.",
  }),
};

/** The list of choices and exceptions on the options page. */
export const SITES = {
  title: "On single sites",
  lead: "What differs from the general. You choose it in the popup, on the site itself, or in the file.",
  none: "Nothing differs on any site.",
  find: "Find a site",
  off: "Everything off",
  signals: { dnt: { on: "DNT on", off: "DNT off", exception: "DNT 0: it may track you" }, gpc: { on: "GPC on", off: "GPC off" } },
  /** @param {string[] | null} targets */
  exception: (targets) => targets === null ? "may track you, with everybody on it" : `${listed(targets)} may track you there`,
  /** @param {string | null} until */
  until: (until) => until === null ? "until you take it back" : `until ${until}`,
  remove: "Remove",
  /** @param {string} name */
  removeOf: (name) => `Remove what you chose for ${name}`,
  /** @param {string} name */
  revokeOf: (name) => `Take back what you allowed on ${name}`,
  revoke: "Take back",
  /** @param {string} name */
  below: (name) => `below ${name}`,
  /** @param {number} left */
  more: (left) => `Show more (${left.toLocaleString("en-GB")} left)`,
  ownGpc: {
    yes: "Firefox itself says Global Privacy Control, too. Where you switch it off here, Firefox still says it: only Firefox’s own setting can change that.",
    no: "Firefox’s own Global Privacy Control is off. The button says it for you.",
  },
};

/**
 * Where one agreement of the list stands: its picture, and in words.
 * @type {Record<string, {shape: string, label: string, since: string}>}
 */
export const STANDINGS = {
  active: { shape: "active", label: "Both signed", since: "since" },
  proffered: { shape: "potential", label: "No answer yet", since: "offered on" },
  countered: { shape: "potential", label: "It wanted other terms", since: "on" },
  unanswered: { shape: "potential", label: "It did not answer", since: "as of" },
  declined: { shape: "potential", label: "It declined", since: "on" },
  refused: { shape: "potential", label: "It could not take them", since: "on" },
  expired: { shape: "ended", label: "It has run out", since: "on" },
  withdrawn: { shape: "ended", label: "You ended it", since: "on" },
  "taken-back": { shape: "ended", label: "You took it back", since: "on" },
};

/** Around one agreement, signed by both or only offered. */
export const AGREEMENT = {
  sealed: { copied: "Copied: the agreement with both signatures.", file: "agreement", signed: "Signed" },
  offered: { copied: "Copied: your terms with your signature.", file: "offer", signed: "Offered" },
  until: "Holds until",
};

/** Of what was offered it is both that a list has. @param {number} total */
const counted = (total) => total === 1 ? "1 agreement or offer" : `${total.toLocaleString("en-GB")} agreements and offers`;

export const LIST = {
  lead: "Every site that was ever offered your terms, the newest first.",
  empty: {
    heading: "No site has been offered anything yet.",
    text: "Visit a site that takes terms, and click or type in its page. What becomes of it will stand here.",
  },
  waiting: "Your agent keeps your agreements. They are shown once it is there.",
  count: counted,
  /** @param {number} total */
  found: (total) => total === 1 ? "1 found" : `${total.toLocaleString("en-GB")} found`,
  /** @param {string} find */
  none: (find) => `No site with “${find}” in its address has been offered anything.`,
  /** @param {number} left */
  more: (left) => `Show more (${left.toLocaleString("en-GB")} left)`,
};

/** Erasing a site from the person's own records. */
export const FORGET = {
  /** @param {string} site */
  label: (site) => `Forget ${site}…`,
  /** @param {string} site @param {number} agreements */
  text: (site, agreements) => `Everything kept here of ${site} is erased for good: ${counted(agreements)}, and what became of them. The site keeps what it has.`,
  yes: "Erase it",
  anyway: "Erase it all the same",
  no: "Keep it",
};

/** The picture in words, for the toolbar and the popup. */
export const SHAPES = {
  unknown: "you and the site, apart",
  potential: "you and the site, apart, and the site has terms",
  promise: "you and the site, apart, and the site has made a promise to everyone",
  active: "you and the site, joined",
  look: "you and the site, joined, with an exclamation mark",
  ended: "you and the site, apart, struck through",
  alone: "you, alone, with an exclamation mark",
  private: "you and the site, apart",
  off: "you and the site, apart, both faint",
};

/** The toolbar before anything is known of a page. */
export const TITLE = "r-button: your signals go out; this site has no terms for you yet";
/** @param {boolean | null} ownGpc what the browser itself says of GPC, whatever the button does */
export const titleOff = (ownGpc) => `r-button: both signals are off${still(ownGpc)}; this site has no terms for you yet`;
export const titleHereOff = (/** @type {boolean | null} */ ownGpc) => `r-button: switched off on this site${still(ownGpc)}; press to switch it on`;
const still = (/** @type {boolean | null} */ ownGpc) => ownGpc ? ", but Firefox itself says Global Privacy Control" : "";
const NOT_ALL = "not all that you chose could be applied; press to see what";
/** @param {string | null} title null: the usual one */
export const titleNotAll = (title) => title === null ? titleOf(NOT_ALL) : `${title}; ${NOT_ALL}`;
/** Below a mistake in terms.toml. */
export const MEANWHILE = "Until it is mended, what was right before holds.";
export const TITLE_MISTAKE = "r-button: there is a mistake in your terms; press to see where";
/** @param {string} heading */
export const titleOf = (heading) => `r-button: ${heading}`;

export const OPTIONS = {
  lead: "⊂ is you. ⊃ is the website. They close when both have signed the same terms.",
  welcome: "The r-button is in",
  signals: {
    dnt: { label: "Do Not Track", text: "Do not track me, here or on other sites." },
    gpc: { label: "Global Privacy Control", text: "Do not sell or share my data. Several laws give it force." },
  },
  look: {
    click: { label: "When I press Look", text: "No site is asked before that." },
    auto: { label: "On every site I visit", text: "Once a week at most. A site that looks for it can tell that somebody asks, and that they were there in that week." },
    never: { label: "Never", text: "No such request at all." },
  },
  negotiate: {
    auto: { label: "When I touch the page", text: "A site that takes terms is offered yours once you click or type in its page." },
    click: { label: "Only when I press the button", text: "A site is told nothing of your terms before that." },
    never: { label: "Never", text: "Signals only. No site is offered anything." },
  },
  lasts: {
    "for good": { label: "For good", text: "Until you or the site end it." },
    "1 year": { label: "A year", text: "" },
    "6 months": { label: "Six months", text: "" },
    "1 month": { label: "A month", text: "" },
  },
  now: {
    signals: {
      both: "Every website is told not to track you and not to sell or share your data.",
      dnt: "Every website is told not to track you.",
      gpc: "Every website is told not to sell or share your data.",
      none: "The button sends no signal: both are off.",
      some: "Only the websites that the button may reach are told what is switched on below.",
    },
    /** @param {string} terms */
    auto: (terms) => `When a website takes terms and you touch its page, it is offered “${terms}”.`,
    /** @param {string} terms */
    click: (terms) => `When you press the button on a website that takes terms, it is offered “${terms}”.`,
    never: () => "No website is offered your terms.",
    kept: "What a website signs is kept on this machine and by the website. Nobody else gets anything.",
    change: "You can change all of it here, now or later.",
  },
  byClick: "It gives something away: only your click on a site’s page ever offers it.",
  noChoice: "No terms are chosen, so nothing can be offered.",
  addToChoice: "and also…",
  addChoice: "Add another choice…",
  file: ["All of this is one file, made to be read and edited by hand: ", ". The button follows it at once."],
  noFile: "All of this is kept in one file by your agent, which this page cannot reach now.",
  data: ["What was signed is kept in ", "."],
  waiting: "Everything below can be changed here once your agent is there.",
  saved: "Saved",
};
