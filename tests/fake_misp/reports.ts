/**
 * Event reports that come inside an event.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { type Fields, fitsColumn, flag, isUuid, seconds, text } from "./input.ts";
import { Broken } from "./state.ts";
import type { StoredEvent } from "./wire.ts";

/** Bytes that the content column (mediumtext) holds. */
const CONTENT_BYTES = 16_777_215;

/**
 * Stores a report, or changes the one of that uuid if what was sent is newer.
 *
 * @param call The request.
 * @param event The event.
 * @param sent What was sent.
 */
export function mergeReport(call: Call, event: StoredEvent, sent: Fields): void {
  const { state } = call;
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  const owner = state.reportOwners.get(uuid);
  if (!isUuid(uuid) || owner !== undefined && owner !== event) return;
  if (call.meddling.loses?.(sent) === true) return;
  const known = event.EventReport.find((report) => report.uuid === uuid);
  if (known?.deleted === true) return;
  const name = text(sent.name) ?? known?.name ?? "";
  const content = text(sent.content) ?? known?.content ?? "";
  const given = seconds(sent.timestamp);
  if (name === "" || known !== undefined && given !== undefined && given <= +known.timestamp) {
    return;
  }
  if (!fitsColumn(name) || !fitsColumn(content, CONTENT_BYTES)) throw new Broken("Report");
  const changed = {
    name,
    content,
    distribution: text(sent.distribution) ?? known?.distribution ?? "5",
    timestamp: String(given ?? state.timestamp()),
    deleted: flag(sent.deleted) ?? known?.deleted ?? false,
  };
  if (known !== undefined) Object.assign(known, changed);
  else {
    const id = state.nextId("event_reports");
    state.reportOwners.set(uuid, event);
    event.EventReport.push({ id, uuid, event_id: event.id, sharing_group_id: "0", ...changed });
  }
}
