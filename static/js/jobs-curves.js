// Live curves: each asks only for the points that came since, thinned out by the server.

import { frame, palette } from "./chart-parts.js";
import { count, fill } from "./dashboard-tables.js";
import { setText } from "./dashboard-live.js";
import { fetchJson } from "./jobs-live.js";

const lang = document.documentElement.lang || "en";
const digits = new Intl.NumberFormat(lang, { maximumSignificantDigits: 4 });
export const number = (value) => {
  if (value === null || value === undefined) return "";
  const small = value !== 0 && Math.abs(value) < 1e-3;
  return small || Math.abs(value) >= 1e9 ? value.toExponential(3) : digits.format(value);
};

const percents = new Intl.NumberFormat(lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SHARES = /^(rank|classification)_accuracy\//;
// Shares are told in percent, as the pages beside the curves tell them.
export const numberOf = (name) => (SHARES.test(name) ? (value) => (value === null ? "" : percents.format(value)) : number);

// An axis has room for few letters.
const short = (value) => {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(1).replace(".0e", "e");
  return digits.format(value);
};

// Ticks stand closer than this part of the range nowhere.
const TICKS = 10;
const MOST_DIGITS = 15;

// As many digits as tell two ticks of these values apart.
function ticksOf(values, share) {
  const scaled = values.map((value) => value * (share ? 100 : 1));
  const low = scaled.reduce((a, b) => Math.min(a, b), Infinity);
  const high = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(high >= low)) return short;
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const step = (high - low || most) / TICKS;
  const places = (size) => Math.min(MOST_DIGITS, Math.max(0, Math.ceil(Math.log10(size))));
  if (!share && (most < 1e-3 || most >= 1e6)) {
    return (value) => (value === 0 ? "0" : value.toExponential(places(most / step)).replace(/\.?0*e/, "e"));
  }
  const format = new Intl.NumberFormat(lang, { maximumFractionDigits: places(1 / step) });
  return share ? (value) => `${format.format(100 * value)}%` : (value) => format.format(value);
}

// A label that is longer than usual takes its room from the chart.
const LETTER = 6.5;
const USUAL = 48;

