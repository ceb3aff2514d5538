// The two photos: loading, showing both at one moment, sizing, and how they were seen.

const RETRY_MS = [500, 1500];
const KEPT = "proofsheet:clocks";
// The pair on the page, the one after it, and one that was taken back.
const KEPT_MOST = 4;
const FADE_MS = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140;
// Taller than this a window shows the photos one above the other; "left" is then on top.
const STACKED = window.matchMedia("(max-aspect-ratio: 9/10)");

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}

export class Stage {
  constructor(pair) {
    this.pair = pair;
    this.sides = [...pair.querySelectorAll(".side")];
    this.alts = this.sides.map((side) => side.querySelector("img").alt);
    this.loaded = new Map();
    this.trial = null;
    this.shownAt = 0;
    this.earlier = 0;
    this.clocks = this.clocksKept();
    window.addEventListener("blur", () => {
      const clock = this.clock();
      if (!clock || clock.heldAt) return;
      clock.focusLosses += 1;
      this.keep();
    });
    window.addEventListener("resize", () => this.fit());
    STACKED.addEventListener("change", () => this.fit());
  }

  // Starts loading and decoding; asking again returns the same promise. What failed is forgotten,
  // so that the next call tries again.
  load(trial) {
    if (!this.loaded.has(trial.token)) {
      const images = [trial.left, trial.right].map((address, index) => {
        const image = new Image();
        image.alt = this.alts[index];
        image.draggable = false;
        image.src = address;
        return image;
      });
      const ready = Promise.all(images.map((image) => image.decode()));
      // Handled when the pair is shown; until then a failure must not count as unhandled.
      ready.then(() => { entry.done = true; }, () => this.loaded.delete(trial.token));
      const entry = { images, ready, done: false };
      this.loaded.set(trial.token, entry);
    }
    return this.loaded.get(trial.token);
  }

  isLoaded(trial) {
    return Boolean(this.loaded.get(trial.token)?.done);
  }

  // Loads a pair, again after a pause if the line was down for a moment.
  async fetch(trial) {
    for (const pause of RETRY_MS) {
      const { images, ready } = this.load(trial);
      if (await ready.then(() => true, () => false)) return images;
      await sleep(pause);
    }
    const { images, ready } = this.load(trial);
    await ready;
    return images;
  }

  // Shows both photos in the same frame; rejects if one of them cannot be loaded.
  async show(trial) {
    const images = await this.fetch(trial);
    this.loaded.delete(trial.token);
    this.trial = trial;
    this.sides.forEach((side, index) => side.replaceChildren(images[index]));
    this.fit();
    await this.appear();
  }

  async appear() {
    await visible();
    await frame();
    this.pair.classList.remove("leaving");
    this.pair.classList.add("shown");
    this.enable(true);
    await frame();
    this.clockStart(this.trial.token);
  }

  // Takes the pair from sight for a while that does not count: a break, or another pair before it.
  hold() {
    const clock = this.clock();
    if (!clock) return;
    clock.heldAt = Date.now();
    this.keep();
    this.pair.classList.remove("shown");
    this.enable(false);
  }

  clock() {
    return this.trial ? this.clocks.get(this.trial.token) : undefined;
  }

  // A pair that was seen before goes on: its time runs from the first sight of it, without what
  // it was held for; where it was not held, the page was reloaded, which counts as leaving it.
  clockStart(token) {
    const now = Date.now();
    const clock = this.clocks.get(token) ?? { firstSeen: now, focusLosses: -1, held: 0, heldAt: 0 };
    if (clock.heldAt) clock.held += now - clock.heldAt;
    else clock.focusLosses += 1;
    clock.heldAt = 0;
    this.clocks.delete(token);
    this.clocks.set(token, clock);
    this.shownAt = performance.now();
    this.earlier = Math.max(0, now - clock.firstSeen - clock.held);
    this.keep();
  }

  clocksKept() {
    try { return new Map(JSON.parse(sessionStorage.getItem(KEPT))); } catch { return new Map(); }
  }

  keep() {
    const text = JSON.stringify([...this.clocks].slice(-KEPT_MOST));
    try { sessionStorage.setItem(KEPT, text); } catch { /* storage is off */ }
  }

  // Outlines the chosen photo; from now on the pair takes no other answer.
  acknowledge(side) {
    this.enable(false);
    this.sides.forEach((button) => {
      button.classList.toggle("chosen", button.dataset.side === side);
    });
  }

  async leave() {
    this.pair.classList.add("leaving");
    await sleep(FADE_MS);
    this.pair.classList.remove("shown", "leaving");
    this.enable(false);
  }

  // Not `disabled`: a disabled button loses the focus of whoever answers by Tab and Enter.
  enable(on) {
    this.sides.forEach((side) => {
      side.setAttribute("aria-disabled", String(!on));
      side.classList.remove("chosen");
    });
  }

  // The same size for both, as large as the window allows, never beyond one screen pixel a pixel.
  fit() {
    this.pair.classList.toggle("stacked", STACKED.matches);
    if (!this.trial) return;
    const box = this.sides[0].getBoundingClientRect();
    const pad = 8;
    const scale = Math.min(
      1 / window.devicePixelRatio,
      (box.width - pad) / this.trial.width,
      (box.height - pad) / this.trial.height,
    );
    for (const side of this.sides) {
      const image = side.querySelector("img");
      image.style.width = `${Math.max(1, this.trial.width * scale)}px`;
      image.style.height = `${Math.max(1, this.trial.height * scale)}px`;
    }
  }

  // Milliseconds since the pair appeared in this page.
  elapsed() {
    return performance.now() - this.shownAt;
  }

  // What is stored with the vote: CSS pixels, as the pair was seen at the moment of the choice.
  viewing() {
    const image = this.sides[0].querySelector("img").getBoundingClientRect();
    return {
      // A tab left open overnight: the server takes up to a day.
      response_ms: Math.min(Math.round(this.earlier + this.elapsed()), 24 * 3600 * 1000),
      viewport_width: window.innerWidth,
      viewport_height: window.innerHeight,
      device_pixel_ratio: window.devicePixelRatio,
      rendered_width: Math.round(image.width * 100) / 100,
      rendered_height: Math.round(image.height * 100) / 100,
      layout: STACKED.matches ? "stacked" : "side-by-side",
      focus_losses: this.clock().focusLosses,
    };
  }
}
