// The page of an import shows how far the work is, until it is over. Without scripts it shows that when loaded again.
(() => {
  const EVERY = 1000; // milliseconds
  const look = async () => {
    const here = document.querySelector("[data-import]");
    if (!here?.hasAttribute("data-busy")) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.querySelector("[data-import]");
      if (!answer.ok || !now) { location.reload(); return; }
      // The status line is a live region: it is changed, not replaced, so that it is read out.
      if (now.hasAttribute("data-busy")) {
        here.querySelector("[role=status]").innerHTML = now.querySelector("[role=status]").innerHTML;
        const [old, fresh] = [here.querySelector(".p-tiles"), now.querySelector(".p-tiles")];
        if (old && fresh) old.replaceWith(fresh);
        else if (fresh) here.querySelector("[role=status]").after(fresh);
      } else {
        here.replaceWith(now);
        return;
      }
    } catch { /* the network is away; look again */ }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
})();
