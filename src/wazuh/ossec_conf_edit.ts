/**
 * Puts an `<integration>` block into the manager's `ossec.conf`. Every byte around the block stays as
 * it was: the file has comments, several roots and perhaps another encoding than UTF-8.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { integrationBlocks, withoutComments } from "./ossec_conf.ts";

/** Lines of the block, without the element around it (docs/contracts/wazuh.md 1.2). */
const linesFor = (name: string): readonly string[] => [
  "  <integration>",
  `    <name>${name}</name>`,
  "    <group>sshd,attacks,authentication_failed,authentication_failures</group>",
  "    <alert_format>json</alert_format>",
  "  </integration>",
];

/** The block as a text to show. @param name of the file in Wazuh's folder of integrations */
export const integrationBlock = (name: string): string => linesFor(name).join("\n");

const END = /<\s*\/\s*ossec_config\s*>/g;

/** What became of the file. */
export type Edit =
  /** It has a block of this program already. */
  | { readonly kind: "there" }
  /** It has no `</ossec_config>` outside of comments. */
  | { readonly kind: "no_end" }
  | { readonly kind: "changed"; readonly bytes: Uint8Array };

/** Puts the block before the last `</ossec_config>`. Pure. */
export function withIntegrationBlock(bytes: Uint8Array, name: string): Edit {
  // One character a byte, whatever the encoding is.
  const text = Buffer.from(bytes).toString("latin1");
  if (integrationBlocks(text).some((block) => block.name === name)) return { kind: "there" };
  // Blanks for comments, so that every other character keeps its place.
  const end = [...withoutComments(text, " ").matchAll(END)].at(-1)?.index;
  if (end === undefined) return { kind: "no_end" };
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lineStart = text.lastIndexOf("\n", end - 1) + 1;
  const isOwnLine = text.slice(lineStart, end).trim() === "";
  const at = isOwnLine ? lineStart : end;
  const block = (isOwnLine ? "" : newline) + linesFor(name).map((line) => line + newline).join("");
  return {
    kind: "changed",
    bytes: Buffer.concat([bytes.subarray(0, at), Buffer.from(block), bytes.subarray(at)]),
  };
}
