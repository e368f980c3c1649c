// Search as you type: the list is asked for a moment after the last key and put in place of the one that is shown.
// The number found is read out, and the address keeps the search. Without scripts the form does it by a whole page.
(() => {
  const PAUSE = 200; // ms without a key
  const form = document.querySelector("form[data-as-typed]");
  const list = document.querySelector("[data-found]");
  const said = document.querySelector("[data-said]");
  if (!form || !list || !said) return;
  const typed = form.querySelector("input[type=search]");
  const clear = form.querySelector("[data-clear]");
  let timer = 0, asking = null, shown = query(), leaving = false;

  function query() {
    const filled = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
    return new URLSearchParams(filled).toString();
  }
  const ask = async (event) => {
    clearTimeout(timer);
    leaving = false;
    const wanted = query();
    asking?.abort(); // an earlier answer must not come after a later one, nor after its words were taken back
    list.removeAttribute("aria-busy");
    if (wanted === shown && event?.type !== "submit") return; // by its button the list is shown from its beginning
    const address = `${location.pathname}${wanted && "?"}${wanted}`;
    const own = asking = new AbortController();
    list.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { "X-Found-Only": "1" }, signal: own.signal });
      if (!answer.ok || !answer.headers.has("X-Found-Only")) throw new Error("not the list");
      const html = await answer.text();
      if (own.signal.aborted) return;
      list.innerHTML = html;
      said.textContent = list.querySelector("[data-words]").dataset.words;
      if (clear) clear.hidden = !wanted;
      history.replaceState(history.state, "", address);
      shown = wanted;
    } catch {
      if (!own.signal.aborted && !leaving) location.assign(address); // signed out, or away: the whole page says it
    } finally {
      if (asking === own) list.removeAttribute("aria-busy");
    }
  };
  typed.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, PAUSE);
  });
  typed.addEventListener("compositionend", () => { timer = setTimeout(ask, PAUSE); });
  form.addEventListener("change", ask);
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(event); });
  // Firefox fails what is still asked for when a link is followed: the list must not come in place of where that leads.
  window.addEventListener("beforeunload", () => { clearTimeout(timer); leaving = true; });
  window.addEventListener("pageshow", ask); // the browser puts back what was typed when going back
})();
