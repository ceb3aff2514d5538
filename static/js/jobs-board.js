// The board: cells of the rows that are shown follow the server; rows themselves stay in place.

import { count, fill } from "./dashboard-tables.js";
import { setText } from "./dashboard-live.js";
import { place, watch } from "./jobs-live.js";

const board = document.getElementById("board");
const line = document.getElementById("live");
const counts = document.querySelector(".counts");
const rows = new Map([...(board?.querySelectorAll("tr[data-job]") ?? [])].map((row) => [row.dataset.job, row]));

function write(row, values) {
  for (const cell of row.querySelectorAll("[data-cell]")) {
    setText(cell, values[cell.dataset.cell]);
    if (cell.dataset.cell === "when") cell.title = values.at;
    if (cell.dataset.cell === "state_label") cell.className = `state ${values.state}`;
  }
  const bar = row.querySelector("progress");
  bar.value = values.percent ?? 0;
  bar.hidden = values.percent === null || values.state === "queued" || values.state === "succeeded";
}

function tellNewer(n) {
  const note = document.querySelector("[data-newer]");
  note.hidden = n === 0;
  const text = n === 1 ? note.dataset.one : fill(note.dataset.many, { n: count(n) });
  setText(note.firstElementChild, text);
}

function tellCounts(states) {
  for (const place of counts?.querySelectorAll("[data-count]") ?? []) {
    setText(place, count(states[place.dataset.count]));
  }
}

function address() {
  const query = new URLSearchParams((board ?? counts)?.dataset.query ?? "");
  query.set("ids", [...rows.keys()].join());
  if (board?.dataset.newest) query.set("newest", board.dataset.newest);
  return `${line.dataset.url}?${query}`;
}

watch(line, address, (news) => {
  for (const [pk, row] of rows) {
    row.classList.toggle("gone", !(pk in news.rows));
    if (pk in news.rows) write(row, news.rows[pk]);
  }
  if (board?.dataset.newest) tellNewer(news.newer);
  tellCounts(news.counts);
  place("workers", news.workers);
});
