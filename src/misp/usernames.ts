/**
 * Which of an attacker's user names may be published, and how text of an attacker is made safe for MISP.
 * Pure.
 *
 * @module
 */

/** `privacy.usernames`. */
export type UsernamePolicy = "top" | "all" | "count";

/** How often a user name was tried. */
export interface UsernameCount {
  readonly name: string;
  readonly count: number;
  /** A login by it succeeded. */
  readonly isLogin?: true;
}

/** The user names that may be published, and counts of all. */
export interface UsernameSummary {
  /** The most tried first. Still text of an attacker: pass it through `markdownText()` or `forMisp()`. */
  readonly shown: readonly UsernameCount[];
  /** The number of different names, shown or not. */
  readonly distinct: number;
  /** The names that are not shown. */
  readonly others: { readonly names: number; readonly count: number };
}

/** The most names that `top` shows. */
const MOST_SHOWN = 10;

/** useradd(8) allows no more, and neither does utmp. */
const LONGEST_NAME = 32;

/**
 * Chooses the user names that an event may name.
 *
 * - `top`: the ten most tried of those that look like names (`couldBeSecret()`), and before them those of
 *   logins: what the honeypot accepted is a user name
 * - `all`: every name; control characters and such are shown as `\u{…}`, so that two names which differ
 *   in nothing else remain different
 * - `count`: none
 *
 * @param counts how often each name was tried; the empty string is a name that was really sent
 * @param logins names by which a login succeeded
 */
export function summariseUsernames(
  counts: Readonly<Record<string, number>>,
  policy: UsernamePolicy,
  logins: readonly string[] = [],
): UsernameSummary {
  const ranked = [...new Set([...Object.keys(counts), ...logins])]
    .map((name): UsernameCount => ({
      name,
      count: Object.hasOwn(counts, name) ? counts[name]! : 0,
      ...(logins.includes(name) ? { isLogin: true } : {}),
    }))
    .sort((one, other) =>
      Number(other.isLogin ?? false) - Number(one.isLogin ?? false) || other.count - one.count ||
      (one.name < other.name ? -1 : 1)
    );
  const shown = chosen(ranked, policy);
  const sum = (rows: readonly UsernameCount[]) => rows.reduce((total, row) => total + row.count, 0);
  return {
    shown,
    distinct: ranked.length,
    others: { names: ranked.length - shown.length, count: sum(ranked) - sum(shown) },
  };
}

function chosen(
  ranked: readonly UsernameCount[],
  policy: UsernamePolicy,
): readonly UsernameCount[] {
  switch (policy) {
    case "count":
      return [];
    case "all":
      return ranked.map((row) => ({ ...row, name: visible(row.name) }));
    case "top":
      return ranked.filter(({ name, isLogin }) => isLogin || !couldBeSecret(name)).slice(
        0,
        MOST_SHOWN,
      );
  }
}

/**
 * Whether a user name could be a password that somebody typed one line too early. The log has such a name
 * in clear text, and an event would publish it. Nothing is lost when a real name is hidden as well, because
 * it is still counted. A name could be a password when it
 *
 * - is longer than 32 characters, or is not an account name: spaces, control characters, punctuation
 *   other than `_.-$`, letters other than a to z, a digit in front (docs/contracts/misp.md 2);
 * - has small letters, capitals and digits together: password policies ask for these, and account names
 *   are in small letters by habit;
 * - ends in a year (`summer2024`): the commonest way to satisfy a policy that asks for a digit;
 * - changes four times or more between letters and digits (`p4ssw0rd`, `k7m2q9x4`): digits replace
 *   letters, or a machine made it. `db2inst1` changes three times;
 * - is 16 or more hexadecimal digits with a digit among them: a key, a hash, a token;
 * - has three separators and more than 20 characters (`correct-horse-battery-staple`): a passphrase.
 */
export function couldBeSecret(name: string): boolean {
  if (name.length > LONGEST_NAME || !/^[a-z_][a-z0-9_.-]*\$?$/i.test(name)) return true;
  if (/[a-z]/.test(name) && /[A-Z]/.test(name) && /[0-9]/.test(name)) return true;
  if (/(?:19|20)[0-9]{2}$/.test(name)) return true;
  if ((name.match(/[a-z](?=[0-9])|[0-9](?=[a-z])/gi)?.length ?? 0) >= 4) return true;
  if (/^(?=.*[0-9])[0-9a-f]{16,}$/i.test(name)) return true;
  return name.length > 20 && (name.match(/[_.-]/g)?.length ?? 0) >= 3;
}

/**
 * Characters that are escaped: control and format characters (also those that change the direction of
 * text), line and paragraph separators, private use, noncharacters, lone surrogates, and all that need
 * four bytes in UTF-8, to which MISP answers 500 (docs/contracts/misp.md 8.12).
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufdd0-\ufdef\ufffe\uffff\u{10000}-\u{10ffff}]/gu;

function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

const CUT = "…";
const utf8 = new TextEncoder();
const bytesOf = (text: string) => utf8.encode(text).length;

/**
 * Cleans one line of text for MISP: characters that MISP refuses or does not show become `\u{…}`.
 *
 * @param maximum the bytes of UTF-8 that the field holds; a longer text ends in "…", never in half a
 * character or half an escape
 */
export function forMisp(text: string, maximum: number): string {
  // Cleaning makes no character shorter, so characters after this many can never fit.
  const clean = visible(text.slice(0, maximum + 1));
  if (bytesOf(clean) <= maximum) return clean;
  const limit = maximum - bytesOf(CUT);
  let kept = "";
  let used = 0;
  for (const [piece] of clean.matchAll(/\\u\{[0-9a-f]{1,6}\}|./gsu)) {
    used += bytesOf(piece);
    if (used > limit) break;
    kept += piece;
  }
  return limit < 0 ? "" : kept + CUT;
}

/** Characters that end a code span, or begin a MISP reference, an HTML tag or a table cell. */
const MARKDOWN = /[`[\]<>|]/g;

/**
 * Text of an attacker as Markdown for an event report of MISP: always one code span on one line. Nothing
 * in it becomes a link, an image, HTML or emphasis, and it is safe in a table. MISP searches its own
 * references, `@[attribute](uuid)`, in the raw text too, so brackets are written as `\u{5b}`.
 *
 * @returns the word "(empty)", not in a code span, for the empty text
 */
export function markdownText(text: string): string {
  if (text === "") return "(empty)";
  const clean = visible(text).replace(MARKDOWN, escaped);
  // Markdown strips a space at each end of a code span, and other spaces look like a plain one.
  const spaced = clean.replace(/^ | $|\p{Zs}(?<! )/gu, escaped);
  return `\`${spaced}\``;
}
