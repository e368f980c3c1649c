// Select2, which searches related records, names none of its search fields: each gets the name of the field it is for.
new MutationObserver(() => {
  for (const search of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
    const field = search.closest(".select2-container")?.previousElementSibling  // in the page; or in a list that opened
      ?? document.querySelector("select:has(+ .select2-container--open)");
    const name = field?.labels?.[0]?.textContent.trim().replace(/:$/, "");
    if (name) search.setAttribute("aria-label", name);
  }
}).observe(document, { childList: true, subtree: true });

// The theme writes icons as words of its font, and a screen reader would read them aloud ("arrow_back"). Beside words
// they are hidden from it; where nothing else names a link or button, the icon's word is better than none.
new MutationObserver(() => {
  for (const icon of document.querySelectorAll("span.material-symbols-outlined:not([aria-hidden])")) {
    const control = icon.closest("a, button");
    const isNamed = control?.ariaLabel || control?.title || control?.textContent.trim() !== icon.textContent.trim();
    if (!control || isNamed) icon.setAttribute("aria-hidden", "true");
  }
}).observe(document, { childList: true, subtree: true });
