/**
 * The script of the overview. It replaces the parts that changed by those that the server renders, and
 * keeps the focus, the scroll position and a selection. It is text, since browsers get it as it is.
 *
 * @module
 */

/** The script. */
export const SCRIPT_TEXT = `"use strict";
(() => {
  const status = document.getElementById("liveness");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pause";
  status.before(button);
  let source;
  let isPaused = false;
  let again = 0;

  const say = (text) => { if (status.textContent !== text) status.textContent = text; };
  const nameOf = (element) =>
    element.id ? "#" + CSS.escape(element.id)
      : element.getAttribute("href") ? 'a[href="' + CSS.escape(element.getAttribute("href")) + '"]'
      : element.localName;

  function swap(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) return;
    const selection = getSelection();
    if (!selection.isCollapsed && part.contains(selection.anchorNode)) return;
    const focused = part.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    const open = [...part.querySelectorAll("details[open]")].map(nameOf);
    const scrolled = [...part.querySelectorAll(".box")]
      .map((box) => [nameOf(box), box.scrollLeft, box.scrollTop]);
    part.replaceChildren(...fresh.childNodes);
    for (const name of open) part.querySelector(name)?.setAttribute("open", "");
    for (const [name, left, top] of scrolled) part.querySelector(name)?.scrollTo(left, top);
    if (focused !== "") part.querySelector(focused)?.focus({ preventScroll: true });
  }

  function update({ data }) {
    const fresh = new DOMParser().parseFromString(data, "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const here = document.getElementById(part.id);
      if (here) swap(here, part);
    }
    document.documentElement.dataset.updates = ++update.count;
  }
  update.count = 0;

  function listen() {
    source = new EventSource("/live");
    source.addEventListener("open", () => say("live"));
    source.addEventListener("parts", update);
    source.addEventListener("error", () => {
      say("not live: the service cannot be reached");
      // A browser reconnects by itself unless the server refused it.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(listen, 10000);
    });
  }

  function leave() {
    clearTimeout(again);
    source?.close();
  }

  function setPaused(to) {
    isPaused = to;
    button.textContent = to ? "Resume" : "Pause";
    leave();
    if (to) say("paused");
    else listen();
  }

  button.addEventListener("click", () => setPaused(!isPaused));
  // A hidden tab does not count against the limit of listeners.
  document.addEventListener("visibilitychange", () => {
    if (isPaused) return;
    leave();
    if (!document.hidden) listen();
  });
  setPaused(false);
})();
`;
