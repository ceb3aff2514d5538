// The staff pages: sortable tables everywhere; live values and charts on a survey's page.

import { watchRendering, watchResults } from "./dashboard-live.js";
import { watchTables, write } from "./dashboard-tables.js";

// The distortions and levels a page has rows for; while pictures are rendered, new ones join.
const shape = (results) =>
  JSON.stringify(results.distortions.map((d) => [d.key, d.levels.map((level) => level.level)]));

// The server writes the rows, so new ones are taken from a fresh copy of this page.
async function refreshRows(old) {
  const response = await fetch(location.href, { cache: "no-store", redirect: "manual" });
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  old.replaceChildren(...page.getElementById("shares").childNodes);
}

function toggleEmpty(results) {
  for (const part of document.querySelectorAll("[data-when]")) {
    part.hidden = (part.dataset.when === "empty") !== (results.votes === 0);
  }
}

async function surveyPage(line) {
  const { Charts } = await import("./charts.js");
  const results = JSON.parse(document.getElementById("results").textContent);
  const shares = document.getElementById("shares");
  const charts = new Charts(shares, document.getElementById("texts").dataset);
  let known = shape(results);
  charts.draw(results);
  watchResults(line, results.updated_at, async (fresh) => {
    if (shape(fresh) !== known) {
      await refreshRows(shares);
      known = shape(fresh);
    }
    toggleEmpty(fresh);
    write(fresh);
    charts.draw(fresh);
  });
  watchRendering(document.getElementById("rendering"));
}

watchTables();
const line = document.getElementById("live");
if (line) surveyPage(line);
