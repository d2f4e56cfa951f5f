/**
 * The meaning of MISP's answers. A 200 is not always a success, and a 403 not always a wrong key
 * (docs/contracts/misp.md 8).
 *
 * @module
 */
import type { Outcome } from "../sink.ts";
import { SECOND } from "../clock.ts";
import { type Answer, LONGEST_PAUSE_MS, retryAfter } from "../http.ts";
import { type Fields } from "../json.ts";
import { redirectionOf, strangerOf } from "./line/page.ts";

/** The meaning of an answer to add, edit, publish, view or sightings. */
export type Meaning =
  | { readonly kind: "stored"; readonly event: Fields }
  /** `added`: the number of sightings that were new; `isQueued`: a worker of MISP has yet to do it. */
  | { readonly kind: "done"; readonly added?: number; readonly isQueued?: boolean }
  /** `add` of an event that MISP has. */
  | { readonly kind: "exists" }
  /** `edit` of an event that MISP does not have, or does not show to the key. */
  | { readonly kind: "missing" }
  /** 500: the instance does not work, or cannot store this body. */
  | { readonly kind: "failed"; readonly reason: string }
  | Extract<Outcome, { kind: "refused" }>
  /** The key's role may not do this. */
  | { readonly kind: "not-permitted"; readonly reason: string }
  | Extract<Outcome, { kind: "unanswered" | "unavailable" }>;

/**
 * Reads an answer by its status and by its body.
 *
 * @param now milliseconds UTC: a proxy may name the time until which to pause
 */
export function meaningOf(answer: Answer, now: number): Meaning {
  const { status } = answer;
  const body = fields(answer.json);
  const message = reasonOf(body) ?? "no reason given";
  if (status >= 300 && status < 400) {
    const { kind, reason } = redirectionOf(answer);
    return unavailable(kind === "login" ? reason : `MISP cannot be reached: ${reason}`);
  }
  if (status === 429) {
    return unavailable("MISP answered 429: too many requests", pauseAsked(answer, now));
  }
  if (status === 502 || status === 503 || status === 504) {
    const reason = `MISP, or the proxy before it, answered ${status}`;
    const afterMs = pauseAsked(answer, now);
    // A proxy answers so to one request that takes too long, too.
    return afterMs === undefined ? { kind: "unanswered", reason } : unavailable(reason, afterMs);
  }
  if (isCut(answer)) return { kind: "unanswered", reason: "MISP's answer ends in the middle" };
  const stranger = status === 413 ? undefined : strangerOf(answer);
  if (status >= 500 && status !== 511) {
    const reason = stranger?.reason ?? `MISP answered ${status}: ${message}`;
    return { kind: "failed", reason };
  }
  if (stranger !== undefined) return unavailable(stranger.reason);
  if (status === 404) return notFound(message);
  if (status === 401 || status === 403) return forbidden(body, message);
  if (status === 413) return { kind: "refused", reason: TOO_LARGE };
  if (status >= 400) return { kind: "refused", reason: `MISP answered ${status}: ${message}` };
  const event = fields(body.Event);
  if (typeof event.uuid === "string") return { kind: "stored", event };
  // All of the sightings were there already (docs/contracts/misp.md 8.5).
  if (body.saved === false && typeof body.success === "string") return { kind: "done", added: 0 };
  if (body.saved === false) return { kind: "refused", reason: `MISP says: ${message}` };
  if (body.saved !== true) return unavailable(`MISP gave an answer of an unknown kind: ${message}`);
  const added = /^(\d+) sightings? added/.exec(String(body.success))?.[1];
  return {
    kind: "done",
    ...(added === undefined ? {} : { added: Number(added) }),
    ...(/^Job queued/.test(message) ? { isQueued: true } : {}),
  };
}

const TOO_LARGE = "the proxy before MISP does not accept a body as large as this event (413)";

/**
 * The pause that an answer asks for: a proxy by seconds or by a date, MISP by seconds.
 *
 * @param now milliseconds UTC
 * @returns milliseconds, an hour at most; undefined when the answer asks for none
 */
export function pauseAsked({ headers }: Answer, now: number): number | undefined {
  const reset = Number(headers.get("X-Rate-Limit-Reset") ?? NaN) * SECOND;
  return retryAfter(headers, now) ?? (reset > 0 ? Math.min(reset, LONGEST_PAUSE_MS) : undefined);
}

function notFound(message: string): Meaning {
  if (/already exists/.test(message)) return { kind: "exists" };
  if (/^Invalid event/.test(message)) return { kind: "missing" };
  return unavailable(`MISP answered 404: ${message}; is misp.url right?`);
}

/** Validation and blocklist concern this event; any other reason concerns the key or its role. */
function forbidden(body: Fields, message: string): Meaning {
  if ("errors" in body) return { kind: "refused", reason: `MISP refused it: ${message}` };
  if (/blocklist/.test(message)) {
    const reason = "the event was deleted in MISP and is on its blocklist";
    return { kind: "refused", reason, isEventGone: true };
  }
  if (/^You are not authorised to do that/.test(message)) {
    const reason = "the event belongs to another organisation; set misp.publisher to a name of " +
      "your own";
    return { kind: "refused", reason };
  }
  const reason = `MISP answered 403: ${message}`;
  return /^You do not have permission to use this functionality/.test(message)
    ? { kind: "not-permitted", reason }
    : unavailable(reason);
}

function unavailable(
  reason: string,
  afterMs?: number,
): Extract<Outcome, { kind: "unavailable" }> {
  return { kind: "unavailable", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function reasonOf(body: Fields): string | undefined {
  const { errors, message, name } = body;
  const text = errors === undefined
    ? message ?? name
    : typeof errors === "string"
    ? errors
    : JSON.stringify(errors);
  return typeof text === "string" ? text.replaceAll(/\s+/g, " ").slice(0, 300) : undefined;
}

/** Whether an answer of MISP lacks its end, or all of it. */
export function isCut({ status, json, text }: Answer): boolean {
  if (json !== undefined || text === undefined || status === 429) return false;
  return status < 500 && /^\s*[{[]/.test(text) || status === 200 && text.trim() === "";
}

/** The uuids of a list of sightings; undefined when the answer is not such a list. */
export function sightingUuids({ status, json }: Answer): ReadonlySet<unknown> | undefined {
  if (status !== 200 || !Array.isArray(json)) return undefined;
  return new Set(json.map((row) => fields(fields(row).Sighting).uuid));
}
