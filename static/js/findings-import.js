// The form of an import: refuses a file that is too large before it is sent, and says what happens.

const form = document.querySelector("form[data-upload]");
const file = form?.querySelector("[type=file]");

function tooLarge() {
  const chosen = form.querySelector("[name=weights]:checked")?.value;
  return chosen === "upload" && file.files[0]?.size > Number(form.dataset.most);
}

form?.addEventListener("input", (event) => {
  const way = event.target.closest(".way");
  // Whoever fills in one way means it.
  if (way && event.target.type !== "radio") way.querySelector("[type=radio]").checked = true;
  file.setCustomValidity(tooLarge() ? form.dataset.tooLarge : "");
});

form?.addEventListener("submit", (event) => {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.querySelector("[data-said]").textContent = form.dataset.sending;
});

// Back from the next page, the form may be sent again.
addEventListener("pageshow", () => {
  if (!form) return;
  delete form.dataset.sent;
  form.querySelector("[data-said]").textContent = "";
});
