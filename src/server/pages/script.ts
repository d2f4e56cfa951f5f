/**
 * The script of the pages. Relative times go on by themselves, and an address can be copied. On the
 * overview it replaces the parts that changed by those that the server renders, keeps the focus, the scroll
 * position and a selection, and says at once when the server is lost. It is text, since browsers get it as
 * it is.
 *
 * @module
 */
import { DAY, HOUR, MINUTE } from "../../clock.ts";
import { duration } from "./duration.ts";

/** The script. The rule of durations is the server's own. */
export const SCRIPT_TEXT = `"use strict";
(() => {
  const MINUTE = ${MINUTE}, HOUR = ${HOUR}, DAY = ${DAY};
  ${duration.toString()}

  const root = document.documentElement;
  const timeOf = (element) => Date.parse(element.getAttribute("datetime"));
  let ahead = 0;
  const setClock = () => {
    const shown = document.querySelector("#as-of time");
    if (shown) ahead = timeOf(shown) - Date.now();
  };

  const WORDS = {
    ago: (span) => span < 2000 ? "just now" : duration(span) + " ago",
    lasts: (span) => duration(span),
    until: (span) => span >= 0 ? "now" : "in " + duration(-span),
  };

  function tick() {
    const now = Date.now() + ahead;
    for (const element of document.querySelectorAll("time[data-rel]")) {
      const span = now - timeOf(element);
      const kind = element.dataset.rel;
      const text = kind === "ago" && span < -MINUTE ? WORDS.until(span) : WORDS[kind]?.(span);
      if (text && element.textContent !== text) element.textContent = text;
    }
  }
  setClock();
  setInterval(tick, 1000);

  for (const element of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    const word = document.createTextNode("Copy");
    const what = document.createElement("span");
    what.className = "visually-hidden";
    what.textContent = " " + element.dataset.copy;
    button.append(word, what);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(element.dataset.copy);
        word.data = "Copied";
      } catch {
        // Without TLS a browser gives no clipboard: what is selected can be copied by keyboard.
        getSelection().selectAllChildren(element);
        word.data = document.execCommand("copy") ? "Copied" : "Selected";
      }
      setTimeout(() => { word.data = "Copy"; }, 2000);
    });
    element.after(button);
  }

  const status = document.getElementById("liveness");
  if (!status) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pause";
  status.after(button);
  let source;
  let isPaused = false;
  let again = 0;
  let silence = 0;

  const say = (state, text) => {
    root.dataset.state = state;
    if (status.textContent !== text) status.textContent = text;
  };
  const nameOf = (element) =>
    element.id ? "#" + CSS.escape(element.id)
      : element.getAttribute("href") ? 'a[href="' + CSS.escape(element.getAttribute("href")) + '"]'
      : element.localName;

  // The times of a part go on by themselves: it is compared as the server sent it.
  const sent = new Map();
  for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.innerHTML);

  function swap(part, fresh) {
    if (sent.get(part.id) === fresh.innerHTML) return;
    const selection = getSelection();
    if (!selection.isCollapsed && part.contains(selection.anchorNode)) return;
    sent.set(part.id, fresh.innerHTML);
    const focused = part.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    const open = [...part.querySelectorAll("details[open]")].map(nameOf);
    const scrolled = [...part.querySelectorAll(".box")]
      .map((box) => [nameOf(box), box.scrollLeft, box.scrollTop]);
    part.replaceChildren(...fresh.childNodes);
    for (const name of open) part.querySelector(name)?.setAttribute("open", "");
    for (const [name, left, top] of scrolled) part.querySelector(name)?.scrollTo(left, top);
    if (focused !== "") part.querySelector(focused)?.focus({ preventScroll: true });
  }

  function heard() {
    say("live", "live");
    clearTimeout(silence);
    // The server sends something every minute, whatever happens.
    silence = setTimeout(lost, 75000);
  }

  function lost() {
    say("lost", "not live: the service cannot be reached");
  }

  function update({ data }) {
    heard();
    const fresh = new DOMParser().parseFromString(data, "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const here = document.getElementById(part.id);
      if (here) swap(here, part);
    }
    setClock();
    tick();
    root.dataset.updates = ++update.count;
  }
  update.count = 0;

  function listen() {
    source = new EventSource(status.dataset.events);
    source.addEventListener("open", heard);
    source.addEventListener("parts", update);
    source.addEventListener("error", () => {
      clearTimeout(silence);
      lost();
      // A browser reconnects by itself unless the server refused it.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(listen, 10000);
    });
  }

  function leave() {
    clearTimeout(again);
    clearTimeout(silence);
    source?.close();
  }

  function setPaused(to) {
    isPaused = to;
    button.textContent = to ? "Resume" : "Pause";
    leave();
    if (to) say("paused", "paused");
    else listen();
  }

  button.addEventListener("click", () => setPaused(!isPaused));
  // A hidden tab does not count against the limit of listeners.
  document.addEventListener("visibilitychange", () => {
    if (isPaused) return;
    leave();
    if (!document.hidden) listen();
  });
  // What a browser keeps for "back" has the state of then.
  addEventListener("pageshow", ({ persisted }) => { if (persisted && !isPaused) setPaused(false); });
  addEventListener("offline", () => { if (!isPaused) lost(); });
  addEventListener("online", () => { if (!isPaused) { leave(); listen(); } });
  setPaused(false);
})();
`;
