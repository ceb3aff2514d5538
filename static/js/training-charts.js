// Charts of a run's results, as options of the chart library.

import { dashes, estimate, frame, markLine, shareAxis, tooltip } from "./chart-parts.js";
import { fill, interval, percent, tenth } from "./dashboard-tables.js";
import { density, digitsFor, quartiles, two } from "./training-figure4.js";

export function forest(rows, texts, colours, narrow) {
  const { px } = colours;
  const bounded = ({ share }) => share && share.low !== null;
  const words = (i) =>
    fill(bounded(rows[i]) ? texts.point : texts.pointAlone, {
      label: rows[i].label,
      share: percent(rows[i].share),
      interval: bounded(rows[i]) ? interval(rows[i].share) : "",
      ties: `${tenth(100 * rows[i].ties)}%`,
    });
  const lows = rows.flatMap(({ share }) => (share ? [100 * (share.low ?? share.value)] : []));
  // Without an interval the bar has no length.
  const drawn = (row) => (bounded(row) ? row : { ...row, share: { ...row.share, low: row.share.value, high: row.share.value } });
  const value = (row, x, y) => ({
    type: "text",
    style: { text: percent(row.share), x, y, align: "right", verticalAlign: "middle", fill: colours.ink, font: `${px(13)}px ${colours.font}` },
  });
  return {
    ...frame(colours, texts.forest),
    grid: { left: px(narrow ? 140 : 150), right: px(66), top: px(8), bottom: px(44), outerBoundsMode: "none" },
    tooltip: tooltip(colours, words),
    xAxis: {
      ...shareAxis(colours),
      min: Math.min(40, 10 * Math.floor(Math.min(...lows) / 10)),
      interval: 10,
      axisLabel: { formatter: "{value}%", color: colours.quiet, fontSize: px(12), hideOverlap: true },
      name: texts.axis, nameLocation: "middle", nameGap: px(28),
      nameTextStyle: { color: colours.quiet, fontSize: px(13) },
    },
    yAxis: {
      type: "category", inverse: true, data: rows.map(({ label }) => label),
      axisLine: { show: false }, axisTick: { show: false },
      axisLabel: { color: colours.ink, fontSize: px(13), interval: 0, width: px(narrow ? 132 : 142), overflow: "truncate" },
    },
    series: [
      {
        type: "custom",
        data: rows.map(({ share }, i) => [share ? 100 * share.value : null, i]),
        encode: { x: 0, y: 1 },
        renderItem: ({ dataIndex: i }, api) =>
          rows[i].share && {
            type: "group",
            children: [
              estimate(drawn(rows[i]), (x) => api.coord([x, i]), true, colours),
              value(rows[i], api.getWidth() - px(4), api.coord([0, i])[1]),
            ],
          },
        z: 6,
      },
      { type: "line", data: [], markLine: markLine([{ xAxis: 50, lineStyle: dashes(colours.ink) }]) },
    ],
  };
}

const VIOLIN = { width: 0.42, bar: 2.5, dot: 2.5 };

function violinShape(values, place, api, colours, colour) {
  const [x] = api.coord([place, 0]);
  const y = (value) => api.coord([place, value])[1];
  const half = VIOLIN.width * api.size([1, 0])[0];
  const { low, median, high, least, most } = quartiles(values);
  const shape = density(values);
  const peak = Math.max(...shape.map(([, dense]) => dense));
  const side = (sign) => shape.map(([value, dense]) => [x + (sign * half * dense) / peak, y(value)]);
  const outline = shape.length ? [...side(1), ...side(-1).reverse()] : [];
  return {
    type: "group",
    children: [
      outline.length
        ? { type: "polygon", shape: { points: outline }, style: { fill: colour, opacity: 0.45, stroke: colour, lineWidth: 1 } }
        : { type: "line", shape: { x1: x - half, x2: x + half, y1: y(least), y2: y(most) }, style: { stroke: colour, lineWidth: 1.5 } },
      { type: "line", shape: { x1: x, x2: x, y1: y(low), y2: y(high) }, style: { stroke: colours.ink, lineWidth: colours.px(VIOLIN.bar) } },
      { type: "circle", shape: { cx: x, cy: y(median), r: colours.px(VIOLIN.dot) }, style: { fill: colours.page, stroke: colours.ink, lineWidth: 1 } },
    ],
  };
}

