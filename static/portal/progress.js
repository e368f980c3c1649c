// A page that shows how far some work is fetches itself until the work is over. Without scripts it shows that when loaded again.
(() => {
  const EVERY = 1000; // milliseconds
  const look = async () => {
    const here = document.querySelector("[data-progress]");
    if (!here?.hasAttribute("data-busy")) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.querySelector("[data-progress]");
      if (!answer.ok || !now) { location.reload(); return; }
      if (!now.hasAttribute("data-busy")) { here.replaceWith(now); return; }
      // The status line is a live region: it is changed, not replaced, so that it is read out.
      const status = here.querySelector("[role=status]");
      status.innerHTML = now.querySelector("[role=status]").innerHTML;
      for (const fresh of now.querySelectorAll("[data-part]")) {
        const old = here.querySelector(`[data-part="${fresh.dataset.part}"]`);
        if (!old) status.after(fresh);
        else if (!old.contains(document.activeElement)) old.replaceWith(fresh); // nobody loses the focus
      }
    } catch { /* the network is away; look again */ }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
})();