export function option(curve, texts, colours, logarithmic) {
  const { px } = colours;
  const label = { color: colours.quiet, fontSize: px(11), hideOverlap: true };
  const points = curve.shown.filter(([, value]) => !logarithmic || value === null || value > 0);
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  const said = numberOf(curve.key ?? curve.name);
  const tick = logarithmic ? short : ticksOf(values, said !== number);
  const letters = Math.max(0, ...[values.at(0), values.at(-1)].map((value) => tick(value ?? 0).length));
  return {
    ...frame(colours, fill(texts.chart, { name: curve.name })),
    grid: { left: px(Math.max(USUAL, LETTER * letters + 12)), right: px(22), top: px(10), bottom: px(24), outerBoundsMode: "none" },
    tooltip: {
      renderMode: "richText",
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: colours.quiet, type: "solid" } },
      confine: true,
      transitionDuration: 0,
      backgroundColor: colours.page,
      borderColor: colours.quiet,
      borderWidth: 1,
      padding: 8,
      textStyle: { color: colours.ink, fontSize: px(13), fontFamily: colours.font },
      formatter: ([{ data }]) => `${fill(texts.step, { step: count(data[0]) })}\n${said(data[1]) || texts.gap}`,
    },
    xAxis: {
      type: "value",
      min: "dataMin",
      max: "dataMax",
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { ...label, formatter: short },
      axisLine: { lineStyle: { color: colours.rule } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: logarithmic ? "log" : "value",
      scale: true,
      splitNumber: 3,
      axisLabel: { ...label, formatter: tick },
      splitLine: { lineStyle: { color: colours.rule } },
    },
    series: [{
      type: "line",
      data: points,
      symbol: points.length < 40 ? "circle" : "none",
      symbolSize: px(4),
      itemStyle: { color: colours.accent },
      lineStyle: { color: colours.accent, width: 1.5 },
      connectNulls: false,
    }],
  };
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export class Curves {
  #root;
  #texts;
  #known = "";
  #attempt = null;
  #curves = new Map();
  #sizes = new ResizeObserver((changes) => {
    for (const { target } of changes) window.echarts.getInstanceByDom(target)?.resize();
  });

  constructor(root) {
    this.#root = root;
    this.#texts = root.dataset;
    this.#log.addEventListener("change", () => this.#redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
    for (const when of ["beforeprint", "afterprint"]) {
      addEventListener(when, () => {
        document.documentElement.classList.toggle("printing", when === "beforeprint");
        this.#redraw();
      });
    }
  }

  get state() {
    return this.#texts.state;
  }

  get #log() {
    return this.#root.querySelector("#log-scale");
  }

  // `state` differs where there is news.
  async follow(state) {
    if (state === this.#known) return;
    const [attempt, series] = JSON.parse(state);
    // Another attempt may have drawn steps anew.
    if (attempt !== this.#attempt) for (const curve of this.#curves.values()) curve.every = 0;
    const trouble = this.#root.querySelector("[data-curves-trouble]");
    if (series.length) {
      try {
        const { body } = await fetchJson(`${this.#texts.url}?known=${this.#asked()}`);
        this.#root.hidden = false;
        for (const curve of body.curves) this.#take(curve);
      } catch {
        setText(trouble, this.#texts.failed);
        return;
      }
    }
    setText(trouble, "");
    [this.#known, this.#attempt] = [state, attempt];
  }

  #asked() {
    const known = [...this.#curves].filter(([, { every }]) => every);
    return known.map(([series, { last, every }]) => `${series}:${last[0]}:${every}`).join();
  }

  #take(fresh) {
    const curve = this.#curves.get(fresh.series) ?? this.#make(fresh);
    curve.points = fresh.more ? [...curve.points, ...fresh.points] : fresh.points;
    Object.assign(curve, { every: fresh.every, last: fresh.last });
    const end = curve.points.at(-1);
    curve.shown = end?.[0] === curve.last[0] ? curve.points : [...curve.points, curve.last];
    setText(curve.value, numberOf(curve.name)(curve.last[1]) || this.#texts.gap);
    setText(curve.thinned, curve.every > 1 ? fill(this.#texts.every, { n: count(curve.every) }) : "");
    this.#draw(curve);
    if (curve.details.open) this.#table(curve);
  }

  #make({ series, name }) {
    const value = element("span", { className: "last" });
    const thinned = element("span", { className: "quiet small" });
    const box = element("div", { className: "chart" });
    const rows = element("tbody");
    const head = element("tr", {},
      element("th", { scope: "col", className: "num", textContent: this.#texts.steps }),
      element("th", { scope: "col", className: "num", textContent: this.#texts.value }));
    const scroll = element("div", { className: "scroll", tabIndex: 0 },
      element("table", {}, element("thead", {}, head), rows));
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", name);
    const details = element("details", {}, element("summary", { textContent: this.#texts.table }), scroll);
    const figure = element("figure", {},
      element("figcaption", {}, element("h3", { textContent: name }), value),
      box,
      element("div", { className: "beside" }, details, thinned));
    const curve = { series, name, value, thinned, box, rows, details, points: [], shown: [], every: 0 };
    details.addEventListener("toggle", () => details.open && this.#table(curve));
    this.#place(figure, name);
    window.echarts.init(box, null, { renderer: "svg" });
    this.#sizes.observe(box);
    this.#curves.set(series, curve);
    return curve;
  }

  // Where a kind says which curves come first, the others wait behind a click.
  #place(figure, name) {
    const first = this.#texts.first?.split(" ").filter(Boolean) ?? [];
    const more = this.#root.querySelector("[data-more]");
    if (!first.length || first.includes(name)) {
      figure.style.order = first.indexOf(name);
      this.#root.querySelector("[data-curves]").append(figure);
      return;
    }
    more.hidden = false;
    more.querySelector(".curves").append(figure);
  }

  #draw(curve) {
    const style = getComputedStyle(document.documentElement);
    const colours = { ...palette(), accent: style.getPropertyValue("--accent").trim() };
    const chart = window.echarts.getInstanceByDom(curve.box);
    chart.setOption(option(curve, this.#texts, colours, this.#log.checked), { notMerge: true });
  }

  #redraw() {
    for (const curve of this.#curves.values()) this.#draw(curve);
  }

  #table({ name, rows, shown }) {
    const said = numberOf(name);
    const cell = (text) => element("td", { className: "num", textContent: text });
    rows.replaceChildren(
      ...shown.toReversed().map(([step, value]) =>
        element("tr", {}, cell(count(step)), cell(said(value) || this.#texts.gap))),
    );
  }
}
