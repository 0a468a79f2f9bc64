// Top frame, isolated world: says that the document announces ⊃ or has a link to what it says of how
// it treats people, and otherwise nothing at all. It is only a flag and an address; who sent the
// message, the browser tells.
{
  const api = globalThis.browser ?? globalThis.chrome;
  const LINKS = 'link:is([rel~="emanciterms" i], [rel~="consent-requests" i], [rel~="terms-of-service" i][type="application/json" i])[href]';
  const say = (/** @type {object} */ message) => api.runtime.sendMessage(message).catch(() => {});
  const look = () => {
    if (!document.querySelector(LINKS)) return;
    if (document.querySelector('link[rel~="emanciterms" i][href]')) say({ type: "announced" });
    const target = document.querySelector('link[rel~="consent-requests" i][href]')?.getAttribute("href").slice(0, 4_096);
    const consent = target !== undefined && URL.canParse(target, document.baseURI) ? new URL(target, document.baseURI).href : null;
    const myterms = document.querySelector('link[rel~="terms-of-service" i][type="application/json" i][href]') !== null;
    if (consent !== null || myterms) say({ type: "says", consent, myterms });
  };
  if (/** @type {any} */ (document).prerendering) document.addEventListener("prerenderingchange", look, { once: true });
  else look();
  // A page brought back by the back button is a document that loads nothing and still stands.
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });
}
