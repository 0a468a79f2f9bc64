// Injected only where the host waits for the person to touch this page. Says so once.
{
  const api = globalThis.browser ?? globalThis.chrome;
  const LONE = new Set(["Escape", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn"]);
  const EVENTS = ["pointerdown", "pointerup", "keydown"];

  const tell = () => {
    for (const name of EVENTS) removeEventListener(name, heard, true);
    api.runtime.sendMessage({ type: "touched" }).catch(() => {});
  };
  const down = new Set();
  // A mouse clicks when it goes down. A finger may only be scrolling until it is lifted. What began
  // in another document does not count: a press that navigated, a key that is still held. Nor does
  // the browser's `hasBeenActive`, which outlives navigations and takes in frames of other sites.
  const heard = (event) => {
    if (!event.isTrusted || event.repeat) return;
    if (event.type === "keydown" && (LONE.has(event.key) || event.ctrlKey || event.metaKey)) return;
    if (event.type === "pointerdown") down.add(event.pointerId);
    if (event.type === "pointerdown" && event.pointerType !== "mouse") return;
    if (event.type === "pointerup" && !down.has(event.pointerId)) return;
    tell();
  };

  for (const name of EVENTS) addEventListener(name, heard, { capture: true, passive: true });
}
