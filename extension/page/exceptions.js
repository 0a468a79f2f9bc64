// The API of W3C's Tracking Preference Expression, in the page's own world, where it was announced.
try {
  /** @type {Map<number, {resolve: Function, reject: Function}>} */
  const waiting = new Map();
  let numbers = 0;

  document.addEventListener("tracking-exception-answer", (/** @type {any} */ event) => {
    const { number, value, error, message } = JSON.parse(event.detail);
    const call = waiting.get(number);
    waiting.delete(number);
    if (!call) return;
    if (error) call.reject(new DOMException(message, error));
    else call.resolve(value ?? undefined);
  });

  /** As WebIDL takes a dictionary: strings become strings, null is as good as nothing. */
  const properties = (given) => {
    if (given !== undefined && given !== null && typeof given !== "object" && typeof given !== "function") throw new TypeError("properties is not an object");
    const { site, targets, name, explanation, details, maxAge } = given ?? {};
    const text = (value) => value === undefined || value === null ? null : String(value);
    return JSON.stringify({
      site: text(site),
      targets: targets === undefined || targets === null ? null : Array.from(targets, String),
      name: text(name), explanation: text(explanation), details: text(details),
      maxAge: maxAge === undefined || maxAge === null || maxAge === "" ? null : Math.trunc(Number(maxAge)) || 0,
    });
  };

  const call = (name) => (given) => new Promise((resolve, reject) => {
    const text = properties(given);
    const number = ++numbers;
    if (waiting.size >= 30 || text.length > 8_192) throw new DOMException("too much", "SyntaxError");
    waiting.set(number, { resolve, reject });
    document.dispatchEvent(new CustomEvent("tracking-exception", { detail: JSON.stringify({ number, name, text }) }));
  });

  const calls = { storeTrackingException: "store", removeTrackingException: "remove", trackingExceptionExists: "exists" };
  for (const [name, of] of Object.entries(calls)) {
    if (name in Navigator.prototype || self.origin === "null") continue;
    const value = { [name](given) { return call(of)(given); } }[name];
    Object.defineProperty(Navigator.prototype, name, { value, writable: true, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first.
}
//# sourceURL=about:srcdoc
