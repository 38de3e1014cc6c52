"use strict";
// Puts what changes on a page in place again every few seconds, while the page can be seen.
const part = document.querySelector("[data-refresh]");
if (part) {
  const renew = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(part.dataset.refresh, { credentials: "same-origin", headers: { accept: "text/html" } });
      if (answer.redirected || answer.status === 401) { location.reload(); return; }
      const text = await answer.text();
      if (answer.ok && text !== part.dataset.last) {
        part.dataset.last = text;
        part.innerHTML = text;
      }
    } catch { /* the page's process is away: the next try may find it */ }
  };
  setInterval(renew, Number(part.dataset.seconds) * 1000);
}
