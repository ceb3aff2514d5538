// The charts of a survey: distortions sorted by share, and one small chart a distortion.
// The tables beside them hold the same numbers, so a chart needs no keyboard of its own.

import { dashes, estimate, frame, markLine, palette, shareAxis, tooltip } from "./chart-parts.js";
import { count, fill, interval, percent } from "./dashboard-tables.js";

const ROW = 34;
const PRINTED = { main: 660, curve: 210 };

const sorted = (distortions) =>
  [...distortions].sort((a, b) => (b.share?.value ?? -1) - (a.share?.value ?? -1));

// Braces would be read as the library's own markup.
const named = ({ label, note }) => label.replace(/[{}|]/g, " ") + (note ? "†" : "");

function sentence(entry, texts) {
  if (!entry.share) return texts.noVotes;
  const values = { share: percent(entry.share), interval: interval(entry.share) };
  return fill(texts.point, { ...values, n: count(entry.votes) });
}

function distortionsOption(entries, texts, colours, narrow) {
  const { px } = colours;
  return {
    ...frame(colours, texts.chart),
    grid: { left: px(narrow ? 140 : 216), right: px(20), top: px(8), bottom: px(44), outerBoundsMode: "none" },
    tooltip: tooltip(colours, (i) => `${entries[i].label}\n${sentence(entries[i], texts)}`),
    xAxis: {
      ...shareAxis(colours),
      interval: 25,
      name: texts.axis,
      nameLocation: "middle",
      nameGap: px(28),
      nameTextStyle: { color: colours.quiet, fontSize: colours.px(13) },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: entries.map((entry) => entry.key),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        formatter: (_key, i) =>
          `{name|${named(entries[i])}}${narrow ? "\n{n|" : "{n|\u2002"}n = ${count(entries[i].votes)}}`,
        rich: {
          name: { color: colours.ink, fontSize: colours.px(13), lineHeight: colours.px(15) },
          n: { color: colours.quiet, fontSize: colours.px(12), lineHeight: colours.px(14) },
        },
      },
    },
    series: [
      {
        type: "custom",
        data: entries.map((entry) => (entry.share ? 100 * entry.share.value : null)),
        renderItem: ({ dataIndex: i }, api) =>
          entries[i].share &&
          estimate(entries[i], (x) => api.coord([x, i]), true, colours, {
            label: percent(entries[i].share),
            width: api.getWidth(),
          }),
        encode: { x: 0, y: -1 },
        z: 6,
      },
      {
        type: "line",
        data: [],
        markLine: markLine([{ xAxis: 50, lineStyle: dashes(colours.ink) }]),
      },
    ],
  };
}

// Where a note says that the original is no point of the scale, there is no line to draw for it.
function originalLine(entry, texts, colours) {
  if (entry.note) return [];
  const label = { show: true, formatter: texts.original, color: colours.quiet, fontSize: colours.px(11) };
  return [{ xAxis: "0", lineStyle: { color: colours.quiet, type: "solid", width: 1 }, label }];
}

function curveOption(entry, steps, texts, colours) {
  const { px } = colours;
  const levels = steps.map((step) => entry.levels.find((level) => level.step === step));
  const spelled = (i) => levels[i]?.level ?? "";
  const values = levels.map((level) => (level?.share ? 100 * level.share.value : null));
  return {
    ...frame(colours, fill(texts.curve, { label: entry.label })),
    grid: { left: px(44), right: px(8), top: px(24), bottom: px(26), outerBoundsMode: "none" },
    tooltip: tooltip(colours, (i) => {
      if (steps[i] === 0) return texts.original;
      if (!levels[i]) return "";
      return `${fill(texts.level, { level: spelled(i) })}\n${sentence(levels[i], texts)}`;
    }),
    xAxis: {
      type: "category",
      data: steps.map(String),
      axisLine: { onZero: false, lineStyle: { color: colours.rule } },
      axisTick: { show: false },
      axisLabel: {
        formatter: (_step, i) => spelled(i),
        interval: 0,
        hideOverlap: true,
        color: colours.quiet,
        fontSize: colours.px(11),
      },
    },
    yAxis: { ...shareAxis(colours), interval: 50 },
    series: [
      {
        // No line across the original: nobody was asked about it.
        type: "line",
        data: values,
        symbol: "none",
        silent: true,
        lineStyle: { color: colours.aspects[entry.aspect] || colours.ink, width: 1, opacity: 0.6 },
        markLine: markLine([
          { yAxis: 50, lineStyle: dashes(colours.ink) },
          ...originalLine(entry, texts, colours),
        ]),
      },
      {
        type: "custom",
        data: values,
        renderItem: ({ dataIndex: i }, api) =>
          levels[i]?.share &&
          estimate({ ...levels[i], aspect: entry.aspect }, (y) => api.coord([i, y]), false, colours),
      },
    ],
  };
}

