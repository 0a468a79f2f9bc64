// As dnt.js, in a page and frames of a site that was granted an exception.
try {
  let here = false;
  try {
    here = Boolean(top.location.href);
  } catch {
    // Another origin's page.
  }
  if (here && navigator.doNotTrack !== "0") {
    const get = "0".valueOf.bind("0");
    Object.defineProperty(get, "name", { value: "get doNotTrack" });
    Object.defineProperty(Navigator.prototype, "doNotTrack", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
