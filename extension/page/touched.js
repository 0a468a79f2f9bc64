// Injected only where the host waits for the person to touch this page. Says so once.
{
  const api = globalThis.browser ?? globalThis.chrome;
  const LONE = new Set(["Escape", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn"]);
  const EVENTS = ["pointerdown", "pointerup", "keydown"];

  const tell = () => {
    for (const name of EVENTS) removeEventListener(name, heard, true);
    api.runtime.sendMessage({ type: "touched" }).catch(() => {});
  };
  // A mouse clicks when it goes down. A finger may only be scrolling until it is lifted.
  const heard = (event) => {
    if (!event.isTrusted) return;
    if (event.type === "keydown" && (LONE.has(event.key) || event.ctrlKey || event.metaKey)) return;
    if (event.type === "pointerdown" && event.pointerType !== "mouse") return;
    tell();
  };

  if (navigator.userActivation?.hasBeenActive) tell();
  else for (const name of EVENTS) addEventListener(name, heard, { capture: true, passive: true });
}
