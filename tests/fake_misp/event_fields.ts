/**
 * The fields of an event itself, checked.
 *
 * @module
 */
import { exception, Refused } from "./answers.ts";
import { type Fields, fitsColumn, flag, isUuid, text } from "./input.ts";
import { Broken, type SharingGroupRow } from "./state.ts";
import { isDate } from "./times.ts";
import type { StoredEvent } from "./wire.ts";

/** What of an event a client sets. */
export type EventFields = Pick<
  StoredEvent,
  | "info"
  | "date"
  | "threat_level_id"
  | "analysis"
  | "distribution"
  | "sharing_group_id"
  | "extends_uuid"
  | "disable_correlation"
>;

type PartialLine = { ok: true; fields: EventFields } | {
  ok: false;
  errors: Record<string, string[]>;
};

/**
 * Checks the fields of an event.
 *
 * @param sent What was sent.
 * @param base What is taken where nothing was sent; no `info` for a new event.
 * @param url What a refusal calls the address.
 * @param sharingGroups Those that the caller may use.
 * @returns The fields to store, or the complaints.
 */
export function checkEvent(
  sent: Fields,
  base: Omit<EventFields, "info"> & { readonly info?: string },
  url: string,
  sharingGroups: readonly SharingGroupRow[],
): PartialLine {
  const errors: Record<string, string[]> = {};
  const info = text(sent.info) ?? base.info;
  const date = text(sent.date) ?? base.date;
  const threat = text(sent.threat_level_id) ?? base.threat_level_id;
  const analysis = text(sent.analysis) ?? base.analysis;
  const distribution = text(sent.distribution) ?? base.distribution;
  const uuid = text(sent.uuid);
  if (info === undefined) errors.info = ["valueNotEmpty"];
  else if (info.trim() === "") errors.info = ["Info cannot be empty."];
  if (!/^[1-4]$/.test(threat)) {
    errors.threat_level_id = ["Options : 1, 2, 3, 4 (for High, Medium, Low, Undefined)"];
  }
  if (!/^[0-2]$/.test(analysis)) {
    errors.analysis = ["Options : 0, 1, 2 (for Initial, Ongoing, Completed)"];
  }
  if (!isDate(date)) errors.date = ["Expected date format: YYYY-MM-DD"];
  if (uuid !== undefined && !isUuid(uuid)) errors.uuid = ["Please provide a valid RFC 4122 UUID"];
  const groupId = distribution === "4" ? text(sent.sharing_group_id) ?? base.sharing_group_id : "0";
  if (distribution === "4" && !sharingGroups.some(({ id }) => id === groupId)) {
    throw new Refused(exception(405, "Invalid Sharing Group or not authorised.", url));
  }
  if (!/^[0-4]$/.test(distribution)) {
    errors.distribution = [
      "Options : Your organisation only, This community only, Connected communities, " +
      "All communities",
    ];
  }
  if (info === undefined || Object.keys(errors).length > 0) return { ok: false, errors };
  if (!fitsColumn(info)) throw new Broken("Event info");
  return {
    ok: true,
    fields: {
      info,
      date,
      threat_level_id: threat,
      analysis,
      distribution,
      sharing_group_id: groupId,
      extends_uuid: text(sent.extends_uuid) ?? base.extends_uuid,
      disable_correlation: flag(sent.disable_correlation) ?? base.disable_correlation,
    },
  };
}
