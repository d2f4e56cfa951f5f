/**
 * What a batch was added up to, into the tables. The attack of each source is written first: it is locked
 * then, so that nothing else of the source can change until the commit.
 *
 * @module
 */
import {
  type Batch,
  type SourceTotals,
  techniquesHeard,
  type UsernameCounts,
} from "../../batch/batch.ts";
import { TechniqueTexts } from "../../batch/techniques.ts";
import { type Cell, columnsOf, insertOf } from "../columns.ts";
import { keyText } from "../keys.ts";
import { all, type Sql } from "../sql.ts";
import type { Before } from "./before.ts";
import { compactBefore } from "./compaction.ts";
import { ATTACKS, TABLES, writeRows } from "./tables.ts";

type Sources = readonly (readonly [sourceIp: string, source: SourceTotals])[];

/**
 * Merges a batch into the tables.
 *
 * @param maxUsernames how many user names, and passwords, an attack keeps
 */
export async function writeBatch(
  sql: Sql,
  batch: Batch,
  { names, old }: Before,
  maxUsernames: number,
  now: number,
): Promise<void> {
  const sources = batch.sorted;
  if (sources.length === 0) return;
  writeAttacks(sql, sources, now);
  // No connection of this batch is stored yet: what is found is of earlier ones.
  compactBefore(sql, old, now);
  const connections: Cell[][] = [];
  const sensors: Cell[][] = [];
  for (const [sourceIp, source] of sources) {
    source.connections?.forEach(({ sensor, pid, location, counts, refused }) => {
      const key = [keyText(sensor), pid, keyText(location)];
      connections.push([sourceIp, ...key, ...counts, refused, now]);
    });
    source.sensors?.forEach(({ sensor, hour, name, alerts, firstSeen, lastSeen }) => {
      sensors.push([sourceIp, keyText(sensor), hour, name, alerts, firstSeen, lastSeen]);
    });
  }
  const { rows: usernames, further } = await usernamesOf(sql, sources, names, maxUsernames);
  writeRows(
    sql,
    [TABLES.connections, connections],
    [TABLES.sensors, sensors],
    [TABLES.usernames, usernames],
    [TABLES.passwords, await passwordsOf(sql, sources, maxUsernames)],
  );
  countFurther(sql, further);
}

function writeAttacks(sql: Sql, sources: Sources, now: number): void {
  const techniques = new TechniqueTexts();
  const rows = sources.map(([sourceIp, source]): readonly Cell[] => [
    ...[sourceIp, source.firstSeen, source.lastSeen, now, now, source.alerts, source.manager],
    ...[source.compromisedAt ?? null, source.services],
    source.sourceLocation === undefined ? null : JSON.stringify(source.sourceLocation),
    techniques.added(null, techniquesHeard(source)),
  ]);
  sql.later(insertOf(ATTACKS), ...columnsOf(rows, ATTACKS.types.length));
}

/** One more name only below the limit; a known name always counts on. */
async function usernamesOf(
  sql: Sql,
  sources: Sources,
  counts: ReadonlyMap<string, number>,
  most: number,
): Promise<{ readonly rows: readonly Cell[][]; readonly further: ReadonlyMap<string, number> }> {
  const named = sources.filter(([, { usernames }]) => usernames !== undefined);
  // Where there may be too many, they are looked at.
  const full = named.filter(([sourceIp, { usernames }]) =>
    (counts.get(sourceIp) ?? 0) + usernames!.size > most
  ).map(([sourceIp]) => sourceIp);
  const known = await textsOf(sql, "attack_username", "username", full);
  const rows: Cell[][] = [];
  const further = new Map<string, number>();
  for (const [sourceIp, { usernames }] of named) {
    const names = known.get(sourceIp);
    for (const name of usernames!.values()) {
      const username = keyText(name.username);
      if (names !== undefined && !keeps(names, username, most)) {
        further.set(sourceIp, (further.get(sourceIp) ?? 0) + name.attempts);
      } else rows.push(usernameRow(sourceIp, username, name));
    }
  }
  return { rows, further };
}

/** Counts attempts with names that are not kept. */
function countFurther(sql: Sql, further: ReadonlyMap<string, number>): void {
  if (further.size === 0) return;
  sql.later(
    `UPDATE attack SET further_usernames = further_usernames + n.attempts
     FROM unnest($1::text[], $2::bigint[]) AS n (source_ip, attempts)
     WHERE attack.source_ip = n.source_ip`,
    ...columnsOf([...further], 2),
  );
}

function usernameRow(sourceIp: string, username: string, name: UsernameCounts): Cell[] {
  return [sourceIp, username, keyText(name.location), ...name.counts];
}

/** As with user names; further passwords are not counted, since attempts are. */
async function passwordsOf(sql: Sql, sources: Sources, most: number): Promise<readonly Cell[][]> {
  const tried = sources.filter(([, { passwords }]) => passwords !== undefined);
  if (tried.length === 0) return [];
  const known = await textsOf(
    sql,
    "attack_password",
    "password",
    tried.map(([sourceIp]) => sourceIp),
  );
  const rows: Cell[][] = [];
  for (const [sourceIp, { passwords }] of tried) {
    const texts = known.get(sourceIp)!;
    for (const [text, attempts] of passwords!) {
      const password = keyText(text);
      if (keeps(texts, password, most)) rows.push([sourceIp, password, attempts]);
    }
  }
  return rows;
}

/** Whether a text is kept, which it is from then on. */
function keeps(known: Set<string>, text: string, most: number): boolean {
  if (known.has(text)) return true;
  if (known.size >= most) return false;
  known.add(text);
  return true;
}

/** What is stored of each source, none too. */
async function textsOf(
  sql: Sql,
  table: string,
  column: string,
  sources: readonly string[],
): Promise<ReadonlyMap<string, Set<string>>> {
  const found = new Map(sources.map((sourceIp) => [sourceIp, new Set<string>()]));
  if (sources.length === 0) return found;
  const rows = await all(
    sql,
    `SELECT DISTINCT source_ip, ${column} AS text FROM ${table} WHERE source_ip = ANY($1)`,
    sources,
  );
  for (const { source_ip, text } of rows) found.get(String(source_ip))!.add(String(text));
  return found;
}
