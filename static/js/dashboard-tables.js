// Tables that sort by any column, and cells that follow the live results.

const lang = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(lang);
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const texts = new Intl.Collator(lang, { numeric: true });
const NONE = "—";

export const count = (n) => whole.format(n);
export const tenth = (n) => tenths.format(n);
export const percent = (share) => (share ? `${tenths.format(100 * share.value)}%` : NONE);
export const interval = (share) =>
  share ? `${tenths.format(100 * share.low)}–${tenths.format(100 * share.high)}%` : NONE;

// How a bound value is written, and what its column sorts by.
const FORMATS = {
  count: [(n) => count(n ?? 0), (n) => n ?? 0],
  percent: [percent, (share) => share?.value ?? ""],
  interval: [interval, (share) => share?.low ?? ""],
};

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (found, name) => values[name] ?? found);
}

// Lists of results as objects, so that a cell names its row by key, wherever it was sorted to.
function byKey(results) {
  const distortions = {};
  for (const entry of results.distortions) {
    const levels = Object.fromEntries(entry.levels.map((level) => [level.level, level]));
    distortions[entry.key] = { ...entry, levels };
  }
  return { ...results, distortions };
}

const follow = (value, path) => path.split("/").reduce((at, name) => at?.[name], value);

// Writes only what changed: an untouched cell keeps a selection and costs no layout.
export function write(results) {
  const values = byKey(results);
  for (const cell of document.querySelectorAll("[data-bind]")) {
    const [format, order] = FORMATS[cell.dataset.as];
    const value = follow(values, cell.dataset.bind);
    const text = format(value);
    if (cell.textContent !== text) cell.textContent = text;
    if ("sort" in cell.dataset) cell.dataset.sort = order(value);
  }
  for (const table of document.querySelectorAll("table[data-sortable]")) settle(table);
}

function keyOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
}

function compare(a, b) {
  // What has no value goes last in either direction.
  if (a === "" || b === "") return { last: (a === "") - (b === "") };
  const [x, y] = [Number(a), Number(b)];
  return { by: Number.isNaN(x) || Number.isNaN(y) ? texts.compare(a, b) : x - y };
}

function sortRows(table) {
  const head = table.tHead.querySelector("th[aria-sort]");
  if (!head) return;
  const sign = head.getAttribute("aria-sort") === "descending" ? -1 : 1;
  const body = table.tBodies[0];
  const before = [...body.rows];
  const after = before.toSorted((a, b) => {
    const { last, by } = compare(keyOf(a, head.cellIndex), keyOf(b, head.cellIndex));
    return last ?? sign * by;
  });
  if (after.some((row, place) => row !== before[place])) body.append(...after);
}

// Rows must not move under a pointer or away from the focus.
function settle(table) {
  if (!table.matches(":hover") && !table.tBodies[0].contains(document.activeElement)) {
    sortRows(table);
  }
}

function turn(button) {
  const head = button.closest("th");
  const table = button.closest("table");
  // Numbers are asked for from the top, names from A; a second press turns round.
  const first = head.classList.contains("num") ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const next = head.getAttribute("aria-sort") === first ? other : first;
  for (const cell of table.tHead.querySelectorAll("th")) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", next);
  sortRows(table);
}

export function watchTables() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.sort");
    if (button) turn(button);
  });
}
