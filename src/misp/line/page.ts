/**
 * What answers in MISP's place: the page of a proxy, of a portal or of another web server. Pure.
 *
 * @module
 */
import type { Answer } from "../../http.ts";
import { isFields } from "../../json.ts";
import { oneLine } from "../../text.ts";

/** The longest words that are shown of a page or a header, characters. */
const LONGEST_WORDS = 60;

/** What another than MISP answered, or something in front of what MISP answered. */
export interface Stranger {
  readonly kind: "not_misp" | "php_notice";
  /** One line. */
  readonly reason: string;
}

/**
 * Says what is not MISP's answer. MISP answers by JSON only, and its errors have names
 * (docs/contracts/misp.md 8.1).
 *
 * @returns undefined when MISP may have answered
 */
export function strangerOf({ status, headers, json, text = "" }: Answer): Stranger | undefined {
  if (json !== undefined) {
    const isError = status >= 400 && status < 500 && status !== 429;
    if (!isError || isMispError(json)) return undefined;
    const { message } = isFields(json) ? json : {};
    const words = typeof message === "string" ? `, "${wordsOf(message)}"` : "";
    const reason = `what answered is not MISP: it said ${status}${serverOf(headers)}${words}`;
    return { kind: "not_misp", reason };
  }
  const notice = noticeOf(text);
  if (notice !== undefined) {
    return { kind: "php_notice", reason: `PHP wrote in front of MISP's answer: "${notice}"` };
  }
  const title = titleOf(text);
  const page = title === "" ? "" : `, page "${title}"`;
  const from = serverOf(headers);
  const reason = `what answered is not MISP: it said ${status}, not JSON${from}${page}`;
  return { kind: "not_misp", reason };
}

const isMispError = (json: unknown) =>
  isFields(json) && ["name", "url", "errors", "saved"].some((key) => key in json);

function serverOf(headers: Headers): string {
  const server = wordsOf(headers.get("Server") ?? "");
  return server === "" ? "" : `, server "${server}"`;
}

/** What PHP says before JSON when its errors are shown, as HTML or as text. */
function noticeOf(text: string): string | undefined {
  const found = /^[^{]{0,20}?(?:PHP )?(?:Notice|Warning|Deprecated|Strict Standards|Fatal error)\b/
    .exec(plain(text));
  if (found === null || !/\bon line\b/.test(plain(text))) return undefined;
  return wordsOf(plain(text));
}

/** The title of a page, else its first words. */
function titleOf(text: string): string {
  const title = wordsOf(/<title[^<>]*>([^<]*)/i.exec(text)?.[1] ?? "");
  return title === "" ? wordsOf(plain(text)) : title;
}

/** The words of a page without its marks. */
function plain(text: string): string {
  return text.replaceAll(/<(script|style)\b[^>]*>[^]*?(?:<\/\1[^>]*>?|$)/gi, " ")
    .replaceAll(/<[^>]*(?:>|$)/g, " ").replaceAll(/\s+(?=[:,.])/g, "").trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: "'",
  nbsp: " ",
  "#39": "'",
};

/** The first words of a text, cleaned. */
function wordsOf(text: string): string {
  const decoded = text.replaceAll(/&(#?\w+);/g, (all, name: string) => ENTITIES[name] ?? all);
  const words = oneLine(decoded.replaceAll(/\s+/g, " ").trim()).replaceAll('"', "'");
  if (words.length <= LONGEST_WORDS) return words;
  const cut = words.slice(0, LONGEST_WORDS).toWellFormed();
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), LONGEST_WORDS / 2)).trimEnd()} …`;
}

/** Where a redirect leads: to MISP's login page, or away. The reason is one line. */
export function redirectionOf(
  { status, headers }: Answer,
): { readonly kind: "login" | "moved"; readonly reason: string } {
  const location = headers.get("Location") ?? "";
  if (/\/users\/login\b/.test(location)) {
    return {
      kind: "login",
      reason: "MISP redirected to its login page: the key is wrong, or it is under maintenance",
    };
  }
  // The rest of the address may hold a token, and is not shown.
  const target = URL.canParse(location) ? new URL(location).origin : "another address";
  return { kind: "moved", reason: `it answered ${status}: moved to ${target}` };
}
