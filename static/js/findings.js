// Pages of a NIMA check and of a diversity check: charts, and fresh figures while the job runs.

import { dashes, frame, markLine, palette, shareAxis, tooltip } from "./chart-parts.js";
import { count, fill, interval, percent, tenth } from "./dashboard-tables.js";

const EVERY_MS = 3000;
const ROW = 28;
const charts = new Map();
const texts = () => document.getElementById("texts").dataset;
const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

function histogramOption({ bins, low, per }, colours) {
  const { px } = colours;
  const total = bins.reduce((sum, n) => sum + n, 0);
  const edge = (i) => low + i / per;
  const label = (value) => new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2 }).format(value);
  const words = (i) =>
    fill(texts().bin, { low: label(edge(i)), high: label(edge(i + 1)), n: count(bins[i]), percent: tenth((100 * bins[i]) / total) });
  return {
    ...frame(colours, texts().description),
    grid: { left: px(52), right: px(16), top: px(16), bottom: px(44), outerBoundsMode: "none" },
    tooltip: { ...tooltip(colours, words), trigger: "item", formatter: ({ dataIndex }) => words(dataIndex) },
    xAxis: {
      type: "value", min: low, max: edge(bins.length), interval: 1,
      name: texts().mean, nameLocation: "middle", nameGap: px(26),
      nameTextStyle: { color: colours.quiet, fontSize: px(13) },
      axisLabel: { color: colours.quiet, fontSize: px(12) },
      axisLine: { lineStyle: { color: colours.quiet } }, axisTick: { lineStyle: { color: colours.quiet } },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value", minInterval: 1, axisLabel: { color: colours.quiet, fontSize: px(12), formatter: count },
      splitLine: { lineStyle: { color: colours.rule } },
    },
    series: [
      {
        type: "custom",
        data: bins.map((n, i) => [edge(i), n]),
        encode: { x: 0, y: 1 },
        renderItem({ dataIndex: i }, api) {
          const [x, y] = api.coord([edge(i), bins[i]]);
          const [right, base] = api.coord([edge(i + 1), 0]);
          // A gap between bars, taken from both sides alike.
          return bins[i] && {
            type: "rect",
            shape: { x: x + 0.5, y, width: Math.max(1, right - x - 1), height: base - y },
            style: { fill: edge(i) >= 5 ? colours.accent : colours.quiet },
          };
        },
      },
      { type: "line", data: [], markLine: markLine([{ xAxis: 5, lineStyle: dashes(colours.ink) }]) },
    ],
  };
}

const diamond = (x, y, r) => [[x, y - r], [x + r, y], [x, y + r], [x - r, y]];

function labelMarks(row, i, api, colours) {
  const at = (value) => api.coord([100 * value, i]);
  const children = [];
  const line = ([x1, y1], [x2, y2]) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colours.accent, lineWidth: 1.5 } });
  if (row.share) {
    const [x, y] = at(row.share.value);
    children.push(line(at(row.share.low), at(row.share.high)));
    children.push({ type: "circle", shape: { cx: x, cy: y, r: colours.px(4.5) }, style: { fill: colours.accent, stroke: colours.page } });
  }
  if (row.theirs) {
    const points = diamond(...at(row.theirs.value), colours.px(5));
    children.push({ type: "polygon", shape: { points }, style: { fill: colours.page, stroke: colours.ink, lineWidth: 1.5 } });
  }
  return { type: "group", children };
}

function labelsOption(rows, colours, narrow) {
  const { px } = colours;
  const words = (i) => {
    const row = rows[i];
    const ours = fill(texts().ours, { label: row.label, share: percent(row.share), interval: interval(row.share), n: count(row.photos) });
    return row.theirs ? `${ours}\n${fill(texts().theirs, { share: percent(row.theirs) })}` : ours;
  };
  const axis = shareAxis(colours);
  return {
    ...frame(colours, texts().description),
    grid: { left: px(narrow ? 120 : 170), right: px(24), top: px(8), bottom: px(44), outerBoundsMode: "none" },
    tooltip: tooltip(colours, words),
    xAxis: {
      ...axis, max: null, splitNumber: 4, name: texts().photos, nameLocation: "middle", nameGap: px(28),
      nameTextStyle: { color: colours.quiet, fontSize: px(13) },
    },
    yAxis: {
      type: "category", inverse: true, data: rows.map(({ label }) => label),
      axisLine: { show: false }, axisTick: { show: false },
      axisLabel: { color: colours.ink, fontSize: px(13), width: px(narrow ? 108 : 158), overflow: "truncate", interval: 0 },
    },
    series: [{
      type: "custom",
      // What the axis has to reach: the far end of whichever is larger.
      data: rows.map((row, i) => [100 * Math.max(row.share?.high ?? 0, row.theirs?.value ?? 0), i]),
      encode: { x: 0, y: 1 },
      renderItem: ({ dataIndex: i }, api) => labelMarks(rows[i], i, api, colours),
    }],
  };
}

function draw() {
  const colours = { ...palette(), accent: getComputedStyle(document.documentElement).getPropertyValue("--accent").trim() };
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (box.dataset.rows) box.style.height = `${(box.dataset.rows * ROW + 56) / 16}rem`;
    if (!charts.has(box)) {
      charts.set(box, window.echarts.init(box, null, { renderer: "svg" }));
      sizes.observe(box);
    }
    const chart = charts.get(box);
    const option = box.dataset.chart === "histogram"
      ? histogramOption(read("histogram"), colours)
      : labelsOption(read("labels")[box.dataset.key], colours, chart.getWidth() < colours.px(480));
    chart.setOption(option, true);
  }
  for (const [box, chart] of charts) {
    if (box.isConnected) continue;
    sizes.unobserve(box);
    charts.delete(box);
    chart.dispose();
  }
}

const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) charts.get(target)?.resize();
});

// The server writes the page; a fresh copy of it is put in place unless somebody is at work here.
async function refresh() {
  const here = document.getElementById("findings");
  if (document.hidden || here.contains(document.activeElement)) return;
  const response = await fetch(location.href, { cache: "no-store", redirect: "manual" }).catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const there = page.getElementById("findings");
  if (!there || there.innerHTML === here.dataset.shown) return;
  const shown = there.innerHTML;
  for (const id of ["histogram", "labels"]) {
    const fresh = page.getElementById(id);
    if (fresh) document.getElementById(id).textContent = fresh.textContent;
  }
  here.replaceChildren(...there.childNodes);
  here.dataset.shown = shown;
  here.toggleAttribute("data-live", there.hasAttribute("data-live"));
  draw();
}

async function watch() {
  while (document.getElementById("findings").hasAttribute("data-live")) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await refresh();
  }
}

if (window.echarts) draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
for (const [event, on] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(event, () => {
    document.documentElement.classList.toggle("printing", on);
    for (const chart of charts.values()) chart.resize(on ? { width: 660 } : { width: "auto" });
    draw();
  });
}
watch();
