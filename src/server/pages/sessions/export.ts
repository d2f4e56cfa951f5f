/**
 * Files, clients and keys for other programs: JSON and CSV. Pure.
 *
 * @module
 */
import type { ItemView, NewPayload } from "../../../buffer/sessions.ts";
import { csvCell } from "../../../lists/source_rows.ts";
import type { SeenItem } from "../../../session_evidence.ts";

type Value = string | number | boolean | null;

const time = (at: number) => new Date(at).toISOString();

function itemFields({ value, count, firstSeen, lastSeen, ...detail }: SeenItem) {
  const { names = [], ways = [], urls = [], size, keyType, comment } = detail;
  return {
    value,
    times: count,
    first_seen: time(firstSeen),
    last_seen: time(lastSeen),
    names,
    size: size ?? null,
    ways,
    urls: urls.map(({ url }) => url),
    key_type: keyType ?? null,
    comment: comment ?? null,
  };
}

/** An item and its sources as JSON. Times are ISO 8601; null: not known. */
export function itemJson({ item, sources, isMore }: ItemView) {
  return {
    ...itemFields(item),
    sources: sources.map(({ sourceIp, count, firstSeen, lastSeen }) => ({
      address: sourceIp,
      times: count,
      first_seen: time(firstSeen),
      last_seen: time(lastSeen),
    })),
    more_sources: isMore,
  };
}

/** The sources of an item as CSV. */
export function itemCsv(view: ItemView): string {
  return csvOf(
    ["address", "times", "first_seen", "last_seen"],
    itemJson(view).sources.map(({ address, times, first_seen, last_seen }) => [
      ...[address, times, first_seen, last_seen],
    ]),
  );
}

/** New files as JSON. */
export function payloadsJson(payloads: readonly NewPayload[]) {
  return payloads.map(({ item, sources }) => {
    const { value, key_type: _, comment: __, ...rest } = itemFields(item);
    return { sha256: value, sources: sources.value, more_sources: sources.isMore, ...rest };
  });
}

/** New files as CSV; several names or addresses of a file are in one cell, with blanks between. */
export function payloadsCsv(payloads: readonly NewPayload[]): string {
  return csvOf(
    ["sha256", "sources", "times", "first_seen", "last_seen", "size", "ways", "names", "urls"],
    payloadsJson(payloads).map((one) => [
      ...[one.sha256, one.sources, one.times, one.first_seen, one.last_seen, one.size],
      ...[one.ways.join(" "), one.names.join(" "), one.urls.join(" ")],
    ]),
  );
}

/** CSV as RFC 4180 has it, with a line of names. */
function csvOf(columns: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [columns, ...rows].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}
