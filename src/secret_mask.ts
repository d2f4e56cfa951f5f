/**
 * A secret in the spellings in which a proxy, a server or an error may repeat it.
 *
 * @module
 */

/** The shortest part of a Base64 text that is looked for: shorter ones occur by chance. */
const LEAST_BASE64 = 12;

/**
 * Makes what removes a secret from a text: as it is, in other cases, with any of its characters
 * URL-encoded, and in Base64 of both alphabets, also as a part of a longer text.
 *
 * @param shownAs what stands in its place
 */
export function secretMask(secret: string, shownAs: string): (text: string) => string {
  const plain = [...secret].map((one) => anyOf(one, urlEncoded(one))).join("");
  const spellings = [
    plain,
    ...base64Parts(secret).map((part) => [...part].map(base64Digit).join("")),
  ];
  const pattern = new RegExp(spellings.join("|"), "gi");
  return (text) => text.replace(pattern, () => shownAs);
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const anyOf = (...texts: readonly string[]) => `(?:${texts.map(escaped).join("|")})`;

function urlEncoded(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

/** The second alphabet is that of addresses, where the signs of the first one are encoded. */
function base64Digit(digit: string): string {
  if (digit === "+") return anyOf("+", "-", "%2b");
  return digit === "/" ? anyOf("/", "_", "%2f") : digit;
}

/** What the secret's bytes alone decide, for each of the three places where it may begin. */
function base64Parts(secret: string): readonly string[] {
  const bytes = new TextEncoder().encode(secret);
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const text = btoa(String.fromCharCode(...padded));
    return text.slice(Math.ceil(before * 8 / 6), Math.floor(padded.length * 8 / 6));
  }).filter((part) => part.length >= LEAST_BASE64);
}
