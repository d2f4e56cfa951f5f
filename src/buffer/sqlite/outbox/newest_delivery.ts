/**
 * What the newest delivery to an event left, of whatever source.
 *
 * @module
 */
import type { Report } from "../../../model.ts";
import type { Statements } from "../sql.ts";

/** Sources that share an event share what its newest delivery left: it is read once for all of them. */
export function newestOf(
  sql: Statements,
  row: Record<string, unknown>,
  read: Map<string, string>,
): Pick<Report, "eventLastPublished"> {
  if (Number(row.known) !== 1) return {};
  const key = `${row.event_uuid} ${row.sink}`;
  const eventLastPublished = read.get(key) ?? String(
    sql(
      `SELECT last_published FROM delivery WHERE event_uuid = ? AND sink = ?
       ORDER BY delivered_at DESC LIMIT 1`,
    ).get(String(row.event_uuid), String(row.sink))?.last_published ?? "",
  );
  read.set(key, eventLastPublished);
  return { eventLastPublished };
}
