// The page of workers follows the server.

import { place, watch } from "./jobs-live.js";

const line = document.getElementById("live");
watch(line, () => line.dataset.url, (news) => place("workers", news.parts.workers));
