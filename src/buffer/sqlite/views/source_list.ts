/**
 * The list of sources: filtered, sorted, a part at a time.
 *
 * The filter that fewest sources pass gives the candidates, where it gives few enough; otherwise the index
 * of the order is walked. Either way a bounded number of sources is looked at.
 *
 * @module
 */
import { addressRanges } from "../../address_ranges.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import {
  type Candidate,
  COLUMN,
  compare,
  FIELDS,
  filterOf,
  hasName,
  isBehind,
  MOST_CANDIDATES,
  MOST_WALKED,
  namesOf,
  openCandidate,
  sorted,
  toCandidate,
  VALUE,
  WALKED_AT_ONCE,
} from "../../rows/source_list.ts";
import type { SourceList, SourceOrder, SourceQuery, SourceState } from "../../sources.ts";
import type { Statements } from "../sql.ts";
import { readSourceRow } from "./source.ts";

/** Reads a part of the list. */
export function listSources(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  query: SourceQuery,
): SourceList {
  const passes = passesAll(sql, open, query);
  const narrow = candidatesOf(sql, query);
  const found: Candidate[] = [];
  let looked = 0;
  const walk = narrow === undefined ? walked(sql, open, query) : sorted(query.order, [
    ...records(sql, narrow),
    ...[...open.values()].map((attack) => candidateOf(sql, attack)),
  ]);
  for (const source of walk) {
    if (narrow === undefined && ++looked > MOST_WALKED) break;
    if (!isBehind(query, source) || !passes(source)) continue;
    found.push(source);
    if (found.length > query.most) break;
  }
  const rows = found.slice(0, query.most);
  const last = rows.at(-1);
  return {
    rows: rows.map(({ sourceIp }) => readSourceRow(sql, sourceIp, open.get(sourceIp))),
    next: found.length > query.most && last !== undefined
      ? { value: VALUE[query.order](last), sourceIp: last.sourceIp }
      : undefined,
    isComplete: looked <= MOST_WALKED,
  };
}

/** All sources by an order: records as their index has them, and the open attacks among them. */
function* walked(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  { order, after }: SourceQuery,
): Generator<Candidate> {
  const attacks = sorted(order, [...open.values()].map((attack) => candidateOf(sql, attack)));
  let next = 0;
  for (const record of recordsByOrder(sql, order, after)) {
    while (next < attacks.length && compare(order, attacks[next]!, record) < 0) {
      yield attacks[next++]!;
    }
    if (!open.has(record.sourceIp)) yield record;
  }
  yield* attacks.slice(next);
}

function* recordsByOrder(
  sql: Statements,
  order: SourceOrder,
  after: SourceQuery["after"],
): Generator<Candidate> {
  const column = COLUMN[order];
  let place = after ?? { value: Number.MAX_SAFE_INTEGER, sourceIp: "" };
  for (;;) {
    const rows = sql(
      `SELECT ${FIELDS} FROM source_record
       WHERE ${column} IS NOT NULL AND (${column}, source_ip) < (?, ?)
       ORDER BY ${column} DESC, source_ip DESC LIMIT ?`,
    ).all(place.value, place.sourceIp, WALKED_AT_ONCE).map(toCandidate);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < WALKED_AT_ONCE) return;
    place = { value: VALUE[order](last), sourceIp: last.sourceIp };
  }
}

function records(sql: Statements, addresses: readonly string[]): readonly Candidate[] {
  return sql(
    `SELECT ${FIELDS} FROM json_each(?) s CROSS JOIN source_record ON source_ip = s.value`,
  ).all(JSON.stringify(addresses)).map(toCandidate);
}

function candidateOf(sql: Statements, attack: OpenAttack): Candidate {
  const row = sql("SELECT last_seen, retracted_at FROM source_record WHERE source_ip = ?")
    .get(attack.sourceIp);
  return openCandidate(attack, row);
}

/** Addresses in the records that the narrowest filter passes; undefined: each passes too many. */
function candidatesOf(sql: Statements, query: SourceQuery): readonly string[] | undefined {
  let narrowest: readonly string[] | undefined;
  const offer = (rows: readonly Record<string, unknown>[]) => {
    if (rows.length > MOST_CANDIDATES) return;
    if (narrowest !== undefined && narrowest.length <= rows.length) return;
    narrowest = rows.map((row) => String(row.source_ip));
  };
  for (const [kind, name] of namesAsked(sql, query)) {
    offer(
      sql("SELECT source_ip FROM source_name WHERE kind = ? AND name = ? LIMIT ?")
        .all(kind, name, MOST_CANDIDATES + 1),
    );
  }
  if (query.cidr !== undefined) {
    const rows: Record<string, unknown>[] = [];
    for (const [from, to] of addressRanges(query.cidr)) {
      const left = MOST_CANDIDATES + 1 - rows.length;
      if (left <= 0) break;
      rows.push(
        ...sql("SELECT source_ip FROM source_record WHERE source_ip >= ? AND source_ip < ? LIMIT ?")
          .all(from, to, left),
      );
    }
    offer(rows);
  }
  const byState = query.state === undefined ? undefined : STATE_ROWS[query.state];
  if (byState !== undefined) offer(sql(byState).all(MOST_CANDIDATES + 1));
  return narrowest;
}

/** Records in a state; open attacks are looked at anyway. */
const STATE_ROWS: Readonly<Record<SourceState, string>> = {
  compromised: "SELECT source_ip FROM source_record WHERE compromised_at IS NOT NULL LIMIT ?",
  open: "SELECT source_ip FROM attack LIMIT ?",
  waiting: "SELECT DISTINCT source_ip FROM report WHERE state = 'pending' LIMIT ?",
  refused: "SELECT DISTINCT source_ip FROM report WHERE state = 'refused' LIMIT ?",
  withdrawn: "SELECT source_ip FROM source_record WHERE retracted_at IS NOT NULL LIMIT ?",
};

/** The names that a query asks for, as source_name has them. */
function namesAsked(sql: Statements, query: SourceQuery) {
  return namesOf(query, query.sensor === undefined ? undefined : sensorKey(sql, query.sensor));
}

/** A sensor may be asked for by its name, of which its key is made. */
function sensorKey(sql: Statements, asked: string): string {
  const row = sql(
    `SELECT sensor FROM sensor WHERE sensor = ? OR name = ?
     UNION ALL SELECT sensor FROM (SELECT sensor FROM attack_sensor WHERE name = ? LIMIT 1)
     LIMIT 1`,
  ).get(asked, asked, asked);
  return row === undefined ? asked : String(row.sensor);
}

/** Whether a source passes all filters. */
function passesAll(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  query: SourceQuery,
): (source: Candidate) => boolean {
  const names = namesAsked(sql, query);
  const passes = filterOf(query);
  const { state } = query;
  return (source) => {
    if (!passes(source)) return false;
    const { sourceIp } = source;
    const attack = open.get(sourceIp);
    const isNamed = names.every(([kind, name]) =>
      attack !== undefined && hasName(attack, kind, name) ||
      sql("SELECT 1 FROM source_name WHERE kind = ? AND name = ? AND source_ip = ?")
          .get(kind, name, sourceIp) !== undefined
    );
    if (!isNamed) return false;
    if (state === "open") {
      return attack !== undefined ||
        sql("SELECT 1 FROM attack WHERE source_ip = ?").get(sourceIp) !== undefined;
    }
    if (state !== "waiting" && state !== "refused") return true;
    return sql("SELECT 1 FROM report WHERE source_ip = ? AND state = ?")
      .get(sourceIp, state === "waiting" ? "pending" : "refused") !== undefined;
  };
}
