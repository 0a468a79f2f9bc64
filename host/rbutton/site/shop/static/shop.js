// The basket, which is only in this page, and the two cards that change by themselves.

const basket = document.getElementById("basket");
let inBasket = 0;

document.addEventListener("click", ({ target }) => {
  const name = target.closest?.("[data-buy]")?.dataset.buy;
  if (name) {
    inBasket += 1;
    basket.textContent = `Basket: ${inBasket} ${inBasket === 1 ? "thing" : "things"}`;
  }
});

const EVERY = 1500; // milliseconds

async function refresh() {
  const reply = await fetch("/record", { cache: "no-store" });
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const id of ["received", "record"]) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    // Untouched while it is the same: a screen reader would read it again.
    if (now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
  }
}

async function keepFresh() {
  if (document.visibilityState === "visible") {
    await refresh().catch(() => {}); // the shop is closed; it may open again
  }
  setTimeout(keepFresh, EVERY);
}

setTimeout(keepFresh, EVERY);
