// Asks for news of jobs again and again: a tag says what is known, so that no news is no body.

import { LoggedOut, repeat, setText } from "./dashboard-live.js";
import { fill } from "./dashboard-tables.js";

const EVERY = 2000;
const AFTER_TROUBLE = 5000;
const TIMEOUT = 15000;
const lang = document.documentElement.lang || "en";

export class Gone extends Error {}

export async function fetchJson(url, tag = "") {
  const response = await fetch(url, {
    cache: "no-store",
    headers: { Accept: "application/json", ...(tag && { "If-None-Match": tag }) },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") {
    throw new LoggedOut();
  }
  if (response.status === 404) throw new Gone();
  if (response.status === 304) return { body: null, tag };
  if (!response.ok) throw new Error(String(response.status));
  return { body: await response.json(), tag: response.headers.get("ETag") ?? "" };
}

function ago(milliseconds) {
  const format = new Intl.RelativeTimeFormat(lang, { style: "narrow", numeric: "auto" });
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60
    ? format.format(-seconds, "second")
    : format.format(-Math.round(seconds / 60), "minute");
}

// `url` gives the address for each round, `show` puts the news in place.
export function watch(line, url, show) {
  const age = line.querySelector("[data-age]");
  const trouble = line.querySelector("[data-trouble]");
  const logIn = line.querySelector("[data-log-in]");
  let received = Date.now();
  let tag = "";
  let asked = "";

  function tell(problem) {
    const time = new Date(received).toLocaleTimeString(lang, { hourCycle: "h23" });
    // A screen reader hears this element, so it changes only when there is news.
    setText(trouble, problem ? fill(problem, { time }) : "");
    age.hidden = Boolean(problem);
    logIn.hidden = problem !== line.dataset.loggedOut;
  }
  function tick() {
    setText(age, fill(line.dataset.updated, { ago: ago(Date.now() - received) }));
  }
  tick();
  setInterval(tick, 1000);
  repeat(async () => {
    try {
      const address = url();
      const news = await fetchJson(address, address === asked ? tag : "");
      if (news.body) await show(news.body);
      [tag, asked, received] = [news.tag, address, Date.now()];
      tell("");
      tick();
      return EVERY;
    } catch (error) {
      const { loggedOut, gone, unreachable } = line.dataset;
      tell(error instanceof LoggedOut ? loggedOut : error instanceof Gone ? gone : unreachable);
      return AFTER_TROUBLE;
    }
  });
}

const shown = new Map();

// Parts of a page that the server writes: put in place only where they changed.
export function place(id, html) {
  const part = document.getElementById(id);
  if (!part || shown.get(id) === html) return;
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  shown.set(id, html);
  const words = (element) => element.textContent.replace(/\s+/g, " ");
  const links = (element) => [...element.querySelectorAll("a")].map((a) => a.href).join();
  const bars = (element) => [...element.querySelectorAll("progress")].map((p) => p.value).join();
  if ([words, links, bars].every((look) => look(part) === look(fresh))) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.href : "";
  part.replaceChildren(...fresh.childNodes);
  // Whoever walks by keyboard stays where they were, or near it.
  if (focused) {
    const same = [...part.querySelectorAll("a")].find((a) => a.href === focused);
    (same ?? document.querySelector("h1")).focus();
  }
}
