/**
 * What became of each alert of a file, and why: the decisions of the inputs, with what they were made
 * from.
 *
 * @module
 */
import { formatOf } from "../cowrie/decoy.ts";
import { readCowrieLine } from "../cowrie/own_line.ts";
import { isCowrie } from "../cowrie/record.ts";
import type { Attempt, IgnoreReason, SessionAlert } from "../model.ts";
import { type Alert, readAlert } from "../wazuh/alert.ts";
import { type Item, readAlertFile } from "../wazuh/alert_file.ts";
import { readFinding } from "../wazuh/finding.ts";
import { readFrom } from "../wazuh/read_from.ts";
import { decideItem, type IntakeRules } from "./decide.ts";
import { decideAlert, mayBeOfDecoy } from "./decide_alert.ts";
import { openFile, type Source } from "./file_start.ts";
import { DamagedStream, untilDamage } from "./files.ts";
import { itemsOfArray, itemsOfLines, itemsOfValues } from "./items.ts";

/** An attempt, and where in the alert it was read. */
export interface ReadAttempt {
  readonly attempt: Attempt;
  /** `full_log`, `data.srcip` … */
  readonly readFrom: string;
}

/** What became of one item of a file. Texts of the alert are untrusted. */
export interface Explained {
  /** `line 3`, `item 2`. */
  readonly where: string;
  /** `alert` of 4.x, `finding` of 5.x, `record` of a Cowrie's own file; undefined: none of them. */
  readonly kind: "alert" | "finding" | "record" | undefined;
  /** Undefined where `kind` is. */
  readonly alert: Alert | undefined;
  /** Why it is ignored; undefined: it counts. */
  readonly reason: IgnoreReason | undefined;
  /** What it counts; of an ignored one, what it would without the guard that refuses its address. */
  readonly attempts: readonly ReadAttempt[];
  /** Wazuh's decoder named another address than sshd did. */
  readonly isSpoofed: boolean;
  /** What it adds to what is known of a session at a decoy. */
  readonly session?: SessionAlert | undefined;
}

/**
 * Explains every alert of a file, in the order of the file.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @throws what `openFile()` throws; {@link DamagedStream} after what came before the damage
 */
export async function* explainFile(
  source: Source,
  rules: IntakeRules,
  now: number,
): AsyncGenerator<Explained> {
  const { shape, start, blocks } = await openFile(source);
  if (shape === "whole") {
    for (const item of readAlertFile(start)) yield explainItem(item, rules, now);
    return;
  }
  let damage: unknown;
  const good = untilDamage(blocks, (error) => damage = error);
  const itemsOf = { lines: itemsOfLines, array: itemsOfArray, values: itemsOfValues }[shape];
  for await (const group of itemsOf(good)) {
    for (const item of group) yield explainItem(item, rules, now);
  }
  if (damage !== undefined) throw new DamagedStream(String(damage), { cause: damage });
}

/**
 * Explains one item.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function explainItem(item: Item, rules: IntakeRules, now: number): Explained {
  const decision = decideItem(item, rules, now);
  const { where } = item;
  if ("reason" in item) {
    const { reason } = item;
    return { where, reason, kind: undefined, alert: undefined, attempts: [], isSpoofed: false };
  }
  const known = "alert" in item ? item.alert : readAlert(item.value);
  const line = known === undefined && "value" in item ? readCowrieLine(item.value) : undefined;
  const finding = known === undefined && line === undefined && "value" in item
    ? readFinding(item.value)
    : undefined;
  const alert = known ?? line ?? finding;
  const kind = known !== undefined
    ? "alert"
    : line !== undefined
    ? "record"
    : finding !== undefined
    ? "finding"
    : undefined;
  const isCounted = decision.kind === "attempts";
  const counted = isCounted ? decision : decideUnguarded(item, decision.reason, rules, now);
  const attempts = alert === undefined || counted?.kind !== "attempts"
    ? []
    : counted.attempts.map((attempt, index) => ({
      attempt,
      readFrom: index > 0 && alert.previousOutput.length > 0
        ? "previous_output"
        : placeOf(alert, kind === "finding", rules),
    }));
  return {
    where,
    kind,
    alert,
    reason: isCounted ? undefined : decision.reason,
    attempts,
    isSpoofed: counted?.kind === "attempts" && counted.spoofedSrcip,
    session: isCounted ? decision.session : undefined,
  };
}

function placeOf(alert: Alert, isFinding: boolean, rules: IntakeRules): string {
  if (isCowrie(alert)) return "data.src_ip";
  const isSsh = isFinding || !mayBeOfDecoy(alert, decideAlert(alert, rules, 0));
  const format = isSsh ? undefined : formatOf(alert, rules);
  return format?.source ?? readFrom(alert, isFinding);
}

/** Reasons of the guard that concern the address, which their decision does not name. */
const OF_ADDRESS: ReadonlySet<IgnoreReason> = new Set(["special_address", "allow_listed"]);

/** What an alert would count if its address were anybody's. */
function decideUnguarded(item: Item, reason: IgnoreReason, rules: IntakeRules, now: number) {
  if (!OF_ADDRESS.has(reason)) return undefined;
  // The sessions of a Cowrie would see the record for the second time.
  const { cowrieSessions: _, ...others } = rules;
  const guard = { ...rules.guard, refusal: () => undefined };
  return decideItem(item, { ...others, guard }, now);
}
