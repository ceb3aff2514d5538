// A link that is shown once: one press copies it.

const field = document.querySelector("[data-copy]");
const button = field.nextElementSibling;

field.addEventListener("focus", () => field.select());
// Browsers let pages write to the clipboard only over HTTPS or on the same machine.
if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    } catch {
      field.focus();
    }
  });
}
