// Sending photos: refuses what is too much before it is sent, and says how the upload goes on.

import { fill } from "./dashboard-tables.js";

const lang = document.documentElement.lang || "en";
// The rate is taken over this much of the past, in milliseconds.
const WINDOW = 15000;
let request = null;

const number = (value, digits = 0) =>
  value.toLocaleString(lang, { maximumFractionDigits: digits, minimumFractionDigits: digits });

function problem(form, files) {
  const { most, mostFiles, tooLarge, tooMany, mixed } = form.dataset;
  const zips = files.filter((file) => file.name.toLowerCase().endsWith(".zip"));
  if (zips.length && files.length > 1) return mixed;
  if (files.length > Number(mostFiles)) return tooMany;
  return files.reduce((sum, file) => sum + file.size, 0) > Number(most) ? tooLarge : "";
}

function timeLeft(seconds) {
  const [value, unit] =
    seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: 0 }).format(Math.ceil(value));
}

// What is said of an upload: how much, how fast, and for how long.
function pace(form, marks, event) {
  marks.push([performance.now(), event.loaded]);
  while (marks.length > 2 && marks.at(-1)[0] - marks[0][0] > WINDOW) marks.shift();
  const gone = marks.at(-1)[0] - marks[0][0];
  const rate = gone > 0 ? (event.loaded - marks[0][1]) / gone : 0;
  const said = fill(form.dataset.sent, {
    done: number(event.loaded / 1e6),
    total: number(event.total / 1e6),
    rate: number(rate / 1e3, 1),
  });
  if (gone < 2000 || !rate) return said;
  const left = timeLeft((event.total - event.loaded) / rate / 1000);
  return `${said}, ${fill(form.dataset.left, { left })}`;
}

function leaving(event) {
  event.preventDefault();
}

function over(form, said) {
  request = null;
  removeEventListener("beforeunload", leaving);
  form.querySelector("[data-sending]").hidden = true;
  form.querySelector("[type=submit]").disabled = false;
  form.querySelector("[data-said]").textContent = said;
}

// Mistakes come as the page that a browser without scripts would show.
function answered(form) {
  const { status, responseText, responseURL } = request;
  const asked = new URL(form.action).pathname;
  over(form, "");
  if (status === 201) {
    location.assign(JSON.parse(responseText).url);
    return;
  }
  const fresh = new DOMParser().parseFromString(responseText, "text/html").getElementById("main");
  if (!fresh || new URL(responseURL).pathname !== asked) {
    // Logged out, or a proxy that speaks for itself.
    if (fresh) location.assign(responseURL);
    else form.querySelector("[data-said]").textContent = form.dataset.broken;
    return;
  }
  const main = document.getElementById("main");
  main.replaceChildren(...fresh.childNodes);
  begin();
  (main.querySelector("[aria-invalid]") ?? main).focus();
}

function send(form) {
  const said = form.querySelector("[data-said]");
  const area = form.querySelector("[data-sending]");
  const bar = area.querySelector("progress");
  const marks = [];
  request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    bar.max = event.total;
    bar.value = event.loaded;
    said.textContent =
      event.loaded < event.total ? pace(form, marks, event) : form.dataset.checking;
  });
  request.addEventListener("load", () => answered(form));
  request.addEventListener("error", () => over(form, form.dataset.broken));
  request.addEventListener("abort", () => over(form, form.dataset.stopped));
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  addEventListener("beforeunload", leaving);
  area.hidden = false;
  form.querySelector("[type=submit]").disabled = true;
  request.send(new FormData(form));
}

function begin() {
  const form = document.querySelector("form[data-photos]");
  const files = form.querySelector("[name=files]");
  files.addEventListener("change", () => files.setCustomValidity(problem(form, [...files.files])));
  form.querySelector("[data-stop]").addEventListener("click", () => request?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!request) send(form);
  });
}

begin();
