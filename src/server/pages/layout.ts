/**
 * What every page has: head, navigation, the sources that logged in, foot.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { CompromisedSources } from "../../buffer/views.ts";
import { PROGRAM } from "../../config/defaults.ts";
import { ICON, SCRIPT, STYLE } from "./assets.ts";
import { sourceLink } from "./source_state.ts";
import { ago, counted, fullTime, type Html } from "./text.ts";

/** What every page shows, whatever it is about. */
export interface Frame {
  /** Milliseconds UTC. */
  readonly now: number;
  readonly compromised: CompromisedSources;
}

/** A frame that shows nothing of the buffer, for pages that everybody may see. */
export function emptyFrame(now: number): Frame {
  return { now, compromised: { lastDay: 0, ever: 0, latest: [] } };
}

const PAGES = [["/", "Overview"], ["/sources", "Sources"], ["/payloads", "Payloads"], [
  "/refused",
  "Refused reports",
], ["/docs", "API"]] as const;

/** A page. */
export interface Page {
  readonly title: string;
  /** Which link of the navigation leads to it. */
  readonly at?: typeof PAGES[number][0];
  /**
   * Address of the stream by which it updates itself; without JavaScript the browser reloads it every 30
   * seconds.
   */
  readonly events?: string;
  readonly body: Html;
  readonly frame: Frame;
}

/** The list of the sources that logged in, the latest first. */
export const COMPROMISED_LIST = "/sources?state=compromised&order=compromised";
/** Sources that are named in the banner. */
const NAMED = 3;

/** Writes a page. */
export function layout({ title, at, events, body, frame }: Page): Html {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
    <meta charset="utf-8">
    <title>${title}: honeypot attacks</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="${ICON.path}">
    <link rel="stylesheet" href="${STYLE.path}">
    <script src="${SCRIPT.path}" defer></script>
    ${events === undefined
      ? ""
      : html`<noscript><meta http-equiv="refresh" content="30"></noscript>`}
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          <a class="name" href="/">Honeypot attacks</a>
          <nav aria-label="Pages">${PAGES.map(([to, name]) =>
            html`<a href="${to}" ${at === to ? html`aria-current="page"` : ""}>${name}</a>`
          )}</nav>
          ${events === undefined
            ? ""
            : html`<div class="live"><span id="liveness" role="status" data-events="${events}"></span></div>`}
          <form class="lookup" action="/sources" method="get" role="search">
            <label for="ip" class="visually-hidden">Address of a source</label>
            <input id="ip" name="ip" placeholder="Address, such as 192.0.2.7" autocomplete="off"
              spellcheck="false" required maxlength="64">
            <button>Look up</button>
          </form>
        </header>
        <main id="main" tabindex="-1">
    ${banner(frame)}
    ${body}
        </main>
        <footer>${asOf(frame.now)}</footer>
      </body>
    </html>
  `;
}

/** The sources that logged in within a day: what must wake somebody. */
export function banner({ compromised, now }: Frame): Html {
  const { lastDay, ever, latest } = compromised;
  const named = latest.slice(0, Math.min(NAMED, lastDay)).map(({ sourceIp, at }) =>
    html`${sourceLink(sourceIp)} <span class="muted">${ago(at, now)}</span>`
  );
  const more = lastDay > named.length ? `, and ${lastDay - named.length} more` : "";
  const text = lastDay === 0 ? "" : html`
    <h2>${counted(lastDay, "source")} logged in to a honeypot in the last 24 hours</h2>
    <p>${named.map((
      one,
      index,
    ) => [
      index === 0 ? "" : ", ",
      one,
    ])}${more}. Treat the sensors as compromised until you know better.
    <a href="${COMPROMISED_LIST}">All that ever logged in</a> (${ever})</p>
  `;
  return html`<section id="compromised" class="alarm" data-live>${text}</section>`;
}

/** The time that a page shows. */
export function asOf(now: number): Html {
  return html`<span id="as-of" data-live>${PROGRAM}, as of ${fullTime(now)}</span>`;
}

/** A page that has nothing but a message. */
export function messagePage(title: string, text: Html | string, frame: Frame): Html {
  return layout({
    title,
    frame,
    body: html`
      <h1>${title}</h1>
      <p>${text}</p>
    `,
  });
}
