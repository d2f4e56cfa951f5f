/**
 * The list of sources: filtered, sorted, a part at a time.
 *
 * The filter that fewest sources pass gives the candidates, where it gives few enough; otherwise the index
 * of the order is walked. Either way a bounded number of sources is looked at.
 *
 * @module
 */
import { addressRanges } from "../../address_ranges.ts";
import type { SourceList, SourceOrder, SourceQuery, SourceState } from "../../sources.ts";
import type { Statements } from "../sql.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import {
  type Candidate,
  COLUMN,
  compare,
  FIELDS,
  filterOf,
  hasName,
  isBehind,
  isShown,
  MOST_CANDIDATES,
  MOST_WALKED,
  namesOf,
  sorted,
  toCandidate,
  VALUE,
  WALKED_AT_ONCE,
} from "../../rows/source_list.ts";
import { readSourceRow } from "./source.ts";

/** The index that has all columns which lists look at. */
const BRIEF = "INDEXED BY source_record_brief";

/** The names that a query asks for, as source_name has them. */
type Names = ReturnType<typeof namesOf>;

/** Reads a part of the list. */
export function listSources(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  query: SourceQuery,
): SourceList {
  const sensors = query.sensor === undefined ? undefined : sensorKeys(sql, query.sensor);
  const names = namesOf(query, sensors);
  const passes = passing(sql, open, query, names);
  const narrow = candidatesOf(sql, query, names);
  const found: Candidate[] = [];
  const mostWalked = query.isWhole ? Infinity : MOST_WALKED;
  let looked = 0;
  const walk = narrow === undefined ? walked(sql, open, query) : sorted(query.order, [
    ...records(sql, narrow),
    ...open.values(),
  ]);
  for (const source of walk) {
    if (narrow === undefined && ++looked > mostWalked) break;
    if (!isBehind(query, source) || !passes(source) || !isShown(query, source)) continue;
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
    isComplete: looked <= mostWalked,
  };
}

/** All sources by an order: records as their index has them, and the open attacks among them. */
function* walked(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  { order, after, cidr, most }: SourceQuery,
): Generator<Candidate> {
  const attacks = sorted(order, [...open.values()]);
  let next = 0;
  for (const record of recordsByOrder(sql, order, after, cidr, most)) {
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
  cidr: SourceQuery["cidr"],
  most: number,
): Generator<Candidate> {
  const column = COLUMN[order];
  // The index has the addresses, so that rows of other networks are not even looked at.
  const range = cidr === undefined ? ["", "~"] as const : commonRange(addressRanges(cidr));
  // Where few sources are in the network, all of them are sorted: a walk might pass all others first.
  const isSparse = cidr !== undefined && isFew(sql, range);
  let place = after ?? { value: Number.MAX_SAFE_INTEGER, sourceIp: "" };
  // Often the first rows are all that is needed, and each is read from a page of its own.
  for (let atOnce = isSparse ? WALKED_AT_ONCE : Math.min(most + 1, WALKED_AT_ONCE);;) {
    const rows = sql(
      `SELECT ${FIELDS} FROM (SELECT source_ip AS ip FROM source_record ${isSparse ? BRIEF : ""}
         WHERE ${column} IS NOT NULL AND (${column}, source_ip) < (?, ?)
           AND source_ip >= ? AND source_ip < ?
         ORDER BY ${column} DESC, source_ip DESC LIMIT ?)
       CROSS JOIN source_record ${BRIEF} ON source_ip = ip
       ORDER BY ${column} DESC, source_ip DESC`,
    ).all(place.value, place.sourceIp, ...range, atOnce).map(toCandidate);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < atOnce) return;
    place = { value: VALUE[order](last), sourceIp: last.sourceIp };
    atOnce = isSparse ? MOST_WALKED : Math.min(2 * atOnce, WALKED_AT_ONCE);
  }
}

/** Sources that are sorted in a few milliseconds. */
const MOST_SORTED = 100_000;

