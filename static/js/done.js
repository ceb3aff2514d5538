// The thank-you page, for those whose last choices came after the survey had been closed.

import { lostCount } from "./lost.js";

const note = document.getElementById("lost");
const lost = lostCount(note.dataset.session);

if (lost) {
  note.textContent = note.dataset.template.replace("%(n)s", lost);
  note.hidden = false;
}
