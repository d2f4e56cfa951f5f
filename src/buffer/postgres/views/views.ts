/**
 * What a buffer in PostgreSQL shows of itself: each view of one moment.
 *
 * @module
 */
import type { History, RankedKind, Rankings, RankingSpan } from "../../rankings.ts";
import type { SourceList, SourceQuery } from "../../sources.ts";
import type {
  BufferStatus,
  CompromisedSources,
  Evicted,
  Overview,
  RefusedReports,
  SourceView,
  Views,
} from "../../views.ts";
import type { Database } from "../database.ts";
import { one } from "../sql.ts";
import { readOpenAttacks } from "./open_attacks.ts";
import { readCompromised, readOverview, readRefused } from "./overview.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readSource } from "./source.ts";
import { listSources } from "./source_list.ts";
import { NOTHING_EVICTED, readStatus } from "./status.ts";

/** Views of a buffer in PostgreSQL. */
export class PostgresViews implements Views {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  status(): Promise<BufferStatus> {
    return this.#db.view(readStatus);
  }

  evicted(): Promise<Evicted> {
    return Promise.resolve(NOTHING_EVICTED);
  }

  overview(now: number, span: RankingSpan): Promise<Overview> {
    return this.#db.view((sql) => readOverview(sql, now, span));
  }

  rankings(
    kinds: readonly RankedKind[],
    span: RankingSpan,
    now: number,
    most: number,
  ): Promise<Rankings> {
    return this.#db.view(async (sql) =>
      await readRankings(sql, await readOpenAttacks(sql), kinds, { span, now, most })
    );
  }

  history(span: RankingSpan, now: number, sourceIp?: string): Promise<History> {
    return this.#db.view(async (sql) =>
      await readHistory(sql, await readOpenAttacks(sql), { span, now, sourceIp })
    );
  }

  sources(query: SourceQuery): Promise<SourceList> {
    return this.#db.view(async (sql) => await listSources(sql, await readOpenAttacks(sql), query));
  }

  compromised(now: number): Promise<CompromisedSources> {
    return this.#db.view((sql) => readCompromised(sql, now));
  }

  source(sourceIp: string): Promise<SourceView | undefined> {
    return this.#db.view((sql) => readSource(sql, sourceIp));
  }

  refused(most: number): Promise<RefusedReports> {
    return this.#db.view((sql) => readRefused(sql, most));
  }

  /** The last transaction that is over: pages of all replicas look whether it is another one. */
  stamp(): Promise<string> {
    return this.#db.read(async (sql) => {
      const row = await one(sql, "SELECT pg_current_snapshot()::text AS stamp");
      return String(row?.stamp);
    });
  }
}
