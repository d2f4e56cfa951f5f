/** Lists as the programs read them that they are for. */
import type { ListFormat } from "../../src/list_query.ts";
import { readCdb } from "./cdb.ts";

/** What a program reads of a list. */
export const READ: Readonly<Record<ListFormat, (text: string) => readonly string[]>> = {
  plain: (text) => text.split("\n").slice(0, -1),
  csv: (text) => text.split("\n").slice(1, -1).map((line) => line.split(",")[0]!),
  cdb: (text) => readCdb(text).map(([key]) => key),
  nftables: (text) =>
    [...text.matchAll(/^add element .*\{ (.*) \}$/gm)].flatMap(([, all]) => all!.split(", ")),
  jsonl: (text) =>
    text.split("\n").slice(0, -1).map((line) => (JSON.parse(line) as { address: string }).address),
};
