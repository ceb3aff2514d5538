// The list of runs: some are chosen and compared.

import { count, fill } from "./dashboard-tables.js";
import { setText } from "./dashboard-live.js";

const form = document.querySelector("form[data-choose]");

function tell() {
  const line = form.querySelector("[data-chosen]");
  const n = form.querySelectorAll("input[name=run]:checked").length;
  setText(line, n < 2 ? line.dataset.none : fill(line.dataset.some, { n: count(n) }));
  form.querySelector("[data-compare]").disabled = n < 2;
}

if (form) {
  form.addEventListener("change", tell);
  // Back from the next page, boxes are ticked as they were left.
  addEventListener("pageshow", tell);
  tell();
}
