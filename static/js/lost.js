// How many choices of a session came too late to be stored, until its thank-you page says so.

const name = (session) => `proofsheet:lost:${session}`;

export function lostCount(session) {
  try { return Number(sessionStorage.getItem(name(session))); } catch { return 0; }
}

export function lostAdd(session) {
  try { sessionStorage.setItem(name(session), lostCount(session) + 1); } catch { /* storage is off */ }
}
