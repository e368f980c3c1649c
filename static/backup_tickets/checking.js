/* While a ticket is being checked, ask the portal (not Autotask) how it stands and show the page anew when that changes. */
(() => {
  const waiting = document.querySelector("[data-ticket-state]");
  if (!waiting) return;
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.ticketStateUrl, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).state !== waiting.dataset.ticketState) {
        window.location.reload();
        return;
      }
    } catch { /* the portal cannot be reached just now: ask again */ }
    window.setTimeout(ask, 2000);
  };
  window.setTimeout(ask, 1000);
})();
