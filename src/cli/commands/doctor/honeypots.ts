/**
 * The checks of `doctor` for what counts as a honeypot.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import type { Guard } from "../../../guard/guard.ts";
import { patternFaults } from "../../../guard/pattern_faults.ts";
import { isOfHoneypot } from "../../../intake/decide_alert.ts";
import { readAlert } from "../../../wazuh/alert.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { tailOf } from "./tail.ts";

/** Bytes of the latest alerts that are looked through. */
const LATEST = 4 * 1024 * 1024;

/** Whoever sends syslog to the manager can make up names of hosts. */
const MOST_SENSORS = 10_000;

/** Names in one line. */
const MOST_NAMES = 5;

/**
 * Checks the patterns, and how many of the sensors in the latest alerts they match. The file of alerts
 * is asked and not `client.keys`, which holds the agents' keys and no labels, hosts or locations.
 *
 * @param alertsPath of alerts.json
 */
export function checkHoneypots(
  { honeypot }: Config,
  guard: Guard,
  alertsPath: string,
): readonly Check[] {
  const marks = [
    ...honeypot.agentPrefixes.map((one) => `name ${one.includes("*") ? one : `${one}…`}`),
    ...honeypot.agentLabels.map((label) => `label ${label}`),
    ...honeypot.hostnames.map((hostname) => `host ${hostname}`),
    ...honeypot.locations.map((location) => `location ${location}`),
  ];
  if (marks.length === 0) {
    const hint = "set honeypot.agent_prefixes";
    return [failure("honeypots", "no agent counts as a honeypot", hint)];
  }
  const faults = patternFaults({ ...honeypot, publishPrivate: false }).map(
    ({ key, pattern, matches, why }) =>
      matches === "nothing"
        ? failure(
          key,
          `"${pattern}" can match nothing: ${why}`,
          "write * for any text, or remove it",
        )
        : warning(key, `"${pattern}" matches everything: ${why}`, "name your honeypots only"),
  );
  return [checkSensors(`agents with ${marks.join(", ")}`, guard, alertsPath), ...faults];
}

function checkSensors(marks: string, guard: Guard, alertsPath: string): Check {
  const { all, ours } = latestAlerts(guard, alertsPath) ?? sensorsIn("", guard);
  if (all.size === 0) return ok("honeypots", marks);
  const found = `${ours.size} of ${all.size} in ${alertsPath}`;
  if (ours.size > 0) return ok("honeypots", `${marks}; ${found}: ${namesOf(ours)}`);
  return warning(
    "honeypots",
    `${marks}; ${found}, which has ${namesOf(all)}`,
    "compare the names; a honeypot without alerts so far is not there",
  );
}

/** The latest alerts, and those of them that are of honeypots. */
export interface Seen {
  readonly all: ReadonlySet<string>;
  readonly ours: ReadonlySet<string>;
  readonly alerts: number;
  readonly matching: number;
}

/** Counts the latest alerts; undefined where the file cannot be read. */
export function latestAlerts(guard: Guard, alertsPath: string): Seen | undefined {
  const text = tailOf(alertsPath, LATEST);
  return text === undefined ? undefined : sensorsIn(text, guard);
}

function sensorsIn(text: string, guard: Guard): Seen {
  const all = new Set<string>();
  const ours = new Set<string>();
  let [alerts, matching] = [0, 0];
  for (const line of text.split("\n")) {
    const alert = readAlert(parsed(line));
    if (alert === undefined || all.size >= MOST_SENSORS) continue;
    const name = alert.sensor.name || alert.location;
    all.add(name);
    alerts++;
    if (!isOfHoneypot(alert, { guard })) continue;
    ours.add(name);
    matching++;
  }
  return { all, ours, alerts, matching };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Some of the names, in one line. */
export function namesOf(names: ReadonlySet<string>): string {
  const shown = [...names].sort().slice(0, MOST_NAMES).map((name) => name.slice(0, 80));
  return shown.join(", ") + (names.size > MOST_NAMES ? ", …" : "");
}
