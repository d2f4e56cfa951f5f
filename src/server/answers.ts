/**
 * What the service answers: the types, and beside each its JSON Schema for the API's description.
 * Tests check real answers against the schemas.
 *
 * @module
 */
import type { IgnoreReason } from "../model.ts";
import type { JsonSchema } from "./document.ts";

/** Each reason why an alert became no attempt, for people. */
const IGNORE_REASONS: Readonly<Record<IgnoreReason, string>> = {
  no_file: "the alert file does not exist",
  empty_file: "there is no alert in it",
  too_large: "it is longer than server.max_body_bytes",
  text_format: "it has integratord's text format",
  not_json: "it is not JSON",
  malformed: "it is JSON, but not an alert of Wazuh",
  own_alert: "the alert is about this program",
  other_rule: "its rule is not in rules.ids",
  not_honeypot: "its agent is not a honeypot",
  not_ssh: "it is about another service",
  no_address: "sshd wrote no address",
  host_name: "it has a host name instead of an address",
  special_address: "the address is private or special",
  allow_listed: "the address is in guard.allow_networks",
  warning_listed: "the address is on a warning list",
  not_an_attempt: "it is the end of a session",
  session_malformed: "a field of a decoy's record is not what the decoy writes",
  session_harmless: "the file or the address that it is about is not an attacker's",
};

/** Answer to `POST /alerts` once the body was read, as far as it was. */
export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: Readonly<Partial<Record<IgnoreReason, number>>>;
  readonly errors: readonly IngestError[];
  readonly further_errors?: number;
  readonly error?: string;
  readonly note?: string;
}

/** An entry of a body that is not an alert. */
export interface IngestError {
  readonly index: number;
  readonly where: string;
  readonly reason: IgnoreReason;
}

const count = { type: "integer", minimum: 0 } as const satisfies JsonSchema;
const reasons = Object.entries(IGNORE_REASONS);

/** Schema of {@link IngestAnswer}. */
export const ingestAnswerSchema = {
  title: "IngestAnswer",
  type: "object",
  properties: {
    accepted: { ...count, description: "Alerts that this request stored" },
    duplicate: { ...count, description: "Alerts that an earlier request stored" },
    ignored: {
      type: "object",
      properties: Object.fromEntries(reasons.map(([name]) => [name, count])),
      required: [],
      additionalProperties: false,
      description: "Alerts that became no attempt, by reason",
    },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: {
          index: { ...count, description: "The entry's number in the body, from 0" },
          where: { type: "string", description: "The same for people, from 1" },
          reason: {
            enum: reasons.map(([name]) => name),
            description: reasons.map(([name, text]) => `${name}: ${text}`).join("; "),
          },
        } satisfies Record<keyof IngestError, JsonSchema>,
        required: ["index", "where", "reason"] satisfies (keyof IngestError)[],
        additionalProperties: false,
      },
      maxItems: 100,
      description: "Entries that are not alerts, the first hundred",
    },
    further_errors: { ...count, description: "How many more such entries there are" },
    error: { type: "string", description: "Why the rest was not stored" },
    note: { type: "string" },
  } satisfies Record<keyof IngestAnswer, JsonSchema>,
  required: ["accepted", "duplicate", "ignored", "errors"] satisfies (keyof IngestAnswer)[],
  additionalProperties: false,
} satisfies JsonSchema;

/** Any refusal. */
export interface Refused {
  readonly error: string;
}

/** Schema of {@link Refused}. */
export const refusedSchema = {
  title: "Refused",
  type: "object",
  properties: { error: { type: "string" } } satisfies Record<keyof Refused, JsonSchema>,
  required: ["error"] satisfies (keyof Refused)[],
  additionalProperties: false,
} satisfies JsonSchema;

const HEALTH_STATES = ["ok", "the buffer cannot be read"] as const;

/** Answer to `GET /livez` and `GET /healthz`. */
export interface Health {
  readonly status: typeof HEALTH_STATES[number];
}

/** Schema of {@link Health}. */
export const healthSchema = {
  title: "Health",
  type: "object",
  properties: { status: { enum: HEALTH_STATES } } satisfies Record<keyof Health, JsonSchema>,
  required: ["status"] satisfies (keyof Health)[],
  additionalProperties: false,
} satisfies JsonSchema;

const READINESS_STATES = ["ready", "not ready"] as const;

/** Answer to `GET /readyz`. */
export interface Readiness {
  readonly status: typeof READINESS_STATES[number];
  readonly reasons: readonly string[];
  /** ISO 8601; null: no report was delivered yet. */
  readonly last_delivered: string | null;
}

/** Schema of {@link Readiness}. */
export const readinessSchema = {
  title: "Readiness",
  type: "object",
  properties: {
    status: { enum: READINESS_STATES },
    reasons: { type: "array", items: { type: "string" }, description: "Why it is not ready" },
    last_delivered: {
      type: ["string", "null"],
      format: "date-time",
      description: "When a report last reached its sink",
    },
  } satisfies Record<keyof Readiness, JsonSchema>,
  required: ["status", "reasons", "last_delivered"] satisfies (keyof Readiness)[],
  additionalProperties: false,
} satisfies JsonSchema;
