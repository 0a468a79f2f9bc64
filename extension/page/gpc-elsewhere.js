// As gpc.js, in a frame on a page of somebody else's, where some sites are told otherwise.
try {
  let here = false;
  try {
    here = Boolean(top.location.href);
  } catch {
    // Another origin's page.
  }
  if (!here && navigator.globalPrivacyControl !== true) {
    const get = true.valueOf.bind(true);
    Object.defineProperty(get, "name", { value: "get globalPrivacyControl" });
    Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
