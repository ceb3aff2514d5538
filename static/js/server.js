// Talking to the server: JSON with the CSRF token, tried again until there is an answer.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const TIMEOUT_MS = 20_000;
const LONGEST_MS = 120_000;

// What tells an answer of ours from one of something in between, such as the log-in page of a
// hotel's network: where the session stands, or that a break was noted; of refusals the code.
const STATES = new Set(["pair", "waiting", "done"]);
const CODES = new Set([
  "authentication-failed", "closed", "conflict", "error", "frozen", "gone", "invalid",
  "method-not-allowed", "no-session", "no-skip", "no-undo", "not-acceptable", "not-authenticated",
  "not-found", "parse-error", "permission-denied", "throttled", "too-large",
  "unsupported-media-type",
]);
// A network that wants a log-in first says so with a status of its own.
const LOG_IN_FIRST = 511;

// The server has understood and says no.
export class Refused extends Error {
  constructor(status, body) {
    super(body.detail || String(status));
    this.status = status;
    this.code = body.code;
  }
}

// No answer, or none of ours. `kind`: "offline", "busy" or "failing"; `wait`: milliseconds that the
// server asks for, if it does.
class Unreachable extends Error {
  constructor(kind = "offline", wait = 0) {
    super(kind);
    this.kind = kind;
    this.wait = wait;
  }
}

export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

function waitAsked(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(1000 * seconds, LONGEST_MS) : 0;
}

function failed(response) {
  const wait = waitAsked(response);
  if (response.status === LOG_IN_FIRST) return new Unreachable("offline", wait);
  return new Unreachable(wait || response.status === 429 ? "busy" : "failing", wait);
}

function ours(response, answer) {
  if (!response.ok) return CODES.has(answer?.code);
  return STATES.has(answer?.state) || typeof answer?.resting === "boolean";
}

// Says which of this browser's sessions the page was opened in: a preview may have begun since.
function headers() {
  const mark = document.getElementById("main")?.dataset.session;
  const told = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return mark ? { ...told, "X-Session-Mark": mark } : told;
}

async function postOnce(url, body) {
  let response;
  let answer;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: headers(),
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 500 || response.status === 429) throw failed(response);
    answer = await response.json();
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable();
  }
  if (!ours(response, answer)) throw new Unreachable();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

// Ends early when the browser is back on a line, unless the server itself asked to wait.
function pause(attempt, asked) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, asked || RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    if (!asked) window.addEventListener("online", done);
  });
}

// Tries until the server answers: every call here may be repeated without harm. `onTrouble` hears
// of each attempt that failed, and in which way: "offline", "busy" or "failing".
export async function post(url, body, onTrouble = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await postOnce(url, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      onTrouble(error.kind);
      await pause(attempt, error.wait);
    }
  }
}
