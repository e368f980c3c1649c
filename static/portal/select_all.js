// One box ticks all boxes of its form; buttons that need a choice wait for one. Without scripts each box is ticked by itself.
(() => {
  const show = (form) => {
    const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
    const chosen = boxes.filter((box) => box.checked).length;
    form.querySelectorAll("[data-needs-selection]").forEach((button) => { button.disabled = chosen === 0; });
    const all = form.querySelector("[data-select-all]");
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    if (!form?.querySelector("[data-select-all]")) return;
    if (event.target.matches("[data-select-all]")) {
      form.querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
    }
    show(form);
  });
  window.addEventListener("pageshow", () => { // the browser restores ticks when going back
    document.querySelectorAll("form:has([data-select-all])").forEach(show);
  });
})();
