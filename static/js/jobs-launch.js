// A form is sent once; the server would recognise a second time, and somebody should see why.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    form.querySelector("button[type=submit]").setAttribute("aria-disabled", "true");
  });
}
// Back from the next page, the form is as it was left.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    form.querySelector("button[type=submit]").removeAttribute("aria-disabled");
  }
});
// What has to be put right is where the cursor goes.
document.querySelector("[aria-invalid]")?.focus();
