// Runs in the page's own world: it holds nothing but the signal itself.
try {
  Object.defineProperty(Navigator.prototype, "doNotTrack", {
    ...Object.getOwnPropertyDescriptor({ get doNotTrack() { return "1"; } }, "doNotTrack"),
    configurable: true,
    enumerable: true,
  });
} catch {
  // The page sealed the prototype first; the header still says it.
}
