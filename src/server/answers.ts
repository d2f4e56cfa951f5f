/**
 * What the service answers, as schemas: types, the API's description and tests come from them.
 *
 * @module
 */
import * as v from "valibot";
import type { IgnoreReason } from "../model.ts";

/** Each reason why an alert became no attempt, for people. */
const IGNORE_REASONS: Readonly<Record<IgnoreReason, string>> = {
  no_file: "the alert file was not there",
  empty_file: "no alert in it",
  too_large: "longer than server.max_body_bytes",
  text_format: "integratord's text format",
  not_json: "no JSON",
  malformed: "JSON, but no alert of Wazuh",
  own_alert: "an alert about this program",
  other_rule: "a rule that is not in rules.ids",
  not_honeypot: "an agent that is no honeypot",
  not_ssh: "another service",
  no_address: "no address that sshd wrote",
  host_name: "a host name where an address should be",
  special_address: "a private or special address",
  allow_listed: "an address in guard.allow_networks",
  warning_listed: "an address on a warning list",
  not_an_attempt: "the end of a session",
};

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const names = Object.keys(IGNORE_REASONS) as IgnoreReason[];
const reason = v.pipe(
  v.picklist(names),
  v.description(
    Object.entries(IGNORE_REASONS).map(([name, text]) => `${name}: ${text}`).join("; "),
  ),
);

/** Answer to `POST /alerts` once the body was looked at. */
export const acceptedSchema = v.pipe(
  v.strictObject({
    accepted: v.pipe(count, v.description("Alerts that are stored by this request")),
    duplicate: v.pipe(count, v.description("Alerts that were stored before")),
    ignored: v.pipe(
      v.strictObject(v.entriesFromList(names, v.exactOptional(count))),
      v.description("Alerts that became no attempt, by reason"),
    ),
    errors: v.pipe(
      v.array(v.strictObject({
        index: v.pipe(count, v.description("Which alert of the body it was, from 0")),
        where: v.pipe(v.string(), v.description("The same for people, from 1")),
        reason,
      })),
      v.maxLength(100),
      v.description("What was no alert, the first hundred"),
    ),
    further_errors: v.exactOptional(v.pipe(count, v.description("How many more there were"))),
    error: v.exactOptional(v.pipe(v.string(), v.description("Why the rest was not taken"))),
    note: v.exactOptional(v.string()),
  }),
  v.title("AcceptedCounts"),
);

/** Answer of {@link acceptedSchema}. */
export type AcceptedCounts = v.InferOutput<typeof acceptedSchema>;

/** Any refusal. */
export const refusedSchema = v.pipe(v.strictObject({ error: v.string() }), v.title("Refused"));

/** Answer to `GET /healthz`. */
export const healthSchema = v.pipe(
  v.strictObject({ status: v.picklist(["ok", "the buffer cannot be read"]) }),
  v.title("Health"),
);

/** Answer of {@link healthSchema}. */
export type Health = v.InferOutput<typeof healthSchema>;

/** Answer to `GET /readyz`. */
export const readinessSchema = v.pipe(
  v.strictObject({
    status: v.picklist(["ready", "not ready"]),
    reasons: v.pipe(v.array(v.string()), v.description("Why it is not ready")),
    last_delivered: v.nullable(
      v.pipe(v.string(), v.isoTimestamp(), v.description("When a report reached its sink last")),
    ),
  }),
  v.title("Readiness"),
);

/** Answer of {@link readinessSchema}. */
export type Readiness = v.InferOutput<typeof readinessSchema>;
