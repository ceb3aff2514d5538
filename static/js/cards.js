// The two cards over the pair: why to skip it, and a break.

// Whether a break goes on; a reload shows its card again.
const RESTING = "proofsheet:resting";

function remember(on) {
  try {
    if (on) sessionStorage.setItem(RESTING, "1");
    else sessionStorage.removeItem(RESTING);
  } catch { /* storage is off */ }
}

export const resting = () => {
  try { return sessionStorage.getItem(RESTING) === "1"; } catch { return false; }
};

export const cardOpen = () => document.querySelector("dialog[open]") !== null;

function closed(dialog) {
  return new Promise((resolve) => {
    dialog.addEventListener("close", resolve, { once: true });
  });
}

// A press anywhere on a button of a card closes it with that button's value.
for (const dialog of document.querySelectorAll("dialog.card")) {
  for (const button of dialog.querySelectorAll("button")) {
    button.addEventListener("click", () => dialog.close(button.value));
  }
}

// Resolves with the reason, or "" for whoever would rather choose.
export async function askReason(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  await closed(dialog);
  return dialog.returnValue;
}

// Resolves when the person goes on. `note(on)` stores when the break began and ended.
export async function rest(dialog, { done, total, note }) {
  const said = dialog.querySelector("[data-template]");
  said.textContent = said.dataset.template.replace("%(n)s", done).replace("%(total)s", total);
  remember(true);
  note(true);
  dialog.showModal();
  await closed(dialog);
  remember(false);
  note(false);
}

export const restForget = () => remember(false);
