// Asks for the page again every other second and puts in what has changed, without moving what has the
// keyboard's focus or a selection.
"use strict";
(() => {
  const note = document.getElementById("connection");
  let since = null;
  const focusKey = () => document.activeElement?.dataset?.key;
  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Poll": "1" } });
      if (!answer.ok) throw new Error(answer.status === 401 ? "Log in again." : "");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = fresh.title;
      for (const part of fresh.querySelectorAll("[data-live][id]")) show(part);
      since = null;
      note.hidden = true;
    } catch (error) {
      since ??= new Date().toLocaleTimeString();
      note.textContent = `No answer from the daemon since ${since}. ${error.message.startsWith("Log") ? error.message : "Trying again."}`;
      note.hidden = false;
    }
  }
  function show(part) {
    const old = document.getElementById(part.id);
    if (!old || old.innerHTML === part.innerHTML) return;
    const selection = document.getSelection();
    if (!selection.isCollapsed && old.contains(selection.anchorNode)) return;
    const key = old.contains(document.activeElement) ? focusKey() : undefined;
    if (old.contains(document.activeElement) && !key) return;
    const next = document.importNode(part, true);
    old.replaceWith(next);
    if (key) next.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  }
  setInterval(refresh, 2000);
  document.addEventListener("visibilitychange", refresh);
})();