/** Whether so few sources are in a range of addresses. */
function isFew(sql: Statements, [from, to]: readonly [string, string]): boolean {
  const found = sql(
    `SELECT count(*) AS n FROM (SELECT 1 FROM source_record ${BRIEF}
       WHERE source_ip >= ? AND source_ip < ? LIMIT ?)`,
  ).get(from, to, MOST_SORTED + 1);
  return Number(found?.n) <= MOST_SORTED;
}

/** The one range of texts that holds all of these. */
function commonRange(ranges: ReturnType<typeof addressRanges>): readonly [string, string] {
  const least = ranges.map(([from]) => from).reduce((one, other) => one < other ? one : other);
  const most = ranges.map(([, to]) => to).reduce((one, other) => one > other ? one : other);
  return [least, most];
}

function records(sql: Statements, addresses: readonly string[]): readonly Candidate[] {
  return sql(
    `SELECT ${FIELDS} FROM json_each(?) s
     CROSS JOIN source_record ${BRIEF} ON source_ip = s.value`,
  ).all(JSON.stringify(addresses)).map(toCandidate);
}

/** Addresses in the records that the narrowest filter passes; undefined: each passes too many. */
function candidatesOf(
  sql: Statements,
  query: SourceQuery,
  names: Names,
): readonly string[] | undefined {
  let narrowest: readonly string[] | undefined;
  const offer = (text: string, ...values: readonly (readonly string[])[]) => {
    // Counting is cheaper than reading what is then too many.
    let count = 0;
    for (const of of values) {
      count += Number(
        sql(`SELECT count(*) AS n FROM (${text} LIMIT ?)`).get(...of, MOST_CANDIDATES + 1)?.n,
      );
      if (count > Math.min(MOST_CANDIDATES, narrowest?.length ?? Infinity)) return;
    }
    narrowest = values.flatMap((of) => sql(text).all(...of).map((row) => String(row.source_ip)));
  };
  const named = "SELECT source_ip FROM source_name WHERE kind = ? AND name = ?";
  for (const [kind, any] of names) offer(named, ...any.map((name) => [kind, name]));
  if (query.cidr !== undefined) {
    const within = `SELECT source_ip FROM source_record ${BRIEF}
       WHERE source_ip >= ? AND source_ip < ?`;
    offer(within, ...addressRanges(query.cidr));
  }
  const byState = query.state === undefined ? undefined : STATE_ROWS[query.state];
  if (byState !== undefined) offer(byState, []);
  return narrowest;
}

/** Records in a state; open attacks are looked at anyway. */
const STATE_ROWS: Readonly<Record<SourceState, string>> = {
  compromised: "SELECT source_ip FROM source_record WHERE compromised_at IS NOT NULL",
  open: "SELECT source_ip FROM attack",
  waiting: "SELECT DISTINCT source_ip FROM report WHERE state = 'pending'",
  refused: "SELECT DISTINCT source_ip FROM report WHERE state = 'refused'",
  withdrawn: "SELECT source_ip FROM source_record WHERE retracted_at IS NOT NULL",
  expired: "SELECT source_ip FROM source_record WHERE expired_at IS NOT NULL",
};

/** A sensor may be asked for by its name, which several managers may have given. */
function sensorKeys(sql: Statements, asked: string): readonly string[] {
  const rows = sql(
    `SELECT sensor FROM sensor WHERE sensor = ? OR name = ?
     UNION SELECT sensor FROM attack_sensor WHERE name = ? LIMIT 100`,
  ).all(asked, asked, asked);
  return rows.length === 0 ? [asked] : rows.map((row) => String(row.sensor));
}

/** Whether a source passes all filters. */
function passing(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  query: SourceQuery,
  names: Names,
): (source: Candidate) => boolean {
  const passesItself = filterOf(query);
  const { state } = query;
  return (source) => {
    if (!passesItself(source)) return false;
    const { sourceIp } = source;
    const attack = open.get(sourceIp);
    const isNamed = names.every(([kind, any]) =>
      any.some((name) =>
        attack !== undefined && hasName(attack, kind, name) ||
        sql("SELECT 1 FROM source_name WHERE kind = ? AND name = ? AND source_ip = ?")
            .get(kind, name, sourceIp) !== undefined
      )
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
