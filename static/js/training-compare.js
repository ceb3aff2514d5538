// Several runs in one chart a curve: the jobs' curves and their chart, with a line a run.

import { frame, palette } from "./chart-parts.js";
import { count, fill } from "./dashboard-tables.js";
import { setText } from "./dashboard-live.js";
import { element, numberOf, option } from "./jobs-curves.js";
import { fetchJson } from "./jobs-live.js";

const texts = document.getElementById("texts").dataset;
const runs = JSON.parse(document.getElementById("chart").textContent);
const trouble = document.querySelector("[data-trouble]");
const log = document.getElementById("log-scale");
const DASHES = ["solid", [6, 3]];
const COLOURS = 7;
const NEAR = "300px";
// Curve -> points of each run, null where it has none.
const curves = new Map();

const colourOf = (place) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--run-${place % COLOURS}`).trim();
const dashOf = (place) => DASHES[Math.floor(place / COLOURS) % DASHES.length];

function lineOf(points, place, colours) {
  const shown = points.filter(([, value]) => !log.checked || value === null || value > 0);
  return {
    type: "line",
    name: runs[place].label,
    data: shown,
    symbol: shown.length < 40 ? "circle" : "none",
    symbolSize: colours.px(4),
    itemStyle: { color: colourOf(place) },
    lineStyle: { color: colourOf(place), type: dashOf(place), width: 1.5 },
    connectNulls: false,
  };
}

function words(points, said) {
  const lines = points.map(({ seriesName, data }) => `${seriesName}  ${said(data[1]) || texts.gap}`);
  return [fill(texts.step, { step: count(points[0].data[0]) }), ...lines].join("\n");
}

function comparison(name, label, colours) {
  const lines = curves.get(name);
  const base = option({ key: name, name: label, shown: lines.filter(Boolean).flat() }, texts, colours, log.checked);
  return {
    ...base,
    ...frame(colours, fill(texts.chart, { name: label })),
    tooltip: { ...base.tooltip, formatter: (points) => words(points, numberOf(name)) },
    series: lines.flatMap((points, place) => (points ? [lineOf(points, place, colours)] : [])),
  };
}

function draw(box) {
  if (!curves.has(box.dataset.curve)) return;
  const chart = window.echarts.getInstanceByDom(box) ?? window.echarts.init(box, null, { renderer: "svg" });
  const style = getComputedStyle(document.documentElement);
  const colours = { ...palette(), accent: style.getPropertyValue("--accent").trim() };
  chart.setOption(comparison(box.dataset.curve, box.dataset.label, colours), { notMerge: true });
}

function redraw() {
  for (const box of document.querySelectorAll("[data-curve]")) {
    if (window.echarts.getInstanceByDom(box)) draw(box);
  }
}

// A number a run says what a hundred rows of steps would not.
function table(details) {
  const box = details.querySelector(".scroll");
  const cell = (text) => element("td", { className: "num", textContent: text });
  const said = numberOf(details.dataset.table);
  const head = [texts.steps, texts.last, texts.lowest, texts.highest];
  const rows = curves.get(details.dataset.table).flatMap((points, place) => {
    if (!points?.length) return [];
    const values = points.map(([, value]) => value).filter((value) => value !== null);
    const [step, last] = points.at(-1);
    const ends = values.length ? [Math.min(...values), Math.max(...values)] : [null, null];
    const cells = [last, ...ends].map((value) => cell(said(value) || texts.gap));
    const name = element("th", { scope: "row", textContent: runs[place].label });
    return [element("tr", {}, name, cell(count(step)), ...cells)];
  });
  box.replaceChildren(
    element("table", {},
      element("thead", {}, element("tr", {},
        element("th", { scope: "col", textContent: texts.run }),
        ...head.map((text) => element("th", { scope: "col", className: "num", textContent: text })))),
      element("tbody", {}, ...rows)),
  );
}

const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) window.echarts.getInstanceByDom(target)?.resize();
});
// Runs have dozens of curves; one is drawn once somebody comes near it.
const seen = new IntersectionObserver((changes) => {
  for (const { isIntersecting, target } of changes) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    draw(target);
    sizes.observe(target);
  }
}, { rootMargin: NEAR });

async function start() {
  let found;
  try {
    found = await Promise.all(runs.map(({ url }) => fetchJson(url)));
  } catch {
    setText(trouble, trouble.dataset.failed);
    return;
  }
  found.forEach(({ body }, place) => {
    for (const { name, points, last } of body.curves) {
      if (!curves.has(name)) curves.set(name, runs.map(() => null));
      const whole = points.at(-1)?.[0] === last[0] ? points : [...points, last];
      curves.get(name)[place] = whole;
    }
  });
  for (const box of document.querySelectorAll("[data-curve]")) seen.observe(box);
  for (const details of document.querySelectorAll("[data-table]")) {
    details.addEventListener("toggle", () => details.open && table(details));
  }
}

if (window.echarts && trouble) {
  start();
  log.addEventListener("change", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  for (const [event, on] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      document.documentElement.classList.toggle("printing", on);
      redraw();
    });
  }
}
