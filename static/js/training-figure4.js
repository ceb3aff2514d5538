// Numbers of Fig. 4: quantiles, densities, and the table beside the violins.

const lang = document.documentElement.lang || "en";
const hundredths = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const two = (value) => hundredths.format(value);

// Two digits more than the range's first: enough to tell values of it apart.
export function digitsFor(low, high) {
  const places = Math.min(8, Math.max(2, 1 - Math.floor(Math.log10(high - low || 1))));
  const format = new Intl.NumberFormat(lang, { minimumFractionDigits: places, maximumFractionDigits: places });
  return (value) => format.format(value);
}

const GRID = 48;

// Linear between neighbours, as NumPy does it.
function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

export function quartiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  return { low, median, high, least: sorted[0], most: sorted.at(-1) };
}

// A Gaussian kernel of Scott's width, cut off where the outputs end: [[value, density], ...].
export function density(values) {
  const { least, most } = quartiles(values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const width = Math.sqrt(variance) * values.length ** -0.2;
  if (!(width > 0)) return [];
  return Array.from({ length: GRID + 1 }, (_, i) => {
    const at = least + ((most - least) * i) / GRID;
    return [at, values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / width) ** 2), 0)];
  });
}

export function tableOf(figure, summary, texts, element) {
  const keys = ["brightness", "contrast"].filter((key) => figure.levels.some((level) => level[key].length));
  const head = keys.flatMap((key) => [`${texts[key]}, ${texts.median}`, `${texts[key]}, ${texts.half}`]);
  const num = (name, text) => element(name, { className: "num", textContent: text });
  const rows = figure.levels.map((level) => {
    const cells = keys.flatMap((key) => {
      const { low, median, high } = summary(level[key]);
      return [num("td", two(median)), num("td", `${two(low)} – ${two(high)}`)];
    });
    return element("tr", {}, element("th", { scope: "row", textContent: level.level || texts.original }), ...cells);
  });
  return element("table", { className: "short" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col", textContent: texts.levelShort }), ...head.map((text) => num("th", text)))),
    element("tbody", {}, ...rows));
}
