/**
 * The tables, one migration after the other. The table `schema_version` counts those that were made.
 *
 * @module
 */
import { ALERT_DAYS } from "./migrations/alert_days.ts";
import { FIRST } from "./migrations/first.ts";
import { ITEM_EXPIRY } from "./migrations/item_expiry.ts";
import { PAYLOAD_INDEX } from "./migrations/payload_index.ts";
import { SUMMED_DAYS } from "./migrations/summed_days.ts";

/** Each migration runs once, in one transaction with all that are missing. New ones come last. */
export const MIGRATIONS: readonly string[] = [
  FIRST,
  ALERT_DAYS,
  SUMMED_DAYS,
  ITEM_EXPIRY,
  PAYLOAD_INDEX,
];
