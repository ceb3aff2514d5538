// Votes that the server has not confirmed yet, oldest first; a reload or a second tab finds them.
// Those of another session in this browser, such as a preview, stay where they are: sent with this
// one's cookie they would be refused.

export class Outbox {
  constructor(survey, session) {
    this.prefix = `proofsheet:${survey}:vote:${session}:`;
    // Of this page only, where the browser stores nothing.
    this.memory = new Map();
  }

  // One entry a vote: two tabs never write the same one, and names sort by time.
  keys() {
    let stored = [];
    try { stored = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)); } catch { /* storage is off */ }
    return [...stored, ...this.memory.keys()].sort();
  }

  // The first answer to a pair is kept, as on the server.
  add(vote) {
    const end = `:${vote.token}`;
    if (this.keys().some((key) => key.endsWith(end))) return;
    const key = `${this.prefix}${Date.now()}${end}`;
    try { localStorage.setItem(key, JSON.stringify(vote)); } catch { this.memory.set(key, vote); }
  }

  // The oldest as [its key, the vote].
  first() {
    for (const key of this.keys()) {
      try {
        return [key, this.memory.get(key) ?? JSON.parse(localStorage.getItem(key))];
      } catch {
        this.remove(key);
      }
    }
    return null;
  }

  remove(key) {
    this.memory.delete(key);
    try { localStorage.removeItem(key); } catch { /* storage is off */ }
  }

  get size() {
    return this.keys().length;
  }
}
