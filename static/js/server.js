// Talking to the server: JSON with the CSRF token, tried again until there is an answer.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const TIMEOUT_MS = 20_000;
const LONGEST_MS = 120_000;

// The server has understood and says no.
export class Refused extends Error {
  constructor(status, body) {
    super(body.detail || String(status));
    this.status = status;
    this.code = body.code || "";
  }
}

// No answer, or none of ours. `wait`: milliseconds that the server asks for, if it does.
class Unreachable extends Error {
  constructor(wait = 0) {
    super("unreachable");
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

async function postOnce(url, body) {
  let response;
  let answer;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 500 || response.status === 429) throw new Unreachable(waitAsked(response));
    // What is no JSON comes from something in between: the log-in page of a hotel's network.
    answer = await response.json();
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable();
  }
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
// of each attempt that failed, and whether it was the server that asked to wait.
export async function post(url, body, onTrouble = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await postOnce(url, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      onTrouble(error.wait > 0);
      await pause(attempt, error.wait);
    }
  }
}
