// Wires the modules together. Every listener is registered in the first turn of the event loop,
// so that a worker started by an event gets that event.

import * as access from "./access.js";
import { api, ownGpc } from "./browser.js";
import * as claims from "./claims.js";
import { isOffAt } from "./choices.js";
import * as discovery from "./discovery.js";
import * as exceptions from "./exceptions.js";
import * as frames from "./frames.js";
import * as host from "./host.js";
import * as icon from "./icon.js";
import * as pages from "./pages.js";
import * as relationship from "./relationship.js";
import * as settings from "./settings.js";
import { hostOf } from "./site_names.js";
import * as tabSignals from "./tab_signals.js";
import { aloneBecause, asks, TITLE_MISTAKE, titleHereOff, titleNotAll, titleOf, titleOff } from "./words.js";

/**
 * Why the button is alone, or null. While the first hello is on its way it is not.
 * @param {boolean} [allowed] it may reach what this is about; left out: all websites
 */
function alone(allowed = access.has()) {
  if (!allowed) return { reason: "no-access", said: null };
  const { trouble } = host.status();
  return trouble && { reason: trouble.reason, said: trouble.said };
}

/** @param {string} state @param {string | null} title @param {number} [tabId] */
function show(state, title, tabId) {
  icon.show(state, settings.unapplied().length ? titleNotAll(title) : title, tabId);
}

async function paint(tabId) {
  const top = tabSignals.topOf(tabId);
  const why = alone(await access.allows(top));
  const host = hostOf(top);
  const view = relationship.visitOf(tabId)?.view ?? null;
  const asked = await exceptions.askedIn(tabId);
  icon.mark(asked ? "?" : null, tabId);
  if (isOffAt(top) && why?.reason !== "no-access") return show("off", titleHereOff(ownGpc()), tabId);
  if (asked) return show(why ? "alone" : view?.state ?? "unknown", titleOf(asks(asked.host)), tabId);
  if (!why && settings.told()?.problem) return show("alone", TITLE_MISTAKE, tabId);
  if (why) return show("alone", titleOf(aloneBecause(why, host).heading), tabId);
  const { dnt, gpc } = host === null ? settings.signals() : tabSignals.valuesAt(host);
  show(view?.state ?? "unknown", view ? titleOf(view.heading) : dnt || gpc ? null : titleOff(ownGpc()), tabId);
}

async function paintAll() {
  const why = alone();
  const { dnt, gpc } = settings.signals();
  const mistake = !why && settings.told()?.problem;
  const title = why ? titleOf(aloneBecause(why).heading) : mistake ? TITLE_MISTAKE : dnt || gpc ? null : titleOff(ownGpc());
  icon.mark(settings.unapplied().length ? "!" : null);
  show(why || mistake ? "alone" : "unknown", title);
  pages.update();
  for (const { id } of await api.tabs.query({})) paint(id);
}

const signalsChanged = async (/** @type {Promise<void>} */ changing) => {
  await Promise.all([changing, access.ready()]);
  paintAll();
};

access.listen(() => {
  signalsChanged(settings.keep({ hostless: false }));
  pages.moved();
});

async function take(told) {
  const changing = signalsChanged(settings.take(told));
  if (host.status().phase === "up") relationship.refresh();
  await changing;
  claims.refresh();
}

host.listen({
  settings: take,
  state() {
    if (host.status().phase === "up") {
      relationship.refresh();
    } else {
      relationship.hostless();
      signalsChanged(settings.keep({ hostless: true }));
    }
    paintAll();
  },
});

relationship.listen((tabId) => {
  const visit = relationship.visitOf(tabId);
  if (visit) {
    paint(tabId);
    claims.agreed(tabId, visit.documentId, visit.view?.agreement?.id ?? null);
  }
  pages.update(tabId);
});

claims.listen((tabId) => pages.update(tabId));
settings.listen(signalsChanged);
tabSignals.listen(paintAll);
frames.listen();
exceptions.listen((tabId) => {
  paint(tabId);
  pages.update(tabId);
}, take);

discovery.listen({
  committed({ tabId, documentId, url }) {
    const arrived = tabSignals.committed({ tabId, documentId, url });
    exceptions.leave(tabId);
    if (isOffAt(url) || !access.has()) arrived.then(() => paint(tabId));
    relationship.leave(tabId);
    claims.leave(tabId);
    pages.moved(tabId);
    claims.came({ tabId });
  },
  announced: relationship.announced,
  says(at, said) {
    if (said.tk.length && !isOffAt(at.url)) exceptions.speaks(at);
    claims.heard(at, said);
  },
  touched: relationship.touched,
  leaving(tabId, url, announces) {
    tabSignals.leaving(tabId, url);
    relationship.leaving(tabId, url, announces);
  },
  async stayed(tabId) {
    tabSignals.stayed(tabId);
    await relationship.stayed(tabId);
    pages.moved(tabId);
  },
  changed(tabId) {
    tabSignals.changed(tabId);
    relationship.recheck(tabId);
  },
  closed(tabId) {
    tabSignals.closed(tabId);
    exceptions.leave(tabId);
    relationship.leave(tabId);
    claims.leave(tabId);
  },
});

pages.listen({ alone, settings: take });

// A folder loaded from the command line, as Debian's Chromium does, is "installed" at every start.
api.runtime.onInstalled.addListener(async ({ reason }) => {
  const { welcomed } = await api.storage.local.get("welcomed");
  if (reason !== "install" || welcomed) return;
  try {
    await api.tabs.create({ url: api.runtime.getURL("options/options.html#welcome") });
    await api.storage.local.set({ welcomed: true });
  } catch {
    // There is no window to open a tab in: another start will have one.
  }
});
// Only so that the browser starts this worker when it starts itself.
api.runtime.onStartup.addListener(() => {});

signalsChanged(settings.keep({ hostless: false }));
relationship.restore();
exceptions.restore();
host.start();
