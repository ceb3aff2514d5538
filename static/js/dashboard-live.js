// Asks the server again and again, quietly, and says how old the shown values are.

import { count, fill, tenth } from "./dashboard-tables.js";

const lang = document.documentElement.lang || "en";
const EVERY = 2000;
const AFTER_TROUBLE = 5000;
const TIMEOUT = 15000;
// Once all pictures are there, a look now and then is enough.
const RENDERED_EVERY = 30000;
// The rate is taken over this much of the past.
const WINDOW = 30000;

export class LoggedOut extends Error {}

export async function ask(url) {
  // A page that wants a log-in redirects to one; following it would only fetch that page.
  const response = await fetch(url, {
    cache: "no-store",
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") {
    throw new LoggedOut();
  }
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

// One request at a time, none while the tab is hidden, at once when it is seen again.
export function repeat(step, first = EVERY) {
  let timer = 0;
  let running = false;
  async function round() {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    let wait = AFTER_TROUBLE;
    try {
      wait = await step();
    } finally {
      running = false;
      if (!document.hidden) timer = setTimeout(round, wait);
    }
  }
  document.addEventListener("visibilitychange", round);
  timer = setTimeout(round, first);
}

function ago(milliseconds) {
  const format = new Intl.RelativeTimeFormat(lang, { style: "narrow", numeric: "auto" });
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return format.format(-seconds, "second");
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), "minute");
  return format.format(-Math.round(seconds / 3600), "hour");
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function watchResults(line, updatedAt, show) {
  const age = line.querySelector("[data-age]");
  const trouble = line.querySelector("[data-trouble]");
  const logIn = line.querySelector("[data-log-in]");
  let shownAt = new Date(updatedAt);
  let received = Date.now();

  function tell(problem) {
    const time = shownAt.toLocaleTimeString(lang, { hourCycle: "h23" });
    // A screen reader hears this element, so it changes only when there is news.
    setText(trouble, problem ? fill(problem, { time }) : "");
    age.hidden = Boolean(problem);
    logIn.hidden = problem !== line.dataset.loggedOut;
  }
  function tick() {
    setText(age, fill(line.dataset.updated, { ago: ago(Date.now() - received) }));
    age.title = shownAt.toLocaleString(lang, { dateStyle: "medium", timeStyle: "long" });
  }
  tick();
  setInterval(tick, 1000);
  repeat(async () => {
    try {
      const results = await ask(line.dataset.url);
      shownAt = new Date(results.updated_at);
      received = Date.now();
      await show(results);
      tell("");
      tick();
      return EVERY;
    } catch (error) {
      tell(error instanceof LoggedOut ? line.dataset.loggedOut : line.dataset.unreachable);
      return AFTER_TROUBLE;
    }
  });
}

function duration(seconds) {
  const [n, unit] =
    seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(
    Math.max(1, Math.round(n)),
  );
}

// Rate over the last polls: null until two of them, 0 when nothing moves.
function rater() {
  let past = [];
  return (done, pending) => {
    const now = performance.now();
    past = [...past.filter(([time]) => now - time <= WINDOW), [now, done]];
    if (past.length < 2) return null;
    const [time, first] = past[0];
    const rate = (1000 * (done - first)) / (now - time);
    return { rate, left: pending / rate, long: now - time >= WINDOW / 2 };
  };
}

function progressSaid(section, counts, done, total, pace) {
  const said = [];
  const data = section.dataset;
  if (counts.pending) {
    said.push(fill(data.done, { done: count(done), total: count(total) }));
    if (pace?.rate > 0) {
      const rate = pace.rate < 10 ? tenth(pace.rate) : count(Math.round(pace.rate));
      said.push(fill(data.rate, { rate, left: duration(pace.left) }));
    } else if (pace?.long) {
      said.push(data.stalled);
    }
  }
  if (counts.identical) said.push(fill(data.identical, { n: count(counts.identical) }));
  if (counts.failed) said.push(fill(data.failed, { n: count(counts.failed) }));
  return said.join("; ");
}

function listErrors(list, errors) {
  list.hidden = errors.length === 0;
  list.replaceChildren(
    ...errors.map((error) => {
      const item = document.createElement("li");
      item.textContent = error;
      return item;
    }),
  );
}

export function watchRendering(section) {
  if (!section?.dataset.url) return;
  const bar = section.querySelector("progress");
  const said = section.querySelector("[data-said]");
  const errors = section.querySelector("[data-errors]");
  const pace = rater();
  repeat(async () => {
    try {
      const counts = await ask(section.dataset.url);
      const done = counts.ready + counts.identical + counts.failed;
      const total = done + counts.pending;
      bar.hidden = counts.pending === 0;
      bar.max = total || 1;
      bar.value = done;
      setText(said, progressSaid(section, counts, done, total, pace(done, counts.pending)));
      listErrors(errors, counts.failed ? counts.errors : []);
      return counts.pending ? EVERY : RENDERED_EVERY;
    } catch {
      setText(said, section.dataset.unknown);
      return AFTER_TROUBLE;
    }
  });
}
