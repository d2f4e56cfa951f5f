/**
 * How numbers, times and an attacker's words are shown on pages. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Bounded } from "../../buffer/views.ts";
import { oneLine } from "../../text.ts";
import { DAY, HOUR, MINUTE } from "../../clock.ts";

/** What `html` makes: escaped text. */
export type Html = ReturnType<typeof html>;

/** Longest text of somebody else's that is shown, characters. */
const LONGEST = 200;

const NUMBER = new Intl.NumberFormat("en-GB");

/** `12,345` */
export function number(value: number): string {
  return NUMBER.format(value);
}

/** `12,345`, or `10,000+` where it was not counted further. */
export function bounded({ value, isMore }: Bounded): string {
  return `${number(value)}${isMore ? "+" : ""}`;
}

/** `1 report`, `2 reports` */
export function counted(amount: Bounded | number, one: string, many = `${one}s`): string {
  const { value, isMore } = typeof amount === "number" ? { value: amount, isMore: false } : amount;
  return `${bounded({ value, isMore })} ${value === 1 && !isMore ? one : many}`;
}

/** A text of somebody else's: what cannot be seen is shown as escapes, and there is an end to it. */
export function cleaned(text: string, longest = LONGEST): string {
  const characters = [...oneLine(text)];
  if (characters.length <= longest) return characters.join("");
  return `${characters.slice(0, longest - 1).join("")}…`;
}

/** The same set apart, so that its writing direction cannot turn what stands beside it. */
export function untrusted(text: string, longest?: number): Html {
  return text === ""
    ? html`<span class="quiet">(empty)</span>`
    : html`<bdi>${cleaned(text, longest)}</bdi>`;
}

/** `40 s`, `12 min`, `3 h 20 min`, `5 days` */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 90_000) return `${Math.round(span / 1000)} s`;
  if (span < 90 * MINUTE) return `${Math.round(span / MINUTE)} min`;
  if (span < DAY) {
    const minutes = Math.floor(span % HOUR / MINUTE);
    const hours = `${Math.floor(span / HOUR)} h`;
    return minutes === 0 || span >= 10 * HOUR ? hours : `${hours} ${minutes} min`;
  }
  return span < 2 * DAY ? `${Math.round(span / HOUR)} h` : `${Math.round(span / DAY)} days`;
}

/** `2026-08-23 06:15:12 UTC` */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `06:15` */
export function clock(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 16);
}

/** How long ago, with the time itself behind it. */
export function ago(at: number | undefined, now: number): Html {
  if (at === undefined) return html`<span class="quiet">never</span>`;
  const told = now - at < 2000 ? "just now" : `${duration(now - at)} ago`;
  return timeElement(at, at > now + MINUTE ? `in ${duration(at - now)}` : told);
}

/** How long it lasts. */
export function since(at: number, now: number): Html {
  return timeElement(at, duration(now - at));
}

/** How long until then. */
export function until(at: number, now: number): Html {
  return timeElement(at, at <= now ? "now" : `in ${duration(at - now)}`);
}

function timeElement(at: number, told: string): Html {
  return html`<time datetime="${new Date(at).toISOString()}" title="${moment(at)}">${told}</time>`;
}

/** A time in full. */
export function fullTime(at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${moment(at)}</time>`;
}
