// The list of evaluations: some are chosen and compared, if they are of the same images.

import { count, fill } from "./dashboard-tables.js";
import { setText } from "./dashboard-live.js";

const form = document.querySelector("form[data-choose]");

function tell() {
  const line = form.querySelector("[data-chosen]");
  const chosen = [...form.querySelectorAll("input[name=evaluation]:checked")];
  const apart = new Set(chosen.map((box) => box.dataset.images)).size > 1;
  const few = chosen.length < 2;
  setText(line, apart ? line.dataset.apart : few ? line.dataset.none : fill(line.dataset.some, { n: count(chosen.length) }));
  line.classList.toggle("problem", apart);
  form.querySelector("[data-compare]").disabled = few || apart;
}

if (form) {
  form.addEventListener("change", tell);
  // Back from the next page, boxes are ticked as they were left.
  addEventListener("pageshow", tell);
  tell();
}
