// Wires the modules together. Every listener is registered in the first turn of the event loop,
// so that a worker started by an event gets that event.

import * as access from "./access.js";
import { api } from "./browser.js";
import * as discovery from "./discovery.js";
import * as host from "./host.js";
import * as icon from "./icon.js";
import * as pages from "./pages.js";
import * as relationship from "./relationship.js";
import * as settings from "./settings.js";
import * as stale from "./stale.js";
import { aloneBecause, TITLE_MISTAKE, TITLE_OFF, titleOf } from "./words.js";

/** Why the button is alone, or null. While the first hello is on its way it is not. */
function alone() {
  if (!access.has()) return { reason: "no-access", said: null };
  const { trouble } = host.status();
  return trouble && { reason: trouble.reason, said: trouble.said };
}

function paint(tabId) {
  const why = alone();
  const view = relationship.visitOf(tabId)?.view ?? null;
  if (!why && settings.told()?.problem) return icon.show("alone", TITLE_MISTAKE, tabId);
  if (why) icon.show("alone", titleOf(aloneBecause(why).heading), tabId);
  else icon.show(view?.state ?? "unknown", view && titleOf(view.heading), tabId);
}

function paintAll() {
  const why = alone();
  const { dnt, gpc } = settings.signals();
  const mistake = !why && settings.told()?.problem;
  const title = why ? titleOf(aloneBecause(why).heading) : mistake ? TITLE_MISTAKE : dnt || gpc ? null : TITLE_OFF;
  icon.show(why || mistake ? "alone" : "unknown", title);
  for (const { tabId } of relationship.all()) paint(tabId);
  pages.update();
}

const signalsChanged = async (changing) => {
  if (await changing) await stale.mark();
  paintAll();
};

const lookAtAccess = access.listen(paintAll);

async function take(told) {
  const changing = signalsChanged(settings.take(told));
  if (host.status().phase === "up") relationship.refresh();
  await changing;
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
  if (relationship.visitOf(tabId)) paint(tabId);
  pages.update(tabId);
});

discovery.listen({
  committed({ tabId }) {
    relationship.leave(tabId);
    stale.freshen(tabId);
    pages.moved(tabId);
  },
  announced: relationship.announced,
  touched: relationship.touched,
  leaving: relationship.leaving,
  async stayed(tabId) {
    await relationship.stayed(tabId);
    pages.moved(tabId);
  },
  changed: relationship.recheck,
  closed: relationship.leave,
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
lookAtAccess();
relationship.restore();
host.start();
