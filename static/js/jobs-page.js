// The page of one job: parts that the server writes, the log, and the curves.

import { Curves } from "./jobs-curves.js";
import { place, watch } from "./jobs-live.js";

const line = document.getElementById("live");
const log = document.getElementById("log");
const status = document.getElementById("status");
const note = document.querySelector("[data-log-note]");
const curves = new Curves(document.getElementById("curves"));

const NEAR = 8;
const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight <= NEAR;
let waiting = null;

function reading() {
  const selection = getSelection();
  return !atEnd() || (!selection.isCollapsed && log.contains(selection.anchorNode));
}

function writeLog({ text, key }) {
  log.textContent = text || log.dataset.empty;
  log.dataset.key = key;
  log.scrollTop = log.scrollHeight;
  waiting = null;
  note.hidden = true;
}

// Whoever has scrolled back is reading: what came since waits until they are at the end again.
function followLog(text, key) {
  if (text === undefined || key === log.dataset.key) return;
  waiting = { text, key };
  if (reading()) note.hidden = false;
  else writeLog(waiting);
}

log.addEventListener("scroll", () => {
  if (waiting && !reading()) writeLog(waiting);
});
log.scrollTop = log.scrollHeight;

// What a click brought about is history once the job has moved on.
function forget(state) {
  if (state === status.dataset.state) return;
  status.dataset.state = state;
  for (const said of document.querySelectorAll(".said")) said.hidden = true;
}

watch(
  line,
  () => `${line.dataset.url}?log=${(waiting ?? log.dataset).key}`,
  async (news) => {
    forget(news.state);
    for (const [id, html] of Object.entries(news.parts)) place(id, html);
    followLog(news.log, news.log_key);
    await curves.follow(news.curves);
  },
);
curves.follow(curves.state);
