// Beside a page that speaks W3C's Tracking Preference Expression: passes its calls on, and the answers
// back. What it passes on is the page's word; the background checks it. A page in a sandbox, which is of
// no origin, has nothing passed on.
if (self.origin !== "null") {
  const api = globalThis.browser ?? globalThis.chrome;
  /** @type {Map<string, number>} our id → the page's number */
  const asked = new Map();
  const MOST = 30;

  document.addEventListener("tracking-exception", (/** @type {any} */ event) => {
    const given = event.detail;
    if (typeof given !== "string" || given.length > 10_000 || asked.size >= MOST) return;
    let call;
    try {
      call = JSON.parse(given);
    } catch {
      return;
    }
    const { number, name, text } = call ?? {};
    if (!Number.isInteger(number) || !["store", "remove", "exists"].includes(name)) return;
    const id = crypto.randomUUID();
    asked.set(id, number);
    api.runtime.sendMessage({ type: "tracking-exception", id, call: name, text: String(text) }).catch(() => {});
  });

  api.runtime.onMessage.addListener((message) => {
    if (message?.type !== "tracking-exception" || !asked.has(message.id)) return;
    const number = asked.get(message.id);
    asked.delete(message.id);
    const { value, error, message: why } = message;
    const detail = JSON.stringify({ number, value, error, message: why });
    document.dispatchEvent(new CustomEvent("tracking-exception-answer", { detail }));
  });
}
