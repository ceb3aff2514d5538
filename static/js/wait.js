// While something is being prepared: fetch this page again and put its new content in place.

const PAUSE_MS = 2000;

async function look() {
  const response = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (!response || !response.ok) return true;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const here = document.getElementById("main");
  const there = page.getElementById("main");
  // Only a change is put in place, so that focus and screen readers stay where they are.
  if (there && there.textContent !== here.textContent) here.replaceChildren(...there.childNodes);
  return Boolean(page.querySelector("script[src*='wait']"));
}

async function watch() {
  while (await look()) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

setTimeout(watch, PAUSE_MS);
