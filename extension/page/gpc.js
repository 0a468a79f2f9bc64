// Runs in the page's own world: it holds nothing but the signal itself. A bound native function shows
// a page no text of ours, and the name below no address of ours in a stack.
// Where the browser or another extension says the same, there is nothing to say.
try {
  if (navigator.globalPrivacyControl !== true) {
    const get = true.valueOf.bind(true);
    Object.defineProperty(get, "name", { value: "get globalPrivacyControl" });
    Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
