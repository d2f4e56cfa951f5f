/**
 * How pages show numbers, times and untrusted text. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Bounded } from "../../buffer/sources.ts";
import { oneLine } from "../../text.ts";
import { MINUTE } from "../../clock.ts";
import { duration } from "./duration.ts";

export { duration };

/** Escaped text, as `html` makes it. */
export type Html = ReturnType<typeof html>;

/** Longest untrusted text that is shown, characters. */
const LONGEST = 200;

const NUMBER = new Intl.NumberFormat("en-GB");

/** `12,345` */
export function number(value: number): string {
  return NUMBER.format(value);
}

/** `12,345`, or `10,000+` where counting stopped. */
export function bounded({ value, isMore }: Bounded): string {
  return `${number(value)}${isMore ? "+" : ""}`;
}

/** `1 report`, `2 reports` */
export function counted(amount: Bounded | number, one: string, many = `${one}s`): string {
  const { value, isMore } = typeof amount === "number" ? { value: amount, isMore: false } : amount;
  return `${bounded({ value, isMore })} ${value === 1 && !isMore ? one : many}`;
}

/** Untrusted text, shortened; characters that cannot be seen become escapes. */
export function cleaned(text: string, longest = LONGEST): string {
  const characters = [...oneLine(text)];
  if (characters.length <= longest) return characters.join("");
  return `${characters.slice(0, longest - 1).join("")}…`;
}

/** The same, isolated: its writing direction cannot change the text beside it. */
export function untrusted(text: string, longest?: number): Html {
  return text === ""
    ? html`<span class="muted">(empty)</span>`
    : html`<bdi>${cleaned(text, longest)}</bdi>`;
}

/** `2026-08-23 06:15:12 UTC` */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `06:15` */
export function clock(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 16);
}

/** `2026-08-23` */
export function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** How long ago, with the time itself as its title. */
export function ago(at: number | undefined, now: number): Html {
  if (at === undefined) return html`<span class="muted">never</span>`;
  const past = now - at < 2000 ? "just now" : `${duration(now - at)} ago`;
  return relative(at, "ago", at > now + MINUTE ? `in ${duration(at - now)}` : past);
}

/** How long it has lasted. */
export function since(at: number, now: number): Html {
  return relative(at, "lasts", duration(now - at));
}

/** How long until then. */
export function until(at: number, now: number): Html {
  return relative(at, "until", at <= now ? "now" : `in ${duration(at - now)}`);
}

/** A time that the script of the pages keeps true. */
function relative(at: number, kind: "ago" | "lasts" | "until", text: string): Html {
  return html`<time datetime="${new Date(at).toISOString()}" data-rel="${kind}" title="${
    moment(at)
  }">${text}</time>`;
}

/** A time in full. */
export function fullTime(at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${moment(at)}</time>`;
}
