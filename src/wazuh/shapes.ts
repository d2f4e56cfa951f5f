/**
 * From the shapes in which alerts arrive to the alerts: senders of 4.x and 5.x wrap them, each in its
 * own way (docs/contracts/wazuh.md 5, 6; one example each in fixtures/shapes). Only the shape of a
 * value says what it is: a user may have typed any content type and any address of a sender.
 *
 * @module
 */
import { isFindingShape } from "./finding.ts";
import { type Fields, isFields, own } from "../json.ts";

/** Deepest real nesting is 6: `ctx.alerts[].sample_documents[]._source` in a wrapper of a sender. */
const DEEPEST = 12;

/** A body of 16 MB holds no more real alerts than this, but millions of `{}`. */
const MOST = 100_000;

/** What one value was found to hold. */
interface Found {
  readonly items: unknown[];
}

/**
 * The alerts (4.x) and findings (5.x) inside one JSON value: itself, or what the wrappers of shuffle,
 * pagerduty, slack, active response, the indexer, OpenSearch Alerting and of hand-written scripts hold.
 * A finding of an indexer hit carries the `_id` of its hit.
 *
 * Takes time in proportion to the size of the value, and next to none for a plain 4.x alert.
 *
 * @returns what was found; an object of no known shape, and all that is nested too deep or comes after
 * too many others, comes back as it is, so that the caller counts it as malformed. Empty for an empty
 * list
 */
export function unwrap(value: unknown): readonly unknown[] {
  if (isAlert(value)) return [value];
  const found: Found = { items: [] };
  collect(value, 0, found);
  return found.items;
}

/** Every 4.x alert has both (docs/contracts/wazuh.md 4); wrappers have `rule_id`, or none of the two. */
function isAlert(value: unknown): boolean {
  return isFields(value) && Object.hasOwn(value, "id") && Object.hasOwn(value, "rule") &&
    isFields(value.rule);
}

function collect(value: unknown, depth: number, found: Found): void {
  const isFull = found.items.length >= MOST;
  if (depth > DEEPEST || isFull) found.items.push(value);
  else if (Array.isArray(value)) collectAll(value, depth, found);
  else if (!isFields(value) || isAlert(value) || isFindingShape(value)) found.items.push(value);
  else {
    const inner = innerOf(value);
    if (inner === undefined) found.items.push(value);
    else collect(inner, depth + 1, found);
  }
}

function collectAll(list: readonly unknown[], depth: number, found: Found): void {
  for (let at = 0; at < list.length; at++) {
    if (found.items.length >= MOST) {
      found.items.push(list.slice(at));
      return;
    }
    collect(list[at], depth + 1, found);
  }
}

/** What a wrapper wraps; undefined for an object that is not a wrapper. The most specific keys come first. */
function innerOf(wrapper: Fields): unknown {
  const source = own(wrapper, "_source");
  if (isFields(source)) return withId(source, own(wrapper, "_id"));
  for (const name of ["all_fields", "wazuh_alert", "alert"]) {
    const inner = own(wrapper, name);
    if (isContainer(inner)) return inner;
  }
  for (const [outer, name] of TWO_STEPS) {
    const first = own(wrapper, outer);
    const inner = isFields(first) ? own(first, name) : undefined;
    if (isContainer(inner)) return inner;
  }
  const context = own(wrapper, "ctx");
  if (isFields(context)) return documentsOf(context);
  for (const name of ["hits", "sample_documents", "results"]) {
    const inner = own(wrapper, name);
    if (Array.isArray(inner)) return inner;
  }
  return slackAlerts(own(wrapper, "attachments"));
}

/** pagerduty.py, the standard input of an active response, an answer of the indexer. */
const TWO_STEPS: readonly (readonly [outer: string, inner: string])[] = [
  ["payload", "custom_details"],
  ["parameters", "alert"],
  ["hits", "hits"],
];

function isContainer(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** A finding may have no id but that of its document. 4.x alerts have their own and stay untouched. */
function withId(source: Fields, id: unknown): unknown {
  const isWanted = isFindingShape(source) && !Object.hasOwn(source, "_id");
  return isWanted && (typeof id === "string" || typeof id === "number")
    ? { ...source, _id: id }
    : source;
}

/**
 * The documents of an OpenSearch Alerting context. A per-document monitor has them in its alerts, and
 * in `results` only which query matched which document; a per-query monitor has them in `results`.
 * Without documents it holds nothing to read and comes back as it is.
 */
function documentsOf(context: Fields): unknown {
  const alerts = own(context, "alerts");
  const samples = Array.isArray(alerts)
    ? alerts.filter((alert) => isFields(alert) && Array.isArray(own(alert, "sample_documents")))
    : [];
  if (samples.length > 0) return samples;
  const results = own(context, "results");
  return Array.isArray(results) ? results : undefined;
}

/**
 * Alerts rebuilt from what slack.py writes, as far as that goes: it sends neither `data` nor the
 * manager, and the time only as the seconds in front of the alert's id (docs/contracts/wazuh.md 4.1, 6).
 */
function slackAlerts(attachments: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(attachments) || !attachments.some(isSlackAlert)) return undefined;
  return attachments.map((one: unknown) => isSlackAlert(one) ? slackAlert(one) : one);
}

function isSlackAlert(attachment: unknown): attachment is Fields {
  return isFields(attachment) && Object.hasOwn(attachment, "ts") &&
    slackField(attachment, "Rule ID") !== undefined;
}

/** slack.py writes three or four fields. */
const MOST_SLACK_FIELDS = 20;

function slackField(attachment: Fields, title: string): string | undefined {
  const fields = own(attachment, "fields");
  if (!Array.isArray(fields)) return undefined;
  const named = fields.slice(0, MOST_SLACK_FIELDS).find((field: unknown) =>
    isFields(field) && own(field, "title") === title
  ) as Fields | undefined;
  const value = named === undefined ? undefined : own(named, "value");
  return typeof value === "string" ? value : undefined;
}

function slackAlert(attachment: Fields): Fields {
  const agent = /^\(([^()]{1,20})\) - (.{1,255})$/.exec(slackField(attachment, "Agent") ?? "");
  const rule = /^(\d{1,10}) _\(Level (\d{1,2})\)_$/.exec(slackField(attachment, "Rule ID") ?? "");
  const id = own(attachment, "ts");
  const seconds = /^(\d{9,10})(?:\.|$)/.exec(String(typeof id === "object" ? "" : id))?.[1];
  return {
    ...(seconds === undefined ? {} : { timestamp: new Date(Number(seconds) * 1000).toISOString() }),
    rule: {
      ...(rule === null ? {} : { level: Number(rule[2]), id: rule[1] }),
      description: own(attachment, "title"),
    },
    ...(agent === null ? {} : { agent: { id: agent[1], name: agent[2] } }),
    id,
    full_log: own(attachment, "text"),
    location: slackField(attachment, "Location"),
  };
}
