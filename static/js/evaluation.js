// Pages of an evaluation, of a comparison and of a fine-tuning: charts, and fresh progress.

import { palette } from "./chart-parts.js";
import { correlations, errors, losses, scatter } from "./evaluation-charts.js";

const EVERY_MS = 3000;
const MAKERS = { scatter, errors, losses, correlations };
const texts = document.getElementById("texts")?.dataset;
const found = JSON.parse(document.getElementById("chart")?.textContent ?? "null");
const charts = new Map();

function draw() {
  const style = getComputedStyle(document.documentElement);
  const colours = { ...palette(), accent: style.getPropertyValue("--accent").trim() };
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (!charts.has(box)) {
      charts.set(box, window.echarts.init(box, null, { renderer: "svg" }));
      sizes.observe(box);
    }
    charts.get(box).setOption(MAKERS[box.dataset.chart](found, texts, colours), true);
  }
}

const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) charts.get(target)?.resize();
});

// How far it is; results come with a fresh page, once they are there.
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

if (window.echarts && found) {
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
