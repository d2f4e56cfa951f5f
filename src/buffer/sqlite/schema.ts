/**
 * The tables, one migration after the other. `PRAGMA user_version` counts those that were made.
 *
 * @module
 */
import { ACTIVITY } from "./migrations/activity.ts";
import { EXPIRY } from "./migrations/expiry.ts";
import { NOTIFICATIONS } from "./migrations/notifications.ts";
import { ITEM_EXPIRY } from "./migrations/item_expiry.ts";
import { FIRST_TWELVE } from "./migrations/first_twelve.ts";
import { PAYLOAD_TIMES } from "./migrations/payload_times.ts";
import { PAYLOAD_INDEX } from "./migrations/payload_index.ts";
import { SUMMED_DAYS } from "./migrations/summed_days.ts";
import { SESSIONS } from "./migrations/sessions.ts";

/** Each migration runs once, in one transaction with all that are missing. New ones come last. */
export const MIGRATIONS: readonly string[] = [
  ...FIRST_TWELVE,
  ACTIVITY,
  SESSIONS,
  NOTIFICATIONS,
  PAYLOAD_TIMES,
  EXPIRY,
  SUMMED_DAYS,
  ITEM_EXPIRY,
  PAYLOAD_INDEX,
];
