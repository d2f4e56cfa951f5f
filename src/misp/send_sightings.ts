/**
 * The sightings of a report, added to its event (docs/contracts/misp.md 3.4).
 *
 * @module
 */
import type { Report } from "../model.ts";
import { sightingUuids } from "./answers.ts";
import { counted } from "./counted.ts";
import type { MispCalls, Step } from "./misp_calls.ts";
import type { LastPublished } from "./published/last_published.ts";
import { sightingRows } from "./sightings.ts";

/** Sightings of one request. */
const SIGHTINGS_AT_ONCE = 1000;

/**
 * Adds sightings. When they are sent again, those that are there do not change
 * (docs/contracts/misp.md 8.5).
 *
 * @param maySight whether the key's role may add them
 * @param published what MISP has of the event now: sightings of what somebody deleted are dropped
 */
export async function sendSightings(
  calls: MispCalls,
  report: Report,
  maySight: boolean,
  published: readonly Pick<LastPublished, "parts">[],
): Promise<Step> {
  const isDeleted = (uuid: string) => published.some(({ parts }) => parts[uuid]?.deleted);
  const kept = report.sightings.filter((sighting) => !isDeleted(sighting.attributeUuid));
  const dropped = report.sightings.length - kept.length;
  const step = await sendRows(calls, report, maySight, sightingRows(kept));
  if ("end" in step || dropped === 0) return step;
  const note = `somebody deleted the attribute: dropped ${counted(dropped, "sighting")}`;
  return { notes: [...step.notes, note] };
}

async function sendRows(
  calls: MispCalls,
  report: Report,
  maySight: boolean,
  rows: ReturnType<typeof sightingRows>,
): Promise<Step> {
  if (rows.length > 0 && !maySight) {
    return { notes: ["stored, but without sightings: the key's role may not add them"] };
  }
  let added = 0;
  for (let start = 0; start < rows.length; start += SIGHTINGS_AT_ONCE) {
    const meaning = await calls.post(
      `/sightings/bulkSaveSightings/${report.eventUuid}`,
      rows.slice(start, start + SIGHTINGS_AT_ONCE),
    );
    if (meaning.kind === "not-permitted" || meaning.kind === "refused") {
      return { notes: [`stored, but without sightings: ${meaning.reason}`] };
    }
    if (meaning.kind !== "done") return await calls.endOf(meaning);
    added += meaning.added ?? 0;
  }
  return added >= rows.length ? { notes: [] } : await checkSightings(calls, report, rows);
}

/** MISP added fewer than were sent: the others were there already, or it left them out silently. */
async function checkSightings(
  calls: MispCalls,
  report: Report,
  rows: ReturnType<typeof sightingRows>,
): Promise<Step> {
  const meaning = await calls.view(report.eventUuid);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const path = `/sightings/listSightings/${String(meaning.event.id)}/event`;
  const stored = sightingUuids(await calls.get(path));
  if (stored === undefined) return { notes: ["stored, but its sightings could not be read back"] };
  const missing = rows.filter(({ uuid }) => !stored.has(uuid)).length;
  return {
    notes: missing === 0 ? [] : [`stored, but MISP left out ${counted(missing, "sighting")}`],
  };
}
