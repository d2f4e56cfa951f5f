/**
 * Takes addresses out of a list as it was written. Pure.
 *
 * @module
 */
import type { ListFormat } from "../list_query.ts";

/**
 * A line of a list without the addresses that may not be in it.
 *
 * @param line without its end
 * @returns undefined: nothing of it is left
 */
export function strainLine(
  format: ListFormat,
  line: string,
  isKept: (address: string) => boolean,
): string | undefined {
  if (format === "nftables") return strainElements(line, isKept);
  const address = addressOf(format, line);
  return address === undefined || isKept(address) ? line : undefined;
}

/** The addresses in a line. */
export function addressesIn(format: ListFormat, line: string): readonly string[] {
  if (format === "nftables") return ELEMENTS.exec(line)?.[2]?.split(", ") ?? [];
  const address = addressOf(format, line);
  return address === undefined ? [] : [address];
}

/** The elements stand between braces; lines of other commands have none of them. */
const ELEMENTS = /^(add element [^{]*\{ )(.*)( \})$/;

function strainElements(line: string, isKept: (address: string) => boolean): string | undefined {
  const found = ELEMENTS.exec(line);
  if (found === null) return line;
  const [, head, addresses, tail] = found;
  const kept = addresses!.split(", ").filter(isKept);
  return kept.length === 0 ? undefined : `${head}${kept.join(", ")}${tail}`;
}

const ADDRESS: Readonly<Record<Exclude<ListFormat, "nftables">, RegExp>> = {
  plain: /^([0-9a-f.:]+)$/,
  csv: /^([0-9a-f.:]+),/,
  cdb: /^"?([0-9a-f.:]+?)"?:\d+$/,
  jsonl: /^\{"address":"([0-9a-f.:]+)"/,
};

/** @returns undefined for a line without one, such as the head of a table */
function addressOf(format: Exclude<ListFormat, "nftables">, line: string): string | undefined {
  return ADDRESS[format].exec(line)?.[1];
}
