/**
 * What a batch was added up to, into the tables.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import {
  type Batch,
  type SourceTotals,
  techniquesHeard,
  type UsernameCounts,
} from "../../batch/batch.ts";
import { storable } from "../../batch/storable.ts";
import type { Statements } from "../sql.ts";
import { writeRows } from "../upsert.ts";
import {
  ATTACKS,
  CONNECTIONS,
  SENSORS,
  USERNAMES,
  writePassword,
  writeUsername,
} from "./batch_tables.ts";
import { compactBefore } from "./compaction.ts";
import { TechniqueTexts } from "../../batch/techniques.ts";

/**
 * Merges a batch into the tables.
 *
 * @param maxUsernames how many user names, and passwords, an attack keeps
 */
export function writeBatch(sql: Statements, batch: Batch, maxUsernames: number, now: number): void {
  const sources = batch.sorted;
  if (sources.length === 0) return;
  const addresses = sources.map(([sourceIp]) => sourceIp);
  const open = openAttacks(sql, addresses, now);
  // No connection of this batch is stored yet: what is found is of earlier ones.
  compactBefore(sql, addresses.filter((sourceIp) => !open.has(sourceIp)), now);
  const attacks: SQLInputValue[] = [];
  const connections: SQLInputValue[] = [];
  const sensors: SQLInputValue[] = [];
  const techniques = new TechniqueTexts();
  const usernames: SQLInputValue[] = [];
  const further: [sourceIp: string, name: UsernameCounts][] = [];
  for (const [sourceIp, source] of sources) {
    const known = open.get(sourceIp);
    const added = techniques.added(known?.techniques ?? null, techniquesHeard(source));
    pushAttack(attacks, sourceIp, source, added, now);
    pushConnections(connections, sourceIp, source, now);
    pushSensors(sensors, sourceIp, source);
    const names = source.usernames;
    if ((known?.names ?? 0) + (names?.size ?? 0) <= maxUsernames) {
      pushUsernames(usernames, sourceIp, source);
    } else {
      names?.forEach((name) => further.push([sourceIp, name]));
    }
    for (const [password, attempts] of source.passwords ?? []) {
      writePassword(sql, sourceIp, password, attempts, maxUsernames);
    }
  }
  writeRows(sql, ATTACKS, attacks);
  writeRows(sql, CONNECTIONS, connections);
  writeRows(sql, SENSORS, sensors);
  writeRows(sql, USERNAMES, usernames);
  for (const [sourceIp, name] of further) writeUsername(sql, sourceIp, name, maxUsernames);
}

function pushAttack(
  values: SQLInputValue[],
  sourceIp: string,
  source: SourceTotals,
  techniques: string | null,
  now: number,
): void {
  const { firstSeen, lastSeen, alerts, manager, compromisedAt, services, sourceLocation } = source;
  values.push(sourceIp, firstSeen, lastSeen, now, now, alerts, manager, compromisedAt ?? null);
  values.push(
    services,
    sourceLocation === undefined ? null : JSON.stringify(sourceLocation),
    techniques,
  );
}

function pushConnections(
  values: SQLInputValue[],
  sourceIp: string,
  { connections }: SourceTotals,
  now: number,
): void {
  connections?.forEach(({ sensor, pid, location, counts, refused }) => {
    values.push(sourceIp, sensor, pid, storable(location), ...counts, refused, now);
  });
}

function pushSensors(values: SQLInputValue[], sourceIp: string, { sensors }: SourceTotals): void {
  sensors?.forEach(({ sensor, hour, name, alerts, firstSeen, lastSeen }) => {
    values.push(sourceIp, sensor, hour, name, alerts, firstSeen, lastSeen);
  });
}

function pushUsernames(
  values: SQLInputValue[],
  sourceIp: string,
  { usernames }: SourceTotals,
): void {
  usernames?.forEach(({ username, location, counts }) => {
    values.push(sourceIp, username, location, ...counts);
  });
}

/** What is known of the open attack of a source. */
interface OpenAttack {
  /** User names; one at two places counts twice. */
  readonly names: number;
  /** As its row has them. */
  readonly techniques: string | null;
}

/**
 * Looks at the open attacks of sources. They were opened now at the latest: where it was later, the
 * clock was set back since.
 */
function openAttacks(
  sql: Statements,
  sources: readonly string[],
  now: number,
): ReadonlyMap<string, OpenAttack> {
  const rows = sql(
    `SELECT source_ip, opened_at > ? AS is_ahead,
       (SELECT count(*) FROM attack_username n WHERE n.source_ip = a.source_ip) AS names, techniques
     FROM json_each(?) s CROSS JOIN attack a ON a.source_ip = s.value`,
  ).all(now, JSON.stringify(sources));
  const open = new Map<string, OpenAttack>();
  for (const { source_ip, is_ahead, names, techniques } of rows) {
    const sourceIp = String(source_ip);
    if (is_ahead === 1) {
      sql("UPDATE attack SET opened_at = ? WHERE source_ip = ?").run(now, sourceIp);
    }
    open.set(sourceIp, {
      names: Number(names),
      techniques: techniques === null ? null : String(techniques),
    });
  }
  return open;
}
