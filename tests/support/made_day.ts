/**
 * A made day: alerts as Wazuh writes them, and what a count by hand makes of them. The count knows nothing
 * of the program: each alert is one attempt, but for those of an accepted login.
 *
 * @module
 */
import { sshdAlert } from "./fixtures.ts";
import { seededRandom } from "./random.ts";

/** How many alerts of how many sources. */
export const MADE = { alerts: 20_000, sources: 760, logins: 14 } as const;

/** The alerts of a day, and the attempts in them. */
export interface MadeDay {
  /** As lines of `alerts.json`. */
  readonly lines: string;
  readonly attempts: number;
  readonly bySource: ReadonlyMap<string, number>;
  readonly byUsername: ReadonlyMap<string, number>;
  readonly bySensor: ReadonlyMap<string, number>;
  /** The sources that logged in, in the order of the addresses as text. */
  readonly compromised: readonly string[];
}

const USERNAMES = ["root", "admin", "ubuntu", "test", "oracle", "pi", "git", "postgres"];
const SENSORS = ["fra1", "ams2", "lon3", "nyc4", "sgp5", "syd6"];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** IPv4 of three documentation networks, and IPv6. */
function addressOf(index: number): string {
  if (index >= 700) return `2001:db8::${(index - 699).toString(16)}`;
  const network = ["192.0.2", "198.51.100", "203.0.113"][index % 3]!;
  return `${network}.${1 + Math.floor(index / 3)}`;
}

/**
 * Makes the day that ends at a time.
 *
 * @param now milliseconds UTC
 */
export function madeDay(now: number): MadeDay {
  const random = seededRandom(25);
  const bySource = new Map<string, number>();
  const byUsername = new Map<string, number>();
  const bySensor = new Map<string, number>();
  const add = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const alerts: { readonly at: number; readonly alert: object }[] = [];
  const pick = (index: number, at: number, message: string, rule: string) => {
    const sensor = random(SENSORS.length);
    const shape = { message, rule, agent: `honeypot-${SENSORS[sensor]}`, agentId: `00${sensor}` };
    // Each in a connection of its own.
    const pid = 1000 + alerts.length;
    const id = `${Math.floor(at / 1000)}.${alerts.length}`;
    const time = new Date(at).toISOString().replace("Z", "+0000");
    alerts.push({ at, alert: sshdAlert({ ...shape, pid, id, time }) });
    return { source: addressOf(index), sensor: shape.agent };
  };
  // Sources are hit unevenly, each at least once; the last hour is quiet, so that no clock matters.
  for (let made = 0; made < MADE.alerts - MADE.logins; made++) {
    const index = made < MADE.sources
      ? made
      : Math.floor(random(MADE.sources) * random(1000) * random(1000) / 1_000_000);
    const username = USERNAMES[Math.floor(random(USERNAMES.length) * random(100) / 100)]!;
    const at = now - DAY + HOUR + (made < MADE.sources ? made : random(22 * HOUR));
    const message = `Failed password for ${username} from ${addressOf(index)} port 4711 ssh2`;
    const { source, sensor } = pick(index, at, message, "5760");
    add(bySource, source);
    add(byUsername, username);
    add(bySensor, sensor);
  }
  const compromised: string[] = [];
  for (let login = 0; login < MADE.logins; login++) {
    const index = login * 54;
    const message = `Accepted password for root from ${addressOf(index)} port 4711 ssh2`;
    const at = now - HOUR + login * 1000;
    compromised.push(pick(index, at, message, "5715").source);
  }
  const lines = alerts.sort((one, other) => one.at - other.at)
    .map(({ alert }) => JSON.stringify(alert)).join("\n") + "\n";
  const attempts = MADE.alerts - MADE.logins;
  return { lines, attempts, bySource, byUsername, bySensor, compromised: compromised.sort() };
}

/** The names with most attempts; of equals, the first as text. */
export function mostOf(counts: ReadonlyMap<string, number>, most: number) {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most)
    .map(([name, attempts]) => ({ name, attempts }));
}
