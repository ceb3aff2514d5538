// Charts of an evaluation and of a fine-tuning, as options of the chart library.

import { dashes, frame, markLine, tooltip } from "./chart-parts.js";
import { count, fill } from "./dashboard-tables.js";

const lang = document.documentElement.lang || "en";
const two = (value) => new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
const short = (value) => new Intl.NumberFormat(lang, { maximumSignificantDigits: 3 }).format(value);

function axis(name, colours, gap) {
  const { px } = colours;
  return {
    type: "value", name, nameLocation: "middle", nameGap: px(gap),
    nameTextStyle: { color: colours.quiet, fontSize: px(13) },
    axisLabel: { color: colours.quiet, fontSize: px(12), hideOverlap: true },
    axisLine: { lineStyle: { color: colours.quiet } }, axisTick: { show: false },
    splitLine: { lineStyle: { color: colours.rule } },
  };
}

// What is drawn need not be where the scale ends: a tenth of the points' reach around them.
function reach(values, low, high) {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const step = high - low > 20 ? 10 : high - low > 2 ? 0.5 : 0.1;
  const down = Math.floor(least / step) * step;
  const up = Math.ceil(most / step) * step;
  return up > down ? [down, up] : [down - step, up + step];
}

export function scatter({ points, low, high, threshold }, texts, colours) {
  const { px } = colours;
  const [least, most] = reach(points.flat(), low, high);
  const lined = (value) => ({ ...value, min: least, max: most, axisLine: { ...value.axisLine, onZero: false } });
  return {
    ...frame(colours, texts.scatter),
    grid: { left: px(56), right: px(16), top: px(12), bottom: px(46), outerBoundsMode: "none" },
    tooltip: {
      ...tooltip(colours, () => ""), trigger: "item",
      formatter: ({ data }) => Array.isArray(data) ? `${texts.label} ${two(data[0])}\n${texts.prediction} ${two(data[1])}` : "",
    },
    xAxis: lined(axis(texts.label, colours, 28)),
    yAxis: lined(axis(texts.prediction, colours, 36)),
    series: [{
      type: "scatter", data: points, symbolSize: px(points.length > 500 ? 4 : 7),
      itemStyle: { color: colours.accent, opacity: points.length > 500 ? 0.35 : 0.75 },
      markLine: markLine([
        [{ coord: [least, least], lineStyle: { color: colours.ink, type: "solid", width: 1 } }, { coord: [most, most] }],
        { xAxis: threshold, lineStyle: dashes(colours.quiet) },
        { yAxis: threshold, lineStyle: dashes(colours.quiet) },
      ]),
    }],
  };
}

export function errors({ errors: { low, width, counts } }, texts, colours) {
  const { px } = colours;
  const edge = (i) => low + i * width;
  const words = (i) => fill(texts.bin, { low: two(edge(i)), high: two(edge(i + 1)), n: count(counts[i]) });
  return {
    ...frame(colours, texts.errors),
    grid: { left: px(52), right: px(16), top: px(12), bottom: px(46), outerBoundsMode: "none" },
    tooltip: { ...tooltip(colours, words), trigger: "item", formatter: ({ dataIndex }) => words(dataIndex) },
    xAxis: { ...axis(texts.error, colours, 28), min: low, max: edge(counts.length), splitLine: { show: false }, axisLabel: { color: colours.quiet, fontSize: px(12), hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: short } },
    yAxis: { ...axis(texts.images, colours, 38), minInterval: 1 },
    series: [
      {
        type: "custom",
        data: counts.map((n, i) => [edge(i), n]),
        encode: { x: 0, y: 1 },
        renderItem({ dataIndex: i }, api) {
          const [x, y] = api.coord([edge(i), counts[i]]);
          const [right, base] = api.coord([edge(i + 1), 0]);
          // A gap between bars, taken from both sides alike.
          return counts[i] && {
            type: "rect",
            shape: { x: x + 0.5, y, width: Math.max(1, right - x - 1), height: base - y },
            style: { fill: colours.accent },
          };
        },
      },
      { type: "line", data: [], markLine: markLine([{ xAxis: 0, lineStyle: dashes(colours.ink) }]) },
    ],
  };
}

// Rows are [epoch, training loss, validation loss, SRCC, LCC].
const EPOCH = 0;

function epochs(found, texts, colours) {
  const { px } = colours;
  const marks = [{ xAxis: found.best, lineStyle: { color: colours.ink, type: "solid", width: 1 }, label: { show: true, formatter: texts.best, color: colours.ink, fontSize: px(12), position: "insideEndTop" } }];
  if (found.unfrozen !== null) {
    marks.push({ xAxis: found.unfrozen + 0.5, lineStyle: dashes(colours.quiet), label: { show: true, formatter: texts.unfrozen, color: colours.quiet, fontSize: px(12), position: "insideEndTop" } });
  }
  return {
    xAxis: { ...axis(texts.epoch, colours, 28), min: Math.min(1, ...found.rows.map((row) => row[EPOCH])), max: Math.max(2, ...found.rows.map((row) => row[EPOCH])), minInterval: 1, splitLine: { show: false } },
    marks,
  };
}

const line = (name, column, rows, colour, type, colours) => ({
  type: "line", name, data: rows.map((row) => [row[EPOCH], row[column]]), connectNulls: false,
  symbol: rows.length < 40 ? "circle" : "none", symbolSize: colours.px(4),
  itemStyle: { color: colour }, lineStyle: { color: colour, type, width: 1.5 },
});

function told(found, texts, colours, description, series, reference) {
  const { px } = colours;
  const { xAxis, marks } = epochs(found, texts, colours);
  const values = series.flatMap(({ data }) => data.map(([, value]) => value)).filter((value) => value !== null && value !== undefined);
  const all = reference === undefined ? values : [...values, reference];
  const least = Math.min(...all);
  const most = Math.max(...all);
  const pad = (most - least || Math.abs(most) || 1) * 0.08;
  return {
    ...frame(colours, description),
    grid: { left: px(56), right: px(18), top: px(34), bottom: px(46), outerBoundsMode: "none" },
    legend: { top: 0, left: px(50), itemWidth: px(22), textStyle: { color: colours.ink, fontSize: px(13) } },
    tooltip: {
      ...tooltip(colours, () => ""),
      formatter: (points) => [`${texts.epoch} ${count(points[0].data[0])}`, ...points.map(({ seriesName, data }) => `${seriesName} ${data[1] === null ? "—" : short(data[1])}`)].join("\n"),
    },
    xAxis,
    yAxis: { ...axis("", colours, 0), min: least - pad, max: most + pad, axisLabel: { color: colours.quiet, fontSize: px(12), formatter: short, showMinLabel: false, showMaxLabel: false } },
    series: series.map((each, i) => (i ? each : {
      ...each,
      markLine: { ...markLine([...marks, ...(reference === undefined ? [] : [{ yAxis: reference, lineStyle: dashes(colours.ink), label: { show: true, formatter: texts.constant, color: colours.quiet, fontSize: px(12), position: "insideStartTop" } }])]) },
    })),
  };
}

export function losses(found, texts, colours) {
  const series = [
    line(texts.validation, 2, found.rows, colours.accent, "solid", colours),
    line(texts.training, 1, found.rows, colours.ink, [4, 3], colours),
  ];
  return told(found, texts, colours, texts.losses, series, found.constant);
}

export function correlations(found, texts, colours) {
  const series = [
    line("SRCC", 3, found.rows, colours.accent, "solid", colours),
    line("LCC", 4, found.rows, colours.ink, [4, 3], colours),
  ];
  return told(found, texts, colours, texts.correlations, series);
}
