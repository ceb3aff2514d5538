// The staff pages: sortable tables everywhere; live values and charts on a survey's page.

import { watchRendering, watchResults } from "./dashboard-live.js";
import { watchTables, write } from "./dashboard-tables.js";

// What the server must write anew when it changes, by the part of the page: the distortions and
// levels with rows (while pictures are rendered, new ones join), who there is beside people, and
// whether the survey is open, or could be.
const running = ({ state, pairs }) => [state, pairs.ready > 0, pairs.expected > 0];
const SHAPES = {
  state: running,
  control: running,
  empty: running,
  taking: running,
  "conditions-more": ({ pairs }) => pairs.ready < pairs.expected,
  shares: (results) => results.distortions.map((d) => [d.key, d.levels.map((level) => level.level)]),
  origins: ({ participants }) => [participants.previews, participants.simulated],
};
const shapes = (results) =>
  Object.entries(SHAPES).map(([id, shape]) => [id, JSON.stringify(shape(results))]);

// Taken from a fresh copy of this page.
async function refresh(ids) {
  const response = await fetch(location.href, { cache: "no-store", redirect: "manual" });
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of ids) {
    document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
  }
}

function toggleEmpty(results) {
  for (const part of document.querySelectorAll("[data-when]")) {
    part.hidden = (part.dataset.when === "empty") !== (results.votes === 0);
  }
}

function toggleBalance({ ledger }) {
  const balanced = ledger.difference === 0 && ledger.uncounted === 0;
  for (const part of document.querySelectorAll("[data-balance]")) {
    part.hidden = (part.dataset.balance === "yes") !== balanced;
  }
}

async function surveyPage(line) {
  const { Charts } = await import("./charts.js");
  const results = JSON.parse(document.getElementById("results").textContent);
  const shares = document.getElementById("shares");
  const charts = new Charts(shares, document.getElementById("texts").dataset);
  const known = new Map(shapes(results));
  charts.draw(results);
  watchResults(line, results.updated_at, async (fresh) => {
    const changed = shapes(fresh).filter(([id, shape]) => known.get(id) !== shape);
    if (changed.length) {
      await refresh(changed.map(([id]) => id));
      for (const [id, shape] of changed) known.set(id, shape);
    }
    toggleEmpty(fresh);
    toggleBalance(fresh);
    write(fresh);
    charts.draw(fresh);
  });
  watchRendering(document.getElementById("rendering"));
}

watchTables();
const line = document.getElementById("live");
if (line) surveyPage(line);
