/**
 * What every page has: head, navigation, foot.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import { PROGRAM } from "../../config/defaults.ts";
import { ICON, SCRIPT, STYLE } from "./assets.ts";
import { fullTime, type Html } from "./text.ts";

/** A page. */
export interface Page {
  readonly title: string;
  /** Which link of the navigation leads to it. */
  readonly at?: "/" | "/refused";
  /** Whether it updates itself; without JavaScript the browser reloads it every 30 seconds. */
  readonly isLive?: boolean;
  readonly body: Html;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Writes a page. */
export function layout({ title, at, isLive = false, body, now }: Page): Html {
  const link = (to: "/" | "/refused", name: string) =>
    html`<a href="${to}" ${at === to ? html`aria-current="page"` : ""}>${name}</a>`;
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
    <meta charset="utf-8">
    <title>${title}</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="${ICON.path}">
    <link rel="stylesheet" href="${STYLE.path}">
    ${isLive
      ? html`<script src="${SCRIPT.path}" defer></script>
<noscript><meta http-equiv="refresh" content="30"></noscript>`
      : ""}
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          <a class="name" href="/">SSH brute force</a>
          <nav aria-label="Pages">${link("/", "Overview")}${link(
            "/refused",
            "Refused reports",
          )}</nav>
          <form class="lookup" action="/sources" method="get" role="search">
            <label for="ip" class="visually-hidden">Address of a source</label>
            <input id="ip" name="ip" placeholder="Address, such as 192.0.2.7" autocomplete="off"
              spellcheck="false" required maxlength="45">
            <button>Look up</button>
          </form>
        </header>
        <main id="main" tabindex="-1">
    ${body}
        </main>
        <footer>${asOf(now)}${isLive
          ? html`<span id="liveness" role="status"></span>`
          : ""}</footer>
      </body>
    </html>
  `;
}

/** The time that a page shows. */
export function asOf(now: number): Html {
  return html`<span id="as-of" data-live>${PROGRAM}, as of ${fullTime(now)}</span>`;
}

/** A page that has nothing but a message. */
export function messagePage(title: string, text: string, now: number): Html {
  return layout({
    title,
    now,
    body: html`
      <h1>${title}</h1>
      <p>${text}</p>
    `,
  });
}
