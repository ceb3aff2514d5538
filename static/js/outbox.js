// What somebody did that the server has not confirmed yet, oldest first; a reload or a second tab
// finds it. What belongs to another session in this browser, such as a preview, stays where it is:
// sent by this session's page it would be refused.

const KINDS = ["vote", "undo", "skip", "break"];

// proofsheet:survey:kind:session:time:name
const kindOf = (key) => key.split(":")[2];
const timeOf = (key) => Number(key.split(":")[4]);

export class Outbox {
  constructor(survey, session) {
    this.prefixes = Object.fromEntries(
      KINDS.map((kind) => [kind, `proofsheet:${survey}:${kind}:${session}:`]),
    );
    // Of this page only, where the browser stores nothing.
    this.memory = new Map();
  }

  // One entry an action: two tabs never write the same one.
  keys() {
    const mine = Object.values(this.prefixes);
    let stored = [];
    try {
      stored = Object.keys(localStorage).filter((key) => mine.some((prefix) => key.startsWith(prefix)));
    } catch { /* storage is off */ }
    return [...stored, ...this.memory.keys()].sort((a, b) => timeOf(a) - timeOf(b));
  }

  // Returns the entry's key. The first answer to a pair is kept, as on the server; breaks are many.
  add(kind, name, body) {
    const prefix = this.prefixes[kind];
    const end = `:${name}`;
    const there = this.keys().find((key) => key.startsWith(prefix) && key.endsWith(end));
    if (there && kind !== "break") return there;
    const key = `${prefix}${Date.now()}${end}`;
    try { localStorage.setItem(key, JSON.stringify(body)); } catch { this.memory.set(key, body); }
    return key;
  }

  // The oldest as { key, kind, body }.
  first() {
    for (const key of this.keys()) {
      try {
        const body = this.memory.get(key) ?? JSON.parse(localStorage.getItem(key));
        return { key, kind: kindOf(key), body };
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

  get votes() {
    return this.keys().filter((key) => kindOf(key) === "vote").length;
  }
}
