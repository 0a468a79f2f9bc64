// As dnt.js, in a frame on a page of somebody else's, where some sites are told otherwise.
try {
  let here = false;
  try {
    here = Boolean(top.location.href);
  } catch {
    // Another origin's page.
  }
  if (!here && navigator.doNotTrack !== "1") {
    const get = "1".valueOf.bind("1");
    Object.defineProperty(get, "name", { value: "get doNotTrack" });
    Object.defineProperty(Navigator.prototype, "doNotTrack", { get, configurable: true, enumerable: true });
  }
} catch {
  // The page sealed the prototype first; the header still says it.
}
//# sourceURL=about:srcdoc
