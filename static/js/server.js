// Talking to the server: JSON with the CSRF token, and votes that survive a lost connection.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

export class Refused extends Error {
  constructor(status, body) {
    super(body.detail || String(status));
    this.status = status;
    this.code = body.code || "";
  }
}

export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

async function postOnce(url, body) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  if (response.ok) return response.json();
  if (response.status >= 500 || response.status === 429) throw new TypeError("server unavailable");
  throw new Refused(response.status, await response.json().catch(() => ({})));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Tries until the server answers: every call here may be repeated without harm.
export async function post(url, body, onTrouble = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await postOnce(url, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      onTrouble();
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }
}

// A vote is kept here until the server has confirmed it, so that a reload cannot lose it.
export class Outbox {
  constructor(survey) {
    this.key = `proofsheet:${survey}:vote`;
  }

  put(vote) {
    try { localStorage.setItem(this.key, JSON.stringify(vote)); } catch { /* storage is off */ }
  }

  get() {
    try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; }
  }

  clear() {
    try { localStorage.removeItem(this.key); } catch { /* storage is off */ }
  }
}
