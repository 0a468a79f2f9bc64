// Runs in the page's own world: it holds nothing but the signal itself.
try {
  Object.defineProperty(Navigator.prototype, "globalPrivacyControl", {
    ...Object.getOwnPropertyDescriptor({ get globalPrivacyControl() { return true; } }, "globalPrivacyControl"),
    configurable: true,
    enumerable: true,
  });
} catch {
  // The page sealed the prototype first; the header still says it.
}
