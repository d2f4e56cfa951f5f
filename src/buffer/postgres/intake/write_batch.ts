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
import type { Row } from "../connection.ts";
import { compactBefore, SILENCE_MS } from "./compaction.ts";
import { ATTACKS, TABLES, writeRows } from "./tables.ts";

type Sources = readonly (readonly [sourceIp: string, source: SourceTotals])[];

/**
 * Merges a batch into the tables.
 *
 * @param maxUsernames how many user names, and passwords, an attack keeps
 * @returns whether there are accepted logins that may belong to its sources
 */
export async function writeBatch(
  sql: Sql,
  batch: Batch,
  maxUsernames: number,
  now: number,
): Promise<boolean> {
  const sources = batch.sorted;
  if (sources.length === 0) return false;
  const { names, old, hasLogins } = await writeAttacks(sql, sources, now);
  // No connection of this batch is stored yet: what is found is of earlier ones.
  await compactBefore(sql, old, now);
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
  await writeRows(
    sql,
    [TABLES.connections, connections],
    [TABLES.sensors, sensors],
    [TABLES.usernames, usernames],
    [TABLES.passwords, await passwordsOf(sql, sources, maxUsernames)],
  );
  await countFurther(sql, further);
  return hasLogins;
}

/** What was stored of the sources of a batch before. */
interface Before {
  /** User names of each source; one at two locations counts twice. */
  readonly names: ReadonlyMap<string, number>;
  /** Sources whose attacks are new, and find connections that are over. */
  readonly old: readonly string[];
  readonly hasLogins: boolean;
}

async function writeAttacks(sql: Sql, sources: Sources, now: number): Promise<Before> {
  const techniques = new TechniqueTexts();
  const rows = sources.map(([sourceIp, source]): readonly Cell[] => [
    ...[sourceIp, source.firstSeen, source.lastSeen, now, now, source.alerts, source.manager],
    ...[source.compromisedAt ?? null, source.services],
    source.sourceLocation === undefined ? null : JSON.stringify(source.sourceLocation),
    techniques.added(null, techniquesHeard(source)),
  ]);
  const stored = await all(
    sql,
    insertOf(ATTACKS),
    ...columnsOf(rows, ATTACKS.types.length),
    now - SILENCE_MS,
  );
  const bySource = new Map(sources);
  const changed: [sourceIp: string, techniques: string][] = [];
  for (const { source_ip, is_new, techniques: before } of stored) {
    const sourceIp = String(source_ip);
    if (is_new === true) continue;
    const heard = techniquesHeard(bySource.get(sourceIp)!);
    const added = techniques.added(before === null ? null : String(before), heard);
    if (added !== null) changed.push([sourceIp, added]);
  }
  if (changed.length > 0) {
    await sql(
      `UPDATE attack SET techniques = n.techniques
       FROM unnest($1::text[], $2::text[]) AS n (source_ip, techniques)
       WHERE attack.source_ip = n.source_ip`,
      ...columnsOf(changed, 2),
    );
  }
  const sourceOf = ({ source_ip }: Row) => String(source_ip);
  return {
    names: new Map(stored.map((row) => [sourceOf(row), Number(row.names)])),
    old: stored.filter(({ has_old }) => has_old === true).map(sourceOf),
    hasLogins: stored.some(({ has_logins }) => has_logins === true),
  };
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
async function countFurther(sql: Sql, further: ReadonlyMap<string, number>): Promise<void> {
  if (further.size === 0) return;
  await sql(
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
