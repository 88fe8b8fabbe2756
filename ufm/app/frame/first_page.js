// Shows the verdicts as the server finds them, until marimo's page shows them itself.
(() => {
  const page = document.getElementById("first");
  const place = document.getElementById("first-verdicts");
  document.body.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);

  const unfolded = (root) => [...root.querySelectorAll(".claim[open]")].map((claim) => claim.dataset.claim);
  const unfold = (root, names) => {
    for (const name of names) {
      const claim = root.querySelector(`[data-claim="${name}"]`);
      if (claim) claim.open = true;
    }
  };

  const ask = async () => {
    for (let known = -1, more = true; more && page.isConnected; ) {
      const query = new URLSearchParams(location.search);
      query.set("known", known);
      const answer = await fetch(`first?${query}`);
      if (!answer.ok) return;
      known = Number(answer.headers.get("x-known"));
      more = answer.headers.get("x-final") === "false";
      const open = unfolded(place);
      place.innerHTML = await answer.text();
      unfold(place, open);
      // to lay the list out costs more than a verdict
      if (place.querySelector("[data-verdict=holds]")) await new Promise((done) => setTimeout(done, 1000));
    }
  };
  ask().catch(() => {
    if (place.querySelector(".claim")) return;
    place.textContent = "ufm explore --verdicts has stopped: its terminal says why.";
  });

  const giveWay = () => {
    const shown = document.querySelector("#root [data-mark=about]");
    const verdicts = document.querySelector("#root [data-mark=verdicts], #root [data-mark=wrong]");
    if (!shown || !verdicts) return setTimeout(giveWay, 100);
    const { scrollX, scrollY } = window;
    unfold(document.getElementById("root"), unfolded(place));
    page.remove();
    window.scrollTo(scrollX, scrollY);
  };
  giveWay();

  // marimo writes each part of a choice into the address by itself: one choice is one step back
  const { pushState, replaceState } = history;
  let last = -Infinity;
  history.pushState = (...step) => {
    const isNew = performance.now() - last > 500;
    last = performance.now();
    (isNew ? pushState : replaceState).apply(history, step);
  };

  // it leaves the page as it is where the browser goes back: the page is loaded as the address says
  addEventListener("popstate", () => {
    const shown = document.querySelector("#root [data-mark=verdicts]")?.dataset.query;
    const [are, wanted] = [shown, location.search].map((query) => new URLSearchParams(query));
    if (["source", "seed", "own", "broken"].some((name) => are.get(name) !== wanted.get(name))) location.reload();
  });
})();
