// A photo's family of pictures: asks for them, waits for them, and starts each row at its reference.

import { LoggedOut, ask, repeat, setText } from "./dashboard-live.js";
import { csrfToken } from "./server.js";

const EVERY = 1000;
const AFTER_TROUBLE = 5000;
// Asking again is free: the server sends another message only where the last one seems lost.
const ASK_AGAIN = 10;

async function post(form) {
  const response = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-CSRFToken": csrfToken() },
    redirect: "manual",
  });
  if (response.type !== "opaqueredirect" && !response.ok) throw new Error(String(response.status));
}

function wait(section) {
  const said = section.querySelector("[data-said]");
  const logIn = section.querySelector("[data-log-in]");
  const form = section.querySelector("form");
  let looks = 0;
  async function look() {
    const sheet = await ask(section.dataset.state);
    if (sheet.state === "ready" || sheet.state === "failed") location.reload();
    if (sheet.state === "absent" || looks % ASK_AGAIN === ASK_AGAIN - 1) await post(form);
    looks += 1;
    setText(said, sheet.said);
    logIn.hidden = true;
  }
  repeat(async () => {
    try {
      await look();
      return EVERY;
    } catch (error) {
      const out = error instanceof LoggedOut;
      setText(said, out ? section.dataset.loggedOut : section.dataset.unreachable);
      logIn.hidden = !out;
      return AFTER_TROUBLE;
    }
  }, 0);
}

// On a narrow screen the middle of a row is what the others are compared with.
function centre() {
  for (const row of document.querySelectorAll(".levels")) {
    const mark = row.querySelector(".reference").getBoundingClientRect();
    const seen = row.getBoundingClientRect();
    row.scrollLeft += mark.left + mark.width / 2 - seen.left - seen.width / 2;
  }
}

const section = document.querySelector("[data-wait]");
if (section) wait(section);
centre();
document.getElementById("full")?.addEventListener("change", centre);
