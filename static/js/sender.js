// Sends waiting votes one after the other, in the order in which they were given, until each is
// stored or refused. Sending one twice does no harm: the server keeps it once.

import { Refused, post } from "./server.js";

// The pair is over, or the vote makes no sense: sent again it would be refused for ever.
const FINAL = new Set([400, 409]);
const SLOW_MS = 4000;

export class Sender {
  // `onTrouble(kind)` hears of each attempt that failed, `onSettled(code)` of each vote that is dealt
  // with: stored, or refused with that code.
  constructor(outbox, url, { onTrouble, onSettled }) {
    this.outbox = outbox;
    this.url = url;
    this.onTrouble = onTrouble;
    this.onSettled = onSettled;
    this.callers = new Map();
    this.listeners = new Set();
    this.run = null;
    // In which way the last attempt failed.
    this.down = "";
  }

  // Resolves with {state, refused} once this vote is dealt with; `state` is null where another tab
  // has done it, `refused` the code of a refusal or empty. Rejects when nothing can be sent any more.
  send(vote) {
    this.outbox.add(vote);
    const settled = new Promise((resolve, reject) => {
      this.callers.set(vote.token, { resolve, reject });
    });
    // What goes wrong is told to those who wait for their vote.
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

  // Sends whatever waits; resolves with how many were refused.
  flush() {
    this.run ??= this.drain();
    return this.run;
  }

  async drain() {
    // Never over before `run` is set.
    await null;
    let refused = 0;
    try {
      for (let entry = this.outbox.first(); entry; entry = this.outbox.first()) {
        if (await this.deal(...entry)) refused += 1;
      }
    } catch (error) {
      for (const { reject } of this.callers.values()) reject(error);
      this.callers.clear();
      throw error;
    } finally {
      this.run = null;
    }
    for (const { resolve } of this.callers.values()) resolve({ state: null, refused: "" });
    this.callers.clear();
    return refused;
  }

  async deal(key, vote) {
    let state = null;
    let refused = "";
    try {
      state = await post(this.url, vote, (kind) => this.troubled(kind));
    } catch (error) {
      if (!(error instanceof Refused) || !FINAL.has(error.status)) throw error;
      refused = error.code;
    }
    this.down = "";
    this.outbox.remove(key);
    this.onSettled(refused);
    this.callers.get(vote.token)?.resolve({ state, refused });
    this.callers.delete(vote.token);
    return refused;
  }

  troubled(kind) {
    this.down = kind;
    this.onTrouble(kind);
    for (const listener of this.listeners) listener();
  }
}
