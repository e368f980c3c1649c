/* While something about the ticket is under way, ask the portal (not Autotask) and show the page anew when it changed. */
(() => {
  const waiting = document.querySelector("[data-ticket-stamp]");
  if (!waiting) return;
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.ticketStateUrl, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).stamp !== waiting.dataset.ticketStamp) {
        if (!document.querySelector("textarea:focus, input:focus")) window.location.reload();
        return;
      }
    } catch { /* the portal cannot be reached just now: ask again */ }
    window.setTimeout(ask, 2000);
  };
  window.setTimeout(ask, 1000);
})();
