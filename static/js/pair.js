// One trial after the other: lease, show, choose, store, next.

import { Outbox, Refused, post } from "./server.js";
import { Stage } from "./stage.js";

// A second tap meant for the last pair must not answer the new one.
const DEAF_MS = 300;
const WAIT_MS = 1500;
const KEYS = { ArrowLeft: "left", ArrowUp: "left", 1: "left", ArrowRight: "right", ArrowDown: "right", 2: "right" };

const main = document.getElementById("main");
const texts = document.getElementById("texts").dataset;
const note = main.querySelector(".note");
const stage = new Stage(main.querySelector(".pair"));
const outbox = new Outbox(main.dataset.survey);
let choosing = false;

function say(text) {
  if (note.textContent !== text) note.textContent = text;
}

function progress(state) {
  const bar = main.querySelector(".progress");
  bar.setAttribute("aria-valuenow", state.done);
  bar.setAttribute("aria-valuemax", state.total);
  bar.firstElementChild.style.transform = `scaleX(${state.total ? state.done / state.total : 0})`;
  const count = main.querySelector(".count");
  const number = Math.min(state.done + 1, state.total);
  count.textContent = count.dataset.template.replace("%(n)s", number).replace("%(total)s", state.total);
}

// `message` tells what became of the pair before.
async function advance(state, message = "") {
  progress(state);
  if (state.state === "done") {
    location.replace(state.next);
    return;
  }
  if (state.state === "waiting") {
    say(texts.waiting);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    await advance(await post(main.dataset.pairUrl, {}), message);
    return;
  }
  const [current, upcoming] = state.trials;
  stage.load(current);
  const slow = setTimeout(() => say(texts.loading), 600);
  try {
    await stage.show(current);
  } catch {
    clearTimeout(slow);
    await skip(current);
    return;
  }
  clearTimeout(slow);
  say(message);
  choosing = true;
  // Only now, so that the next pair never competes with this one for the line.
  if (upcoming) stage.load(upcoming);
}

async function skip(trial) {
  const body = { token: trial.token, reason: "picture-failed" };
  const state = await post(main.dataset.skipUrl, body, () => say(texts.saving));
  await advance(state, texts.failed);
}

async function choose(side) {
  if (!choosing || stage.elapsed() < DEAF_MS) return;
  choosing = false;
  const vote = { token: stage.trial.token, answer: side, ...stage.viewing() };
  stage.acknowledge(side);
  outbox.put(vote);
  const { state, message } = await send(vote);
  await stage.leave();
  await advance(state, message);
}

// Sends a vote until it is stored. A vote that the server refuses is dropped: sent again at every
// reload, it would keep its sender out for good.
async function send(vote) {
  try {
    const state = await post(main.dataset.voteUrl, vote, () => say(texts.saving));
    outbox.clear();
    say("");
    return { state, message: "" };
  } catch (error) {
    if (!(error instanceof Refused) || error.code === "no-session") throw error;
    outbox.clear();
    const state = await post(main.dataset.pairUrl, {});
    return { state, message: texts.gone };
  }
}

function stop(error) {
  choosing = false;
  if (error instanceof Refused && error.code === "no-session") {
    location.replace(main.dataset.startUrl);
    return;
  }
  // What the server says is meant for people: the survey was closed, for one.
  say(error instanceof Refused && error.code ? error.message : texts.stopped);
}

async function begin() {
  const kept = outbox.get();
  if (kept) {
    const { state, message } = await send(kept);
    await advance(state, message);
  } else {
    await advance(await post(main.dataset.pairUrl, {}, () => say(texts.loading)));
  }
}

for (const side of stage.sides) {
  side.addEventListener("click", () => choose(side.dataset.side).catch(stop));
}
document.addEventListener("keydown", (event) => {
  const side = KEYS[event.key];
  // A held key repeats; only its first press is an answer.
  if (!side || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  choose(side).catch(stop);
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
begin().catch(stop);
