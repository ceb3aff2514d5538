// One trial after the other: lease, show, choose, store, next. Without a line the next pair, which
// is loaded already, can be judged meanwhile; its vote waits behind the one before.

import { askReason, cardOpen, rest, restForget, resting } from "./cards.js";
import { lostAdd } from "./lost.js";
import { Outbox } from "./outbox.js";
import { Sender } from "./sender.js";
import { Refused, post } from "./server.js";
import { Stage } from "./stage.js";

// A second tap meant for the last pair must not answer the new one.
const DEAF_MS = 300;
const WAIT_MS = 1500;
const CHOICES = { arrowleft: "left", arrowup: "left", 1: "left", arrowright: "right", arrowdown: "right", 2: "right" };
const TOOLS = { u: "undo", backspace: "undo", s: "skip", p: "pause" };

const main = document.getElementById("main");
const texts = document.getElementById("texts").dataset;
const note = main.querySelector(".note");
const stage = new Stage(main.querySelector(".pair"));
const outbox = new Outbox(main.dataset.survey, main.dataset.session);
const urls = {
  vote: main.dataset.voteUrl, undo: main.dataset.undoUrl,
  skip: main.dataset.skipUrl, break: main.dataset.breakUrl,
};
const sender = new Sender(outbox, urls, { onTrouble: trouble, onSettled: settle });
const tools = Object.fromEntries([...main.querySelectorAll("[data-tool]")].map((b) => [b.dataset.tool, b]));
const cards = { skip: document.getElementById("skip-card"), rest: document.getElementById("rest-card") };

let state = null; // as the server said last
let number = 1; // of the pair on the page, counted from 1
let upcoming = null; // the pair after it, loaded meanwhile
let choosing = false; // whether the page takes an answer now
let due = false; // whether the server has offered a break that was not taken yet
let message = "";
let lastActive = Date.now();

function say(text = message) {
  message = text;
  if (note.textContent !== text) note.textContent = text;
}

// In place of the message, until the server answers again; `kind` as in server.js.
function trouble(kind) {
  const n = outbox.votes;
  note.textContent = texts[n ? kind : `${kind}Again`].replace("%(n)s", n);
}

// Something is dealt with. Votes that a closed survey refuses are told on the last page.
function settle(kind, refused) {
  if (kind === "vote" && refused?.code === "closed") lostAdd(main.dataset.session);
  say();
}

async function ask(url, body = {}) {
  const answer = await post(url, body, trouble);
  say();
  return answer;
}

function take(on) {
  choosing = on;
  lastActive = Date.now();
  const may = {
    undo: on && Boolean(state?.undo) && !outbox.votes,
    skip: on && !state?.revising,
    pause: on,
  };
  // Not `disabled`: nobody's focus should be lost.
  for (const [name, button] of Object.entries(tools)) button.setAttribute("aria-disabled", String(!may[name]));
  return may;
}

function progress(n) {
  const { total } = state;
  number = Math.min(n, total);
  const done = number - 1;
  const bar = main.querySelector(".progress");
  bar.setAttribute("aria-valuenow", done);
  bar.setAttribute("aria-valuemax", total);
  bar.firstElementChild.style.transform = `scaleX(${total ? done / total : 0})`;
  const count = main.querySelector(".count");
  count.textContent = count.dataset.template.replace("%(n)s", number).replace("%(total)s", total);
}

// The number of the pair that comes first; one that is judged again keeps its own.
const numberOf = (fresh) => fresh.done + (fresh.revising ? 0 : 1);

// Goes on with what the server said; `said` tells what became of the pair before.
async function advance(fresh, said = "") {
  state = fresh;
  if (state.state === "done") {
    progress(state.total);
    location.replace(state.next);
    return;
  }
  progress(numberOf(state));
  if (state.state === "waiting") {
    say(texts.waiting);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    await advance(await ask(main.dataset.pairUrl), said);
    return;
  }
  due ||= state.break_due;
  if ((due && !state.revising) || resting()) await takeBreak(state.done);
  await present(state.trials[0], said);
}

async function present(trial, said = "") {
  upcoming = null;
  say("");
  stage.load(trial);
  const slow = setTimeout(() => say(texts.loading), 600);
  let shown = true;
  try {
    await stage.show(trial);
  } catch {
    shown = false;
  }
  clearTimeout(slow);
  if (!shown) {
    await pictureFailed(trial, said);
    return;
  }
  say(said);
  take(true);
  lookahead();
}

// Only now, so that the next pair never competes with this one for the line.
function lookahead() {
  const place = state.trials.findIndex((trial) => trial.token === stage.trial.token);
  upcoming = place < 0 ? null : state.trials[place + 1] ?? null;
  if (upcoming) stage.load(upcoming);
}

