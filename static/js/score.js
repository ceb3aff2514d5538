// Scoring a photo: dropping one in, and waiting for what the worker says of it.

import { LoggedOut, ask, repeat, setText } from "./dashboard-live.js";

const EVERY = 1000;
const AFTER_TROUBLE = 5000;

function handIn(form) {
  const input = form.querySelector("[type=file]");
  const area = form.querySelector("[data-drop]");
  const said = form.querySelector("[data-said]");
  let shown = null;

  function show() {
    const file = input.files[0];
    input.setCustomValidity(file && file.size > Number(form.dataset.most) ? form.dataset.tooLarge : "");
    if (shown) {
      URL.revokeObjectURL(shown.src);
      shown.remove();
      shown = null;
    }
    // What a browser cannot show, a TIFF for one, the worker may well read.
    if (!file || !["image/jpeg", "image/png", "image/webp", "image/bmp"].includes(file.type)) return;
    shown = document.createElement("img");
    shown.alt = "";
    shown.src = URL.createObjectURL(file);
    area.append(shown);
  }
  input.addEventListener("change", show);
  for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.toggle("over", over);
    });
  }
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    show();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    said.textContent = form.dataset.sending;
  });
  // Back from the next page, the form may be sent again.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    said.textContent = "";
    show();
  });
}

function wait(section) {
  const said = section.querySelector("[data-said]");
  const bar = section.querySelector("progress");
  const logIn = section.querySelector("[data-log-in]");
  repeat(async () => {
    try {
      const now = await ask(section.dataset.state);
      // The server writes the page, once for the score and once for the distortions.
      if (now.version !== section.dataset.version) location.reload();
      setText(said, now.said);
      if (now.total) {
        bar.max = now.total;
        bar.value = now.done;
      }
      logIn.hidden = true;
      return EVERY;
    } catch (error) {
      const out = error instanceof LoggedOut;
      setText(said, out ? section.dataset.loggedOut : section.dataset.unreachable);
      logIn.hidden = !out;
      return AFTER_TROUBLE;
    }
  }, EVERY);
}

const form = document.querySelector("[data-hand-in]");
if (form) handIn(form);
const section = document.querySelector("[data-wait]");
if (section) wait(section);
