/**
 * The list of sources: filtered, sorted, a part at a time. A bounded number of sources is looked at.
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
  isShown,
  MOST_CANDIDATES,
  MOST_WALKED,
  namesOf,
  sorted,
  toCandidate,
  VALUE,
  WALKED_AT_ONCE,
} from "../../rows/source_list.ts";
import type { SourceList, SourceOrder, SourceQuery, SourceState } from "../../sources.ts";
import type { Row } from "../trip.ts";
import { keyText } from "../keys.ts";
import { all, type Sql } from "../sql.ts";
import { readSourceRow } from "./source.ts";

type Open = ReadonlyMap<string, OpenAttack>;

/** The names that a query asks for, as source_name has them. */
type Names = readonly (readonly [kind: string, names: readonly string[]])[];

/** Reads a part of the list. */
export async function listSources(sql: Sql, open: Open, query: SourceQuery): Promise<SourceList> {
  const sensors = query.sensor === undefined ? undefined : await sensorKeys(sql, query.sensor);
  const names = namesOf(query, sensors).map(([kind, any]) => [kind, any.map(keyText)] as const);
  const mostWalked = query.isWhole ? Infinity : MOST_WALKED;
  const narrow = await candidatesOf(sql, query, names);
  const found: Candidate[] = [];
  let looked = 0;
  const parts = narrow === undefined
    ? walked(sql, open, query)
    : partsOf(sorted(query.order, [...await records(sql, narrow), ...open.values()]));
  walk: for await (const part of parts) {
    const passes = await passing(sql, open, query, names, part);
    for (const source of part) {
      if (narrow === undefined && ++looked > mostWalked) break walk;
      if (!isBehind(query, source) || !passes(source) || !isShown(query, source)) continue;
      found.push(source);
      if (found.length > query.most) break walk;
    }
  }
  const shown = found.slice(0, query.most);
  const last = shown.at(-1);
  return {
    rows: await Promise.all(
      shown.map(({ sourceIp }) => readSourceRow(sql, sourceIp, open.get(sourceIp))),
    ),
    next: found.length > query.most && last !== undefined
      ? { value: VALUE[query.order](last), sourceIp: last.sourceIp }
      : undefined,
    isComplete: looked <= mostWalked,
  };
}

/** Sources in parts that are filtered together. */
function* partsOf(sources: readonly Candidate[]): Generator<readonly Candidate[]> {
  for (let at = 0; at < sources.length; at += WALKED_AT_ONCE) {
    yield sources.slice(at, at + WALKED_AT_ONCE);
  }
}

/** All sources by an order: records as their index has them, and the open attacks among them. */
async function* walked(
  sql: Sql,
  open: Open,
  { order, after }: SourceQuery,
): AsyncGenerator<readonly Candidate[]> {
  const attacks = sorted(order, [...open.values()]);
  let next = 0;
  for await (const rows of recordsByOrder(sql, order, after)) {
    const part: Candidate[] = [];
    for (const record of rows) {
      while (next < attacks.length && compare(order, attacks[next]!, record) < 0) {
        part.push(attacks[next++]!);
      }
      if (!open.has(record.sourceIp)) part.push(record);
    }
    yield part;
  }
  yield attacks.slice(next);
}

async function* recordsByOrder(
  sql: Sql,
  order: SourceOrder,
  after: SourceQuery["after"],
): AsyncGenerator<readonly Candidate[]> {
  const column = COLUMN[order];
  let place = after ?? { value: Number.MAX_SAFE_INTEGER, sourceIp: "" };
  for (;;) {
    const rows: readonly Candidate[] = (await all(
      sql,
      `SELECT ${FIELDS} FROM source_record
       WHERE ${column} IS NOT NULL AND (${column}, source_ip) < ($1, $2)
       ORDER BY ${column} DESC, source_ip DESC LIMIT $3`,
      ...[place.value, place.sourceIp, WALKED_AT_ONCE],
    )).map(toCandidate);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < WALKED_AT_ONCE) return;
    place = { value: VALUE[order](last), sourceIp: last.sourceIp };
  }
}

async function records(sql: Sql, addresses: readonly string[]): Promise<readonly Candidate[]> {
  const rows = await all(
    sql,
    `SELECT ${FIELDS} FROM source_record WHERE source_ip = ANY($1)`,
    addresses,
  );
  return rows.map(toCandidate);
}

