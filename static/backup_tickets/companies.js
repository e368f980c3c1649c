/* Search companies while typing. Without this file the form's button does the same. */
(() => {
  const form = document.querySelector("[data-company-search]");
  if (!form) return;
  const input = form.querySelector("input[name=q]");
  const results = document.getElementById("company-results");
  let timer, newest = 0;
  const search = async () => {
    const mine = ++newest;
    const url = new URL(window.location);
    url.search = new URLSearchParams({ q: input.value });
    try {
      const answer = await fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("company-results");
      if (mine === newest && fresh) results.replaceChildren(...fresh.childNodes);
    } catch { /* the button still works */ }
  };
  input.addEventListener("input", () => { window.clearTimeout(timer); timer = window.setTimeout(search, 300); });
})();
