/**
 * What a SQLite buffer shows of itself.
 *
 * @module
 */
import type { ListedQuery, ListedRow } from "../../listed.ts";
import type { History, RankedKind, Rankings, RankingSpan } from "../../rankings.ts";
import type { FoundKind, ItemView, NewPayloads } from "../../sessions.ts";
import type { SourceList, SourceQuery, WholeQuery } from "../../sources.ts";
import type {
  BufferStatus,
  CompromisedSources,
  Evicted,
  Overview,
  RefusedReports,
  SensorContact,
  SourceView,
  Views,
} from "../../views.ts";
import type { Database } from "../database.ts";
import { evicted } from "../intake/size_limit.ts";

/** Sources that are read at a time, however many are asked for. */
const PART = 1000;

/** Views of a SQLite file. */
export class SqliteViews implements Views {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async status(): Promise<BufferStatus> {
    const { readStatus } = await import("./buffer_status.ts");
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
    isWhole = false,
  ): Promise<Rankings> {
    const [{ readOpenAttacks }, { readRankings }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./ranking.ts")] as const,
    ]);
    return await this.#db.read((sql) =>
      readRankings(sql, readOpenAttacks(sql, isWhole), kinds, { span, now, most, isWhole })
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
    return await this.#db.read((sql) =>
      listSources(sql, readOpenAttacks(sql, query.isWhole), query)
    );
  }

  async *sourceParts(query: WholeQuery, most: number): AsyncGenerator<SourceList> {
    const [{ readOpenAttacks }, { listSources }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./source_list.ts")] as const,
    ]);
    // Reading them takes longest: once is enough for all parts.
    const open = await this.#db.read((sql) => readOpenAttacks(sql, true));
    let left = most;
    let after: SourceQuery["after"];
    do {
      const asked = { ...query, after, most: Math.min(left, PART), isWhole: true };
      const part = await this.#db.read((sql) => listSources(sql, open, asked));
      left -= part.rows.length;
      after = part.next;
      yield part;
    } while (after !== undefined && left > 0);
  }

  async compromised(now: number): Promise<CompromisedSources> {
    const { readCompromised } = await import("./compromised.ts");
    return await this.#db.read((sql) => readCompromised(sql, now));
  }

  async sensorContacts(): Promise<readonly SensorContact[]> {
    const { readSensorContacts } = await import("./sensors.ts");
    return await this.#db.read(readSensorContacts);
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
    const { readItem } = await import("./session_views.ts");
    return await this.#db.read((sql) => readItem(sql, kind, value, most));
  }

  async newPayloads(since: number, most: number): Promise<NewPayloads> {
    const { readNewPayloads } = await import("./session_views.ts");
    return await this.#db.read((sql) => readNewPayloads(sql, since, most));
  }

  async *listed(query: ListedQuery): AsyncGenerator<readonly ListedRow[]> {
    const { readListed } = await import("./listed.ts");
    for (let after: string | undefined = ""; after !== undefined;) {
      const from: string = after;
      const { rows, next } = await this.#db.read((sql) => readListed(sql, query, from));
      yield rows;
      after = next;
    }
  }

  stamp(): Promise<string> {
    return this.#db.read((sql) => {
      const others = sql("PRAGMA data_version").get()?.data_version;
      const own = sql("SELECT total_changes() AS n").get()?.n;
      return `${others}/${own}`;
    });
  }
}
