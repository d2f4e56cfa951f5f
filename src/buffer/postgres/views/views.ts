/**
 * What a buffer in PostgreSQL shows of itself: each view of one moment.
 *
 * @module
 */
import type { History, RankedKind, Rankings, RankingSpan } from "../../rankings.ts";
import type { ListedQuery, ListedRow } from "../../listed.ts";
import type { FoundKind, ItemView, NewPayloads } from "../../sessions.ts";
import type { SourceList, SourceQuery, WholeQuery } from "../../sources.ts";
import type {
  BufferStatus,
  CompromisedSources,
  Evicted,
  Overview,
  RefusedQuery,
  RefusedReports,
  SensorContact,
  SensorView,
  SourceView,
  Views,
} from "../../views.ts";
import type { StandingOf } from "../../../guard/standing.ts";
import { attacksIn, type KnownAttacks } from "../../rows/known_attacks.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import type { Database } from "../database.ts";
import { one, type Sql } from "../sql.ts";
import { readCompromised } from "./compromised.ts";
import { readListed } from "./listed.ts";
import { readAllOpenAttacks, readOpenAttack, readOpenAttacks } from "./open_attacks.ts";
import { readOverview, readRefused } from "./overview.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readSensor, readSensorContacts } from "./sensor.ts";
import { readItemOfSources, readNewPayloads } from "./session_views.ts";
import { readSource } from "./source.ts";
import { listSources } from "./source_list.ts";
import { NOTHING_EVICTED, readStatus } from "./status.ts";

/** Sources that are read at a time, however many are asked for. */
const PART = 1000;

/** Views of a buffer in PostgreSQL. */
export class PostgresViews implements Views {
  readonly #db: Database;
  #known: KnownAttacks = new Map();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads with the attacks that are open, of which only those are read that changed. */
  #withOpen<Found>(
    read: (sql: Sql, open: ReadonlyMap<string, OpenAttack>) => Promise<Found>,
  ): Promise<Found> {
    return this.#db.view(async (sql) => {
      const known = await readOpenAttacks(sql, this.#known);
      this.#known = known;
      return await read(sql, attacksIn(known));
    });
  }

  status(): Promise<BufferStatus> {
    return this.#db.view(readStatus);
  }

  evicted(): Promise<Evicted> {
    return Promise.resolve(NOTHING_EVICTED);
  }

  overview(now: number, span: RankingSpan, standing?: StandingOf): Promise<Overview> {
    return this.#withOpen((sql, open) => readOverview(sql, open, { now, span, standing }));
  }

  rankings(
    kinds: readonly RankedKind[],
    span: RankingSpan,
    now: number,
    most: number,
    isWhole = false,
    standing?: StandingOf,
  ): Promise<Rankings> {
    const asked = { span, now, most, isWhole, standing };
    if (!isWhole) return this.#withOpen((sql, open) => readRankings(sql, open, kinds, asked));
    return this.#db.view(async (sql) =>
      await readRankings(sql, await readAllOpenAttacks(sql), kinds, asked)
    );
  }

  history(span: RankingSpan, now: number, sourceIp?: string): Promise<History> {
    if (sourceIp === undefined) {
      return this.#withOpen((sql, open) => readHistory(sql, open.values(), { span, now }));
    }
    return this.#db.view(async (sql) => {
      const attack = await readOpenAttack(sql, sourceIp);
      const of = { kind: "source", name: sourceIp } as const;
      return await readHistory(sql, attack === undefined ? [] : [attack], { span, now, of });
    });
  }

  sensor(key: string, now: number): Promise<SensorView | undefined> {
    return this.#withOpen((sql, open) => readSensor(sql, open, key, now));
  }

  sources(query: SourceQuery): Promise<SourceList> {
    return this.#withOpen((sql, open) => listSources(sql, open, query));
  }

  async *sourceParts(query: WholeQuery, most: number): AsyncGenerator<SourceList> {
    // Reading them takes longest: once is enough for all parts.
    const open = await this.#db.view(readAllOpenAttacks);
    let left = most;
    let after: SourceQuery["after"];
    do {
      const asked = { ...query, after, most: Math.min(left, PART), isWhole: true };
      const part = await this.#db.view((sql) => listSources(sql, open, asked));
      left -= part.rows.length;
      after = part.next;
      yield part;
    } while (after !== undefined && left > 0);
  }

  sensorContacts(): Promise<readonly SensorContact[]> {
    return this.#db.read(readSensorContacts);
  }

  item(kind: FoundKind, value: string, most: number): Promise<ItemView | undefined> {
    return this.#db.view((sql) => readItemOfSources(sql, kind, value, most));
  }

  newPayloads(since: number, most: number): Promise<NewPayloads> {
    return this.#db.view((sql) => readNewPayloads(sql, since, most));
  }

  async *listed(query: ListedQuery): AsyncGenerator<readonly ListedRow[]> {
    for (let after: string | undefined = ""; after !== undefined;) {
      const from: string = after;
      const { rows, next } = await this.#db.read((sql) => readListed(sql, query, from));
      yield rows;
      after = next;
    }
  }

  compromised(now: number): Promise<CompromisedSources> {
    return this.#db.view((sql) => readCompromised(sql, now));
  }

  source(sourceIp: string): Promise<SourceView | undefined> {
    return this.#db.view((sql) => readSource(sql, sourceIp));
  }

  refused(query: RefusedQuery): Promise<RefusedReports> {
    return this.#db.view((sql) => readRefused(sql, query));
  }

  /** The last transaction that is over: pages of all replicas look whether it is another one. */
  stamp(): Promise<string> {
    return this.#db.read(async (sql) => {
      const row = await one(sql, "SELECT pg_current_snapshot()::text AS stamp");
      return String(row?.stamp);
    });
  }
}