// A pair is only given up for its pictures while the server can be reached.
async function pictureFailed(trial, said) {
  let down = false;
  const fresh = await post(main.dataset.pairUrl, {}, (kind) => { down = true; trouble(kind); });
  if (down) await advance(fresh, said);
  else await advance(await ask(main.dataset.skipUrl, { token: trial.token, reason: "picture-failed" }), texts.failed);
}

async function choose(side) {
  if (!choosing || cardOpen() || stage.elapsed() < DEAF_MS) return;
  take(false);
  const vote = { token: stage.trial.token, answer: side, ...stage.viewing() };
  stage.acknowledge(side);
  const settled = sender.send("vote", vote.token, vote);
  if (sender.down) trouble(sender.down);
  const outcome = await Promise.race([settled, sender.trouble()]);
  await stage.leave();
  if (outcome || !upcoming || !stage.isLoaded(upcoming)) {
    await arrive(outcome ?? await settled);
    return;
  }
  settled.then(catchUp).catch(stop);
  progress(number + 1);
  const next = upcoming;
  if (due) await takeBreak(number - 1);
  await present(next);
}

// A vote that the server refuses is dropped: sent again at every reload, it would keep its sender
// out for good.
async function arrive({ state: fresh, refused }) {
  await advance(fresh ?? await ask(main.dataset.pairUrl), refused ? texts.gone : "");
}

// An answer to an earlier pair has come while a later one is on the page.
async function catchUp({ state: fresh, refused }) {
  state = fresh ?? await ask(main.dataset.pairUrl);
  // Nobody is disturbed in the middle of a pair: a break comes after this one.
  due ||= Boolean(state.break_due);
  // A choice that was made meanwhile brings the next state itself.
  if (!choosing) return;
  if (!state.trials.some((trial) => trial.token === stage.trial.token)) {
    take(false);
    await stage.leave();
    await advance(state, refused ? texts.lost : texts.gone);
    return;
  }
  if (refused) say(texts.lost);
  take(true);
  lookahead();
}

async function undo() {
  take(false);
  stage.hold();
  await stage.leave();
  await again("undo", { token: state.undo }, texts.undone);
}

async function skip() {
  const { token } = stage.trial;
  const reason = await askReason(cards.skip);
  // Another tab may have ended this pair while the card was open.
  if (!reason || !choosing || stage.trial.token !== token) return;
  take(false);
  await stage.leave();
  await again("skip", { token, reason }, texts.skipped);
}

// Another tab may have been faster: then the server says no, and why.
async function again(kind, body, said) {
  const { state: fresh, refused } = await sender.send(kind, body.token, body);
  const told = refused ? refused.message : said;
  await advance(fresh ?? await ask(main.dataset.pairUrl), told);
}

async function pause() {
  take(false);
  stage.hold();
  await takeBreak(number - 1);
  await stage.appear();
  take(true);
  lookahead();
}

// The server finds the place of a break by the votes that it has: those given before come first.
function noteBreak(on) {
  sender.send("break", on ? "on" : "off", { resting: on }).catch(() => {});
}

async function takeBreak(done) {
  await rest(cards.rest, { done, total: state.total, note: noteBreak });
  due = false;
}

function stop(error) {
  take(false);
  if (error instanceof Refused && error.code === "no-session") {
    location.replace(main.dataset.startUrl);
    return;
  }
  // What the server says is meant for people: the survey was closed, for one.
  say(error instanceof Refused ? error.message : texts.stopped);
}

const ACTIONS = { undo, skip, pause };

function act(name) {
  const button = tools[name];
  if (!button || button.getAttribute("aria-disabled") === "true" || cardOpen()) return;
  ACTIONS[name]().catch(stop);
}

for (const side of stage.sides) {
  side.addEventListener("click", () => choose(side.dataset.side).catch(stop));
}
for (const name of Object.keys(tools)) tools[name].addEventListener("click", () => act(name));

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  // A held key repeats; only its first press is an answer.
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || cardOpen()) return;
  if (!(key in CHOICES) && !(key in TOOLS)) return;
  event.preventDefault();
  if (key in CHOICES) choose(CHOICES[key]).catch(stop);
  else act(TOOLS[key]);
});

window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Whoever comes back to this tab after hours reads how it works again, as after opening it anew.
const LONG_MS = 60_000 * Number(main.dataset.resumeMinutes);
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !LONG_MS || Date.now() - lastActive < LONG_MS) return;
  restForget();
  location.reload();
});

async function begin() {
  take(false);
  const waiting = outbox.size;
  if (waiting) say(texts.saving);
  const refusals = waiting ? await sender.flush() : [];
  say("");
  const fresh = await ask(main.dataset.pairUrl);
  await advance(fresh, told(refusals) || (waiting && fresh.revising ? texts.undone : ""));
}

// What became of things that had waited for the line; nobody misses a break.
function told(refusals) {
  if (refusals.some(([kind]) => kind === "vote")) return texts.lost;
  return refusals.find(([kind]) => kind !== "break")?.[1].message ?? "";
}

begin().catch(stop);