function stepsOf(distortions) {
  const far = Math.max(1, ...distortions.flatMap((d) => d.levels.map((l) => Math.abs(l.step))));
  return Array.from({ length: 2 * far + 1 }, (_, i) => i - far);
}

export class Charts {
  #root;
  #texts;
  #results = null;
  #drawn = "";
  #order = [];
  #charts = new Map();
  #sizes = new ResizeObserver((changes) => this.#resized(changes.map(({ target }) => target)));

  constructor(root, texts) {
    this.#root = root;
    this.#texts = texts;
    const again = () => this.#redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => this.#print(false));
  }

  draw(results) {
    this.#results = results;
    // Hidden until the first vote; a chart cannot be drawn into nothing.
    if (results.votes === 0) return;
    for (const box of this.#root.querySelectorAll("[data-chart]")) this.#chart(box);
    // Drawing again would close an open tooltip, so only news is drawn.
    const news = JSON.stringify(results.distortions);
    if (news === this.#drawn) return;
    this.#drawn = news;
    this.#redraw();
  }

  #chart(box) {
    if (this.#charts.has(box)) return;
    if (box.dataset.chart === "distortions") {
      box.style.height = `${(this.#results.distortions.length * ROW + 52) / 16}rem`;
    }
    this.#charts.set(box, window.echarts.init(box, null, { renderer: "svg" }));
    this.#sizes.observe(box);
    this.#drawn = "";
  }

  #redraw() {
    if (!this.#results?.votes) return;
    const colours = palette();
    const steps = stepsOf(this.#results.distortions);
    for (const [box, chart] of this.#charts) {
      if (box.isConnected) this.#one(box, chart, colours, steps);
      else this.#forget(box, chart);
    }
  }

  #one(box, chart, colours, steps) {
    const { distortions } = this.#results;
    if (box.dataset.chart === "distortions") {
      const narrow = chart.getWidth() < colours.px(480);
      chart.setOption(distortionsOption(this.#ordered(box), this.#texts, colours, narrow), true);
      return;
    }
    const entry = distortions.find(({ key }) => key === box.dataset.chart);
    if (entry) chart.setOption(curveOption(entry, steps, this.#texts, colours), true);
  }

  // Rows must not change places under a pointer.
  #ordered(box) {
    const { distortions } = this.#results;
    if (!box.matches(":hover") || this.#order.length !== distortions.length) {
      this.#order = sorted(distortions).map(({ key }) => key);
    }
    return this.#order.map((key) => distortions.find((entry) => entry.key === key));
  }

  #forget(box, chart) {
    this.#sizes.unobserve(box);
    this.#charts.delete(box);
    chart.dispose();
  }

  #resized(boxes) {
    for (const box of boxes) this.#charts.get(box)?.resize();
    // How names are broken depends on the width, and the size of letters may have changed.
    this.#redraw();
  }

  #print(on) {
    document.documentElement.classList.toggle("printing", on);
    for (const [box, chart] of this.#charts) {
      const width = box.dataset.chart === "distortions" ? PRINTED.main : PRINTED.curve;
      chart.resize(on ? { width } : { width: "auto" });
    }
    this.#redraw();
  }
}
