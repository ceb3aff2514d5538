// The short name follows the title until somebody writes one.

const title = document.querySelector("[name=title]");
const slug = document.querySelector("[name=slug]");
const short = (text) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replace(/[-\s]+/g, "-")
    .slice(0, slug.maxLength);

if (title) {
  let own = slug.value !== "" && slug.value !== short(title.value);
  slug.addEventListener("input", () => (own = slug.value !== ""));
  title.addEventListener("input", () => {
    if (!own) slug.value = short(title.value);
  });
}
// What has to be put right is where the cursor goes.
document.querySelector("[aria-invalid]")?.focus();
