// What every chart of shares is made of.

const CAP = 4;
const LABEL = 64;

const unit = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

// Colours live in the style sheet, once; in print the sheet has its own.
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  const aspects = Object.fromEntries(
    ["technical", "style", "composition"].map((aspect) => [aspect, get(aspect)]),
  );
  return {
    ink: get("ink"), quiet: get("quiet"), rule: get("rule"), page: get("page"), aspects,
    font: getComputedStyle(document.body).fontFamily,
    // The page grows with the reader's letters, and so do its charts.
    px: (size) => Math.round(size * unit()),
  };
}

// Aspects differ by shape too: circle, square, triangle.
function mark(aspect, x, y, scale, style) {
  const [r, up, down, side] = [4.5, 6, 4, 5.5].map((size) => size * scale);
  if (aspect === "technical") {
    return { type: "rect", shape: { x: x - r, y: y - r, width: 2 * r, height: 2 * r }, style };
  }
  if (aspect === "composition") {
    const points = [[x, y - up], [x + side, y + down], [x - side, y + down]];
    return { type: "polygon", shape: { points }, style };
  }
  return { type: "circle", shape: { cx: x, cy: y, r }, style };
}

const stroke = (x1, y1, x2, y2, colour) => ({
  type: "line",
  shape: { x1, y1, x2, y2 },
  style: { stroke: colour, lineWidth: 1.5 * unit() },
});

// One estimate: bar with caps from low to high, mark at the value. `flat` lies along x.
export function estimate(entry, place, flat, colours, { label, width } = {}) {
  const at = (value) => place(100 * value);
  const [value, low, high] = [at(entry.share.value), at(entry.share.low), at(entry.share.high)];
  const colour = colours.aspects[entry.aspect] || colours.ink;
  const half = colours.px(CAP);
  const cap = ([x, y]) =>
    flat ? stroke(x, y - half, x, y + half, colour) : stroke(x - half, y, x + half, y, colour);
  const children = [
    stroke(...low, ...high, colour),
    cap(low),
    cap(high),
    mark(entry.aspect, ...value, colours.px(100) / 100, { fill: colour, stroke: colours.page, lineWidth: 1 }),
  ];
  if (label) {
    // Right of the bar, left of it where it would leave the chart, above where it would cover names.
    const gap = colours.px(8);
    const sides = [
      [high[0] + colours.px(LABEL) < width, { x: high[0] + gap, y: high[1], align: "left", verticalAlign: "middle" }],
      [low[0] - colours.px(LABEL) > at(0)[0], { x: low[0] - gap, y: low[1], align: "right", verticalAlign: "middle" }],
      [true, { x: (low[0] + high[0]) / 2, y: high[1] - gap, align: "center", verticalAlign: "bottom" }],
    ];
    const style = { text: label, ...sides.find(([fits]) => fits)[1] };
    // The page's colour behind it keeps it readable where it meets the 50 % line.
    const looks = { fill: colours.ink, backgroundColor: colours.page, padding: [1, 2] };
    children.push({ type: "text", style: { ...style, ...looks, font: `${colours.px(13)}px ${colours.font}` } });
  }
  return { type: "group", children };
}

export function tooltip(colours, formatter) {
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
    textStyle: { color: colours.ink, fontSize: colours.px(13), fontFamily: colours.font },
    formatter: (points) => formatter(points[0].dataIndex),
  };
}

export const dashes = (colour) => ({ color: colour, type: [4 * unit(), 3 * unit()], width: unit() });

export function frame(colours, description) {
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    aria: { enabled: true, label: { description } },
  };
}

export const shareAxis = (colours) => ({
  type: "value",
  min: 0,
  max: 100,
  axisLabel: { formatter: "{value}%", color: colours.quiet, fontSize: colours.px(12) },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colours.rule } },
});

export const markLine = (data) => ({
  silent: true,
  symbol: "none",
  animation: false,
  label: { show: false },
  data,
});
