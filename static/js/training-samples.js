// Sample photos: one is chosen, and one of its distortions; its curves and its pictures follow.

import { element } from "./jobs-curves.js";
import { digitsFor } from "./training-figure4.js";
import { fill } from "./dashboard-tables.js";

export class Samples {
  #root;
  #found;
  #texts;
  #draw;
  #photo = 0;
  #chosen;

  constructor(root, found, texts, draw) {
    this.#root = root;
    this.#found = found;
    this.#texts = texts;
    this.#draw = draw;
    const shown = found.distortions.filter(({ key }) => found.samples[0].scores.some(([, name]) => name === key));
    this.#chosen = (shown.find(({ key }) => key === "brightness") ?? shown[0]).key;
    this.#photos();
    this.#small(shown);
    this.#tiles();
  }

  // Levels from below to above, the undistorted photo at step 0.
  curve(key) {
    const entry = this.#entry(key);
    const { scores } = this.#found.samples[this.#photo];
    const of = (name, level) =>
      scores.find(([, found, at, aspect]) => found === name && at === level && (level || !aspect || aspect === entry.aspect));
    const rows = [...entry.levels.map(([level, step]) => [of(key, level), step]), [of(entry.reference, ""), 0]];
    const points = rows
      .filter(([row]) => row)
      .toSorted(([, a], [, b]) => a - b)
      .map(([[place, , level, , score], step]) => ({ place, level, step, score }));
    return { ...entry, ...this.#reach(), points };
  }

  #entry(key) {
    return this.#found.distortions.find((entry) => entry.key === key);
  }

  // The same scale for every curve of a photo: what differs is what the network says.
  #reach() {
    const scores = this.#found.samples[this.#photo].scores.map(([, , , , score]) => score);
    const [least, most] = [Math.min(...scores), Math.max(...scores)];
    const unit = most > least ? 10 ** Math.floor(Math.log10(most - least)) / 2 : 0.05;
    const low = Math.floor(least / unit) * unit;
    return { low, high: Math.max(Math.ceil(most / unit) * unit, low + unit) };
  }

  #photos() {
    const box = this.#root.querySelector("[data-photos]");
    this.#found.samples.forEach(({ photo, thumb }, place) => {
      const button = element("button", { type: "button", className: "choice", title: photo });
      button.append(thumb ? element("img", { src: thumb, alt: photo }) : photo);
      button.setAttribute("aria-pressed", String(place === 0));
      button.addEventListener("click", () => {
        this.#photo = place;
        for (const each of box.children) each.setAttribute("aria-pressed", String(each === button));
        this.#tiles();
        this.#draw();
      });
      box.append(button);
    });
  }

  #small(shown) {
    const box = this.#root.querySelector("[data-small]");
    for (const { key, label, aspect } of shown) {
      const button = element("button", { type: "button", className: `pick aspect ${aspect}`, textContent: label });
      button.setAttribute("aria-pressed", String(key === this.#chosen));
      const chart = element("div", { className: "chart" });
      Object.assign(chart.dataset, { chart: "small", key });
      const figure = element("figure", {}, element("figcaption", {}, button), chart);
      figure.addEventListener("click", () => {
        this.#chosen = key;
        for (const each of box.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
        this.#tiles();
      });
      box.append(figure);
    }
  }

  // Tiles are cut out of one picture, so that 174 of them are one request.
  #tiles() {
    const { sheet } = this.#found.samples[this.#photo];
    const { label, points, low, high } = this.curve(this.#chosen);
    const said = digitsFor(low, high);
    this.#root.querySelector("[data-strip-title]").textContent = label;
    const tiles = points.map(({ place, level, step, score }) => {
      const picture = element("span", { className: "tile" });
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", `${label} ${level || this.#texts.undistorted}`);
      const [column, row] = [place % sheet.columns, Math.floor(place / sheet.columns)];
      picture.style.backgroundImage = `url("${sheet.url}")`;
      picture.style.backgroundSize = `${100 * sheet.columns}% ${100 * sheet.rows}%`;
      const part = (at, of) => (of > 1 ? (100 * at) / (of - 1) : 0);
      picture.style.backgroundPosition = `${part(column, sheet.columns)}% ${part(row, sheet.rows)}%`;
      const words = element("span", { className: "small" },
        element("strong", { textContent: said(score) }), ` ${level || this.#texts.undistorted}`);
      words.title = fill(this.#texts.score, { score: said(score) });
      return element("li", { className: step === 0 ? "reference" : "" }, picture, words);
    });
    this.#root.querySelector("[data-tiles]").replaceChildren(...tiles);
  }
}