/** Addresses in the records that the narrowest filter passes; undefined: each passes too many. */
async function candidatesOf(
  sql: Sql,
  query: SourceQuery,
  names: Names,
): Promise<readonly string[] | undefined> {
  let narrowest: readonly string[] | undefined;
  const offer = (rows: readonly Row[]) => {
    if (rows.length > MOST_CANDIDATES) return;
    if (narrowest !== undefined && narrowest.length <= rows.length) return;
    narrowest = rows.map((row) => String(row.source_ip));
  };
  for (const [kind, any] of names) {
    offer(
      await all(
        sql,
        "SELECT source_ip FROM source_name WHERE kind = $1 AND name = ANY($2) LIMIT $3",
        ...[kind, any, MOST_CANDIDATES + 1],
      ),
    );
  }
  if (query.cidr !== undefined) {
    const ranges = addressRanges(query.cidr);
    offer(
      await all(
        sql,
        `SELECT r.source_ip FROM unnest($1::text[], $2::text[]) AS n (first, behind)
         JOIN source_record r ON r.source_ip >= n.first AND r.source_ip < n.behind LIMIT $3`,
        ranges.map(([from]) => from),
        ranges.map(([, to]) => to),
        MOST_CANDIDATES + 1,
      ),
    );
  }
  const byState = query.state === undefined ? undefined : STATE_ROWS[query.state];
  if (byState !== undefined) offer(await all(sql, byState, MOST_CANDIDATES + 1));
  return narrowest;
}

/** Records in a state; open attacks are looked at anyway. */
const STATE_ROWS: Readonly<Record<SourceState, string>> = {
  compromised: "SELECT source_ip FROM source_record WHERE compromised_at IS NOT NULL LIMIT $1",
  open: "SELECT source_ip FROM attack LIMIT $1",
  waiting: "SELECT DISTINCT source_ip FROM report WHERE state = 'pending' LIMIT $1",
  refused: "SELECT DISTINCT source_ip FROM report WHERE state = 'refused' LIMIT $1",
  withdrawn: "SELECT source_ip FROM source_record WHERE retracted_at IS NOT NULL LIMIT $1",
  expired: "SELECT source_ip FROM source_record WHERE expired_at IS NOT NULL LIMIT $1",
};

/** A sensor may be asked for by its name, which several managers may have given. */
async function sensorKeys(sql: Sql, asked: string): Promise<readonly string[]> {
  const rows = await all(
    sql,
    `SELECT sensor FROM sensor WHERE sensor = $1 OR name = $1
     UNION SELECT sensor FROM attack_sensor WHERE name = $1 LIMIT 100`,
    asked,
  );
  return rows.length === 0 ? [asked] : rows.map((row) => String(row.sensor));
}

/** Which sources of a part pass all filters. */
async function passing(
  sql: Sql,
  open: Open,
  query: SourceQuery,
  names: Names,
  part: readonly Candidate[],
): Promise<(source: Candidate) => boolean> {
  const addresses = part.map(({ sourceIp }) => sourceIp);
  const named = new Set(
    names.length === 0 ? [] : (await all(
      sql,
      `SELECT kind, name, source_ip FROM source_name
       JOIN unnest($1::text[], $2::text[]) AS n (kind, name) USING (kind, name)
       WHERE source_ip = ANY($3)`,
      names.flatMap(([kind, any]) => any.map(() => kind)),
      names.flatMap(([, any]) => any),
      addresses,
    )).map(({ kind, name, source_ip }) => `${kind}\0${name}\0${source_ip}`),
  );
  const { state } = query;
  const inState = await addressesInState(sql, state, addresses);
  const passes = filterOf(query);
  return (source) => {
    const { sourceIp } = source;
    const attack = open.get(sourceIp);
    return passes(source) &&
      names.every(([kind, any]) =>
        any.some((name) =>
          attack !== undefined && hasName(attack, kind, name) ||
          named.has(`${kind}\0${name}\0${sourceIp}`)
        )
      ) &&
      (inState === undefined || inState.has(sourceIp) || state === "open" && attack !== undefined);
  };
}

/** Undefined: the row of the source itself says it. */
async function addressesInState(
  sql: Sql,
  state: SourceState | undefined,
  addresses: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  if (state !== "open" && state !== "waiting" && state !== "refused") return undefined;
  const rows = state === "open"
    ? await all(sql, "SELECT source_ip FROM attack WHERE source_ip = ANY($1)", addresses)
    : await all(
      sql,
      "SELECT DISTINCT source_ip FROM report WHERE source_ip = ANY($1) AND state = $2",
      addresses,
      state === "waiting" ? "pending" : "refused",
    );
  return new Set(rows.map((row) => String(row.source_ip)));
}
