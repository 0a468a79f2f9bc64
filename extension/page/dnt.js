// Runs in the page's own world: it holds nothing but the signal itself. A bound native function shows
// a page no text of ours, and the name below no address of ours in a stack.
// Where the browser or another extension says the same, there is nothing to say.
try {
  if (navigator.doNotTrack !== "1") {
    const get = "1".valueOf.bind("1");
    Object.defineProperty(get, "name", { value: "get doNotTrack" });
    Object.defineProperty(Navigator.prototype, "doNotTrack", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
