/**
 * What a SQLite buffer shows of itself.
 *
 * @module
 */
import type { History, RankedKind, Rankings, RankingSpan } from "../../rankings.ts";
import type { FoundKind, ItemView, NewPayloads } from "../../sessions.ts";
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
import { evicted } from "../intake/size_limit.ts";

/** Views of a SQLite file. */
export class SqliteViews implements Views {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async status(): Promise<BufferStatus> {
    const { readStatus } = await import("./status.ts");
    return await this.#db.read(readStatus);
  }

  evicted(): Promise<Evicted> {
    return this.#db.read(evicted);
  }

  // Only who shows pages or lists needs what these load.
  async overview(now: number, span: RankingSpan): Promise<Overview> {
    const { readOverview } = await import("./overview.ts");
    return await this.#db.read((sql) => readOverview(sql, now, span));
  }

  async rankings(
    kinds: readonly RankedKind[],
    span: RankingSpan,
    now: number,
    most: number,
  ): Promise<Rankings> {
    const [{ readOpenAttacks }, { readRankings }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./ranking.ts")] as const,
    ]);
    return await this.#db.read((sql) =>
      readRankings(sql, readOpenAttacks(sql), kinds, { span, now, most })
    );
  }

  async history(span: RankingSpan, now: number, sourceIp?: string): Promise<History> {
    const [{ readOpenAttacks }, { readHistory }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./ranking.ts")] as const,
    ]);
    return await this.#db.read((sql) =>
      readHistory(sql, readOpenAttacks(sql), { span, now, sourceIp })
    );
  }

  async sources(query: SourceQuery): Promise<SourceList> {
    const [{ readOpenAttacks }, { listSources }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./source_list.ts")] as const,
    ]);
    return await this.#db.read((sql) => listSources(sql, readOpenAttacks(sql), query));
  }

  async compromised(now: number): Promise<CompromisedSources> {
    const { readCompromised } = await import("./compromised.ts");
    return await this.#db.read((sql) => readCompromised(sql, now));
  }

  async source(sourceIp: string): Promise<SourceView | undefined> {
    const { readSource } = await import("./source.ts");
    return await this.#db.read((sql) => readSource(sql, sourceIp));
  }

  async refused(most: number): Promise<RefusedReports> {
    const { readRefused } = await import("./overview.ts");
    return await this.#db.read((sql) => readRefused(sql, most));
  }

  async item(kind: FoundKind, value: string, most: number): Promise<ItemView | undefined> {
    const { readItem } = await import("./sessions.ts");
    return await this.#db.read((sql) => readItem(sql, kind, value, most));
  }

  async newPayloads(since: number, most: number): Promise<NewPayloads> {
    const { readNewPayloads } = await import("./sessions.ts");
    return await this.#db.read((sql) => readNewPayloads(sql, since, most));
  }

  stamp(): Promise<string> {
    return this.#db.read((sql) => {
      const others = sql("PRAGMA data_version").get()?.data_version;
      const own = sql("SELECT total_changes() AS n").get()?.n;
      return `${others}/${own}`;
    });
  }
}
