// The results of one run: accuracies by distortion, Fig. 4, scores of sample photos.

import { palette } from "./chart-parts.js";
import { element } from "./jobs-curves.js";
import { forest, smallCurve, violin } from "./training-charts.js";
import { quartiles, tableOf } from "./training-figure4.js";
import { Samples } from "./training-samples.js";

// As high as a row of the table beside it.
const ROW = 38;
const texts = document.getElementById("texts").dataset;
const found = JSON.parse(document.getElementById("chart").textContent);
const charts = new Map();

function optionOf(box, colours, chart) {
  const narrow = chart.getWidth() < colours.px(480);
  if (box.dataset.chart === "forest") return forest(found.forest, texts, colours, narrow);
  if (box.dataset.chart === "violin") return violin(found.figure4, box.dataset.key, texts, colours, narrow);
  return smallCurve(samples.curve(box.dataset.key), texts, colours);
}

function draw() {
  const style = getComputedStyle(document.documentElement);
  const colours = { ...palette(), accent: style.getPropertyValue("--accent").trim() };
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (box.dataset.rows) box.style.height = `${(box.dataset.rows * ROW + 56) / 16}rem`;
    if (!charts.has(box)) {
      charts.set(box, window.echarts.init(box, null, { renderer: "svg" }));
      sizes.observe(box);
    }
    const chart = charts.get(box);
    chart.setOption(optionOf(box, colours, chart), true);
  }
}

const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) charts.get(target)?.resize();
});

const place = document.querySelector("[data-small]");
const samples = place && found.samples.length ? new Samples(document, found, texts, draw) : null;
const contrast = document.querySelector("figure[data-contrast]");
if (contrast && !found.figure4.levels.some((level) => level.contrast.length)) contrast.remove();
const table = document.querySelector("[data-figure4-table]");
if (table) table.append(tableOf(found.figure4, quartiles, texts, element));

const EVERY_MS = 3000;

// How far a run is; its results come with a fresh page, once they are there.
async function watch() {
  for (let live = document.querySelector("[data-live]"); live; live = document.querySelector("[data-live]")) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (document.hidden) continue;
    const response = await fetch(location.href, { cache: "no-store", redirect: "manual" }).catch(() => null);
    if (!response?.ok) continue;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-live]");
    if (!fresh) {
      location.reload();
      return;
    }
    if (fresh.innerHTML !== live.innerHTML && !live.contains(document.activeElement)) live.replaceWith(fresh);
  }
}
watch();

if (window.echarts) {
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  for (const [event, on] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      document.documentElement.classList.toggle("printing", on);
      for (const chart of charts.values()) chart.resize(on ? { width: 330 } : { width: "auto" });
      draw();
    });
  }
}
