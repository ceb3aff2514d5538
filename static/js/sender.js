// Sends what waits in the outbox one after the other, in the order in which it was done, until each
// is stored or refused. Sending something twice does no harm: the server keeps it once.

import { Refused, post } from "./server.js";

// The pair is over, or the request makes no sense: sent again it would be refused for ever.
const FINAL = new Set([400, 409]);
const SLOW_MS = 4000;

export class Sender {
  // `urls` by kind. `onTrouble(kind)` hears of each attempt that failed, `onSettled(kind, refused)`
  // of each entry that is dealt with: stored, or refused with that error.
  constructor(outbox, urls, { onTrouble, onSettled }) {
    this.outbox = outbox;
    this.urls = urls;
    this.onTrouble = onTrouble;
    this.onSettled = onSettled;
    this.callers = new Map();
    this.listeners = new Set();
    this.run = null;
    // In which way the last attempt failed.
    this.down = "";
  }

  // Resolves with {state, refused} once this is dealt with; `state` is null where another tab has
  // done it, `refused` the error of a refusal or null. Rejects when nothing can be sent any more.
  send(kind, name, body) {
    const key = this.outbox.add(kind, name, body);
    const settled = new Promise((resolve, reject) => {
      this.callers.set(key, { resolve, reject });
    });
    // What goes wrong is told to those who wait for their answer.
    this.flush().catch(() => {});
    return settled;
  }

  // Resolves once the line turns out to be down, or slow.
  trouble() {
    if (this.down) return Promise.resolve();
    return new Promise((resolve) => {
      const told = () => {
        clearTimeout(timer);
        this.listeners.delete(told);
        resolve();
      };
      const timer = setTimeout(told, SLOW_MS);
      this.listeners.add(told);
    });
  }

  // Sends whatever waits; resolves with what was refused, as [kind, error] each.
  flush() {
    this.run ??= this.drain();
    return this.run;
  }

  async drain() {
    // Never over before `run` is set.
    await null;
    const refusals = [];
    try {
      for (let entry = this.outbox.first(); entry; entry = this.outbox.first()) {
        const refused = await this.deal(entry);
        if (refused) refusals.push([entry.kind, refused]);
      }
    } catch (error) {
      for (const { reject } of this.callers.values()) reject(error);
      this.callers.clear();
      throw error;
    } finally {
      this.run = null;
    }
    for (const { resolve } of this.callers.values()) resolve({ state: null, refused: null });
    this.callers.clear();
    return refusals;
  }

  async deal({ key, kind, body }) {
    let state = null;
    let refused = null;
    try {
      state = await post(this.urls[kind], body, (trouble) => this.troubled(trouble));
    } catch (error) {
      if (!(error instanceof Refused) || !FINAL.has(error.status)) throw error;
      refused = error;
    }
    this.down = "";
    this.outbox.remove(key);
    this.onSettled(kind, refused);
    this.callers.get(key)?.resolve({ state, refused });
    this.callers.delete(key);
    return refused;
  }

  troubled(kind) {
    this.down = kind;
    this.onTrouble(kind);
    for (const listener of this.listeners) listener();
  }
}
