/**
 * The files that pages load. They are part of the code, so that the binary has them. Each name contains
 * a hash of the content, so that browsers may cache the file for ever.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SCRIPT_TEXT } from "./script.ts";
import { STYLE_TEXT } from "./style.ts";

/** A file of the pages. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const ICON_TEXT =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2f5d8a"/><path d="M3 13V9h2v4zm4 0V5h2v8zm4 0V7h2v6z" fill="#fff"/></svg>`;

function asset(name: string, ending: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { path: `/assets/${name}.${hash}.${ending}`, type, text };
}

/** The style sheet of all pages. */
export const STYLE = asset("pages", "css", "text/css; charset=utf-8", STYLE_TEXT);

/** The script that updates the overview. */
export const SCRIPT = asset("live", "js", "text/javascript; charset=utf-8", SCRIPT_TEXT);

/** The icon of the browser's tab. */
export const ICON = asset("icon", "svg", "image/svg+xml", ICON_TEXT);

/** All of them. */
export const ASSETS: readonly Asset[] = [STYLE, SCRIPT, ICON];
