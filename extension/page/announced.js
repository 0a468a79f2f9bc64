// Top frame, isolated world: says that the document announces ⊃, and otherwise nothing at all.
// The message is only a flag; who sent it, the browser tells.
{
  const api = globalThis.browser ?? globalThis.chrome;
  const look = () => {
    if (document.querySelector('link[rel~="emanciterms" i][href]')) {
      api.runtime.sendMessage({ type: "announced" }).catch(() => {});
    }
  };
  if (/** @type {any} */ (document).prerendering) document.addEventListener("prerenderingchange", look, { once: true });
  else look();
  // A page brought back by the back button is a document that loads nothing and still stands.
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });
}
