/**
 * Links to what sources have in common. Addresses that files came from are never links. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { FoundKind } from "../../../buffer/sessions.ts";
import type { SeenItem } from "../../../session_evidence.ts";
import { type Html, untrusted } from "../text.ts";

/** Where the pages of a kind are. */
export const ITEM_PATHS: Readonly<Record<FoundKind, string>> = {
  payload: "/payloads",
  hassh: "/clients",
  key: "/keys",
};

/** The address of an item's page. */
export function itemPath(kind: FoundKind, value: string): string {
  return `${ITEM_PATHS[kind]}/${encodeURIComponent(value)}`;
}

/** A link to an item's page. */
export function itemLink(kind: FoundKind, value: string): Html {
  return html`<a href="${itemPath(kind, value)}"><code>${value}</code></a>`;
}

/** The value of an item: a link where it has a page, else text of an attacker. */
export function itemCell({ kind, value, text = value }: SeenItem): Html {
  return kind === "payload" || kind === "hassh" || kind === "key"
    ? itemLink(kind, value)
    : html`<code>${untrusted(text, 500)}</code>`;
}

/** What is known of an item beside its value and its times. */
export function detailCells(
  { names = [], size, ways = [], urls = [], ...rest }: SeenItem,
): readonly Html[] {
  const { hasMoreUrls, keyType, comment } = rest;
  return [
    ...ways.map((way) => html`${way}`),
    ...names.map((name) => html`as ${untrusted(name, 100)}`),
    ...(size === undefined ? [] : [html`${size} bytes`]),
    ...urls.map(({ url, isPrivate }) =>
      html`from ${untrusted(url, 300)}${isPrivate ? " (in a private network)" : ""}`
    ),
    ...(hasMoreUrls ? [html`from more addresses`] : []),
    ...(keyType === undefined ? [] : [html`${keyType}`]),
    ...(comment === undefined ? [] : [html`"${untrusted(comment, 100)}"`]),
  ].map((one, at) => at === 0 ? one : html`; ${one}`);
}
