// Run Checks by keyboard: j/k move, x selects, Enter opens, / searches. Without scripts the page works all the same.
(() => {
  const page = document.querySelector("[data-run-checks]");
  if (!page) return;
  const rows = [...page.querySelectorAll("[data-row]")];
  const boxes = rows.map((row) => row.querySelector("input[name=run]")).filter(Boolean);
  const all = page.querySelector("[data-select-all]");
  const buttons = page.querySelectorAll("[data-needs-selection]");
  let current = -1;

  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    buttons.forEach((button) => { button.disabled = chosen === 0; });
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };
  const move = (step) => {
    rows[current]?.classList.remove("rc-current");
    current = Math.max(0, Math.min(rows.length - 1, current + step));
    rows[current]?.classList.add("rc-current");
    rows[current]?.scrollIntoView({ block: "nearest" });
    rows[current]?.querySelector("[data-open]")?.focus({ preventScroll: true });
  };
  const search = page.querySelector("input[name=q]");
  const keys = {
    "/": () => { search?.focus(); search?.select(); },
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const box = rows[current]?.querySelector("input[name=run]");
      if (box) { box.checked = !box.checked; show(); }
    },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  all?.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); show(); });
  boxes.forEach((box) => box.addEventListener("change", show));
  window.addEventListener("pageshow", show); // the browser restores ticks when going back
  show();
})();
