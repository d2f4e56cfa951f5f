/**
 * User names as they were sent, from the escapes that sshd writes them with.
 *
 * @module
 */

/** sshd's own escapes: strnvis(3) with VIS_CSTYLE, VIS_NL, VIS_TAB and VIS_OCTAL. */
const ESCAPES = /(?:\\[0-3][0-7]{2})+|\\[\\nrbavtf]/g;
const C_STYLE: ReadonlyMap<string, string> = new Map([
  ["\\\\", "\\"],
  ["\\n", "\n"],
  ["\\r", "\r"],
  ["\\b", "\b"],
  ["\\a", "\x07"],
  ["\\v", "\v"],
  ["\\t", "\t"],
  ["\\f", "\f"],
]);

/**
 * @param passes 2 for `[preauth]` lines: the child that spoke to the client escapes the message, and
 * the process that logs it for the child escapes it again (doubled backslashes, docs/contracts/wazuh.md 4.4)
 */
export function decodeName(text: string, passes: number): string {
  let name = text;
  for (let pass = 0; pass < passes && name.includes("\\"); pass++) {
    name = name.replace(ESCAPES, (escape) => C_STYLE.get(escape) ?? decodeBytes(escape));
  }
  return name;
}

function decodeBytes(octal: string): string {
  const bytes = new Uint8Array(octal.length / 4);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(octal.slice(at * 4 + 1, at * 4 + 4), 8);
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
