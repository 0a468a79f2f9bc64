// Injected where the host may wait for the person to touch this page. Says so once.
{
  const api = globalThis.browser ?? globalThis.chrome;
  const LONE = new Set(["Escape", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn"]);
  const EVENTS = ["click", "keydown"];

  // What began in another document does not count: a click is of one document alone, but the second
  // of two may have been meant for the page before, and a key may still be held. Nor does the
  // browser's `hasBeenActive`, which outlives navigations and takes in frames of other sites.
  const heard = (event) => {
    if (!event.isTrusted || event.repeat || event.detail > 1) return;
    if (event.type === "keydown" && (LONE.has(event.key) || event.ctrlKey || event.metaKey)) return;
    for (const name of EVENTS) removeEventListener(name, heard, true);
    api.runtime.sendMessage({ type: "touched" }).catch(() => {});
  };

  for (const name of EVENTS) addEventListener(name, heard, { capture: true, passive: true });
}
