// As gpc.js, in a page and frames of a site that is told so, unlike others.
try {
  let here = false;
  try {
    here = Boolean(top.location.href);
  } catch {
    // Another origin's page.
  }
  if (here && navigator.globalPrivacyControl !== true) {
    const get = true.valueOf.bind(true);
    Object.defineProperty(get, "name", { value: "get globalPrivacyControl" });
    Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
