// The page of one study: parts that the server writes, what may be done now, the report once it is new.

import { place, watch } from "./jobs-live.js";

const line = document.getElementById("live");
const status = document.getElementById("status");
const results = document.getElementById("results");

async function report(key) {
  if (key === results.dataset.key) return;
  const response = await fetch(results.dataset.url, { cache: "no-store" });
  if (!response.ok) throw new Error(String(response.status));
  place("results", await response.text());
  results.dataset.key = key;
}

watch(
  line,
  () => line.dataset.url,
  async (news) => {
    if (news.state !== status.dataset.state) {
      status.dataset.state = news.state;
      // What a click brought about is history once the study has moved on.
      for (const said of document.querySelectorAll(".said")) said.hidden = true;
    }
    for (const [id, html] of Object.entries(news.parts)) place(id, html);
    for (const form of document.querySelectorAll("[data-act]")) {
      form.hidden = !news.acts.includes(form.dataset.act);
    }
    await report(news.report);
  },
);