// A dash a level, as in the file.
const targets = (levels, colours) => ({
  type: "scatter",
  silent: true,
  data: levels.flatMap(({ target }, i) => (target === undefined ? [] : [[i, target]])),
  symbol: "rect",
  symbolSize: [colours.px(14), colours.px(2)],
  itemStyle: { color: colours.ink },
  z: 7,
});

export function violin(figure, key, texts, colours, narrow) {
  const { px } = colours;
  const { levels } = figure;
  const colour = key === "brightness" ? colours.accent : colours.aspects.style;
  const every = levels.flatMap((level) => [...level.brightness, ...level.contrast, level.target ?? 0]);
  const reach = Math.ceil(2 * Math.max(1, ...every.map(Math.abs))) / 2;
  const name = (i) => levels[i].level || texts.original;
  const words = (i) => {
    const { low, median, high } = quartiles(levels[i][key]);
    const said = fill(texts.quartiles, { level: name(i), median: two(median), low: two(low), high: two(high) });
    const { target } = levels[i];
    return key === "brightness" && target !== undefined ? `${said}\n${fill(texts.target, { target: two(target) })}` : said;
  };
  return {
    ...frame(colours, fill(texts.violin, { key: texts[key] })),
    grid: { left: px(40), right: px(8), top: px(8), bottom: px(44), outerBoundsMode: "none" },
    tooltip: tooltip(colours, words),
    xAxis: {
      type: "category", data: levels.map((_level, i) => name(i)),
      axisLine: { onZero: false, lineStyle: { color: colours.rule } }, axisTick: { show: false },
      axisLabel: { color: colours.quiet, fontSize: px(11), interval: narrow ? 4 : 0, hideOverlap: true },
      name: texts.level, nameLocation: "middle", nameGap: px(28), nameTextStyle: { color: colours.quiet, fontSize: px(13) },
    },
    yAxis: {
      type: "value", min: -reach, max: reach, interval: 0.5,
      axisLabel: { color: colours.quiet, fontSize: px(12), formatter: two },
      splitLine: { lineStyle: { color: colours.rule } },
    },
    series: [
      {
        type: "custom",
        data: levels.map((level, i) => [i, quartiles(level[key]).median]),
        encode: { x: 0, y: 1 },
        renderItem: ({ dataIndex: i }, api) => violinShape(levels[i][key], i, api, colours, colour),
        z: 6,
      },
      ...(key === "brightness" ? [targets(levels, colours)] : []),
      { type: "line", data: [], markLine: markLine([{ yAxis: 0, lineStyle: dashes(colours.ink) }]) },
    ],
  };
}

// One photo, one distortion: its score at every level, the undistorted photo in its place.
export function smallCurve({ label, aspect, points, low, high }, texts, colours) {
  const { px } = colours;
  const reference = points.findIndex(({ step }) => step === 0);
  const name = (i) => points[i].level || texts.undistorted;
  const said = digitsFor(low, high);
  return {
    ...frame(colours, fill(texts.curve, { label })),
    grid: { left: px(44), right: px(8), top: px(8), bottom: px(22), outerBoundsMode: "none" },
    tooltip: tooltip(colours, (i) => `${name(i)}\n${fill(texts.score, { score: said(points[i].score) })}`),
    xAxis: {
      type: "category", boundaryGap: false, data: points.map((_point, i) => name(i)),
      axisLine: { onZero: false, lineStyle: { color: colours.rule } }, axisTick: { show: false },
      axisLabel: {
        color: colours.quiet, fontSize: px(11), hideOverlap: true,
        interval: (i) => i === 0 || i === points.length - 1,
        alignMinLabel: "left", alignMaxLabel: "right",
      },
    },
    yAxis: {
      type: "value", min: low, max: high, interval: high - low,
      axisLabel: { color: colours.quiet, fontSize: px(11), formatter: said },
      splitLine: { lineStyle: { color: colours.rule } },
    },
    series: [{
      type: "line",
      data: points.map(({ score }, i) => ({
        value: score,
        symbol: i === reference ? "emptyCircle" : "circle",
        symbolSize: px(i === reference ? 7 : 4),
      })),
      itemStyle: { color: colours.aspects[aspect] || colours.ink },
      lineStyle: { color: colours.aspects[aspect] || colours.ink, width: 1.5 },
      markLine: markLine([{ xAxis: reference, lineStyle: { color: colours.quiet, type: "solid", width: 1 } }]),
    }],
  };
}
