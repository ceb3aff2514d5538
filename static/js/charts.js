// The charts of a survey: distortions sorted by share, and one small chart a distortion.
// The tables beside them hold the same numbers, so a chart needs no keyboard of its own.

import { count, fill, interval, percent } from "./dashboard-tables.js";

const ROW = 34;
const PRINTED = { main: 660, curve: 210 };
const CAP = 4;

// Colours live in the style sheet, once; in print the sheet has its own.
function palette() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  const aspects = Object.fromEntries(
    ["technical", "style", "composition"].map((aspect) => [aspect, get(aspect)]),
  );
  return {
    ink: get("ink"), quiet: get("quiet"), rule: get("rule"), page: get("page"), aspects,
    font: getComputedStyle(document.body).fontFamily,
  };
}

// Aspects differ by shape too: circle, square, triangle.
function mark(aspect, x, y, style) {
  if (aspect === "technical") return { type: "rect", shape: { x: x - 4.5, y: y - 4.5, width: 9, height: 9 }, style };
  if (aspect === "composition") {
    return { type: "polygon", shape: { points: [[x, y - 6], [x + 5.5, y + 4], [x - 5.5, y + 4]] }, style };
  }
  return { type: "circle", shape: { cx: x, cy: y, r: 4.5 }, style };
}

const stroke = (x1, y1, x2, y2, colour) => ({
  type: "line",
  shape: { x1, y1, x2, y2 },
  style: { stroke: colour, lineWidth: 1.5 },
});

// One estimate: bar with caps from low to high, mark at the value. `flat` lies along x.
function estimate(entry, place, flat, colours, label) {
  const at = (value) => place(100 * value);
  const [value, low, high] = [at(entry.share.value), at(entry.share.low), at(entry.share.high)];
  const colour = colours.aspects[entry.aspect] || colours.ink;
  const cap = ([x, y]) => (flat ? stroke(x, y - CAP, x, y + CAP, colour) : stroke(x - CAP, y, x + CAP, y, colour));
  const children = [
    stroke(...low, ...high, colour),
    cap(low),
    cap(high),
    mark(entry.aspect, ...value, { fill: colour, stroke: colours.page, lineWidth: 1 }),
  ];
  if (label) {
    const style = { text: label, x: high[0] + 8, y: high[1], verticalAlign: "middle" };
    // The page's colour behind it keeps it readable where it meets the 50 % line.
    const looks = { fill: colours.ink, backgroundColor: colours.page, padding: [1, 2] };
    children.push({ type: "text", style: { ...style, ...looks, font: `13px ${colours.font}` } });
  }
  return { type: "group", children };
}

function tooltip(colours, formatter) {
  return {
    // Drawn, not HTML: names come from data.
    renderMode: "richText",
    trigger: "axis",
    axisPointer: { type: "none" },
    confine: true,
    transitionDuration: 0,
    backgroundColor: colours.page,
    borderColor: colours.quiet,
    borderWidth: 1,
    padding: 8,
    textStyle: { color: colours.ink, fontSize: 13, fontFamily: colours.font },
    formatter: (points) => formatter(points[0].dataIndex),
  };
}

const dashes = (colour) => ({ color: colour, type: [4, 3], width: 1 });

function frame(colours, description) {
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    aria: { enabled: true, label: { description } },
  };
}

const shareAxis = (colours) => ({
  type: "value",
  min: 0,
  max: 100,
  axisLabel: { formatter: "{value}%", color: colours.quiet, fontSize: 12 },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colours.rule } },
});

const markLine = (data) => ({
  silent: true,
  symbol: "none",
  animation: false,
  label: { show: false },
  data,
});

export const sorted = (distortions) =>
  [...distortions].sort((a, b) => (b.share?.value ?? -1) - (a.share?.value ?? -1));

function sentence(entry, texts) {
  if (!entry.share) return texts.noVotes;
  const values = { share: percent(entry.share), interval: interval(entry.share) };
  return fill(texts.point, { ...values, n: count(entry.votes) });
}

function distortionsOption(entries, texts, colours, narrow) {
  return {
    ...frame(colours, texts.chart),
    grid: { left: narrow ? 132 : 216, right: 16, top: 8, bottom: 44, outerBoundsMode: "none" },
    tooltip: tooltip(colours, (i) => `${entries[i].label}\n${sentence(entries[i], texts)}`),
    xAxis: {
      ...shareAxis(colours),
      interval: 25,
      name: texts.axis,
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: { color: colours.quiet, fontSize: 13 },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: entries.map((entry) => entry.key),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        formatter: (_key, i) =>
          `{name|${entries[i].label}${entries[i].note ? "†" : ""}}${narrow ? "\n" : "  "}{n|n = ${count(entries[i].votes)}}`,
        rich: {
          name: { color: colours.ink, fontSize: 13, lineHeight: 15 },
          n: { color: colours.quiet, fontSize: 12, lineHeight: 14 },
        },
      },
    },
    series: [
      {
        type: "custom",
        data: entries.map((entry) => (entry.share ? 100 * entry.share.value : null)),
        renderItem: ({ dataIndex: i }, api) =>
          entries[i].share &&
          estimate(entries[i], (x) => api.coord([x, i]), true, colours, percent(entries[i].share)),
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

function curveOption(entry, steps, texts, colours) {
  const levels = steps.map((step) => entry.levels.find((level) => level.step === step));
  const spelled = (i) => levels[i]?.level ?? "";
  const values = levels.map((level) => (level?.share ? 100 * level.share.value : null));
  return {
    ...frame(colours, fill(texts.curve, { label: entry.label })),
    grid: { left: 44, right: 8, top: 24, bottom: 26, outerBoundsMode: "none" },
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
        fontSize: 11,
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
          {
            xAxis: "0",
            lineStyle: { color: colours.quiet, type: "solid", width: 1 },
            label: { show: true, formatter: `${texts.original}${entry.note ? "†" : ""}`, color: colours.quiet, fontSize: 11 },
          },
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
    if (box.dataset.chart === "distortions") box.style.height = `${this.#results.distortions.length * ROW + 52}px`;
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
      const narrow = chart.getWidth() < 480;
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
    // How names are broken depends on the width.
    if (boxes.some((box) => box.dataset.chart === "distortions")) this.#redraw();
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
