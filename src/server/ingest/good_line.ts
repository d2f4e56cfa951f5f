/**
 * Whether a body that is not a value may be lines.
 *
 * @module
 */
import { inParts, itemsOfLines } from "../../intake/items.ts";
import { MOST_BAD } from "./tally.ts";

/** Looks for a line that is JSON, group by group; false until it is found. */
export async function* hasGoodLine(bytes: Uint8Array): AsyncGenerator<boolean> {
  let read = 0;
  for await (const group of itemsOfLines(inParts(bytes), bytes.length)) {
    yield group.some((item) => !("reason" in item));
    read += group.length;
    if (read > MOST_BAD) return;
  }
}
