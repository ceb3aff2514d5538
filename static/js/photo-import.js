// An import under way: how far it is; once it is over, the server writes the page anew.

import { place, watch } from "./jobs-live.js";

const line = document.getElementById("live");

watch(
  line,
  () => line.dataset.url,
  (news) => {
    for (const [id, html] of Object.entries(news.parts)) place(id, html);
    if (news.over) location.reload();
  },
);
