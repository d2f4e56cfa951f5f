/**
 * What a SQLite buffer shows of itself.
 *
 * @module
 */
import type { History, RankedKind, Rankings, RankingSpan } from "../../rankings.ts";
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
import type { ListedQuery, ListedRow } from "../../listed.ts";
import type { StandingOf } from "../../../guard/standing.ts";
import type { Database } from "../database.ts";
import type { Statements } from "../sql.ts";
import type { KnownAttacks } from "../../rows/known_attacks.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import { evicted } from "../intake/size_limit.ts";

/** Sources that are read at a time, however many are asked for. */
const PART = 1000;

/** Views of a SQLite file. */
export class SqliteViews implements Views {
  readonly #db: Database;
  #known: KnownAttacks = new Map();
  #open: ReadonlyMap<string, OpenAttack> = new Map();
  #openAt = "";

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads with the attacks that are open, of which only those are read that changed. */
  async #withOpen<Found>(
    read: (sql: Statements, open: ReadonlyMap<string, OpenAttack>) => Found,
  ): Promise<Found> {
    const [{ readOpenAttacks }, { attacksIn }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("../../rows/known_attacks.ts")] as const,
    ]);
    return await this.#db.read((sql) => {
      const stamp = stampOf(sql);
      if (stamp !== this.#openAt) {
        this.#known = readOpenAttacks(sql, this.#known);
        this.#open = attacksIn(this.#known);
      }
      this.#openAt = stamp;
      return read(sql, this.#open);
    });
  }

  async status(): Promise<BufferStatus> {
    const { readStatus } = await import("./buffer_status.ts");
    return await this.#db.read(readStatus);
  }

  evicted(): Promise<Evicted> {
    return this.#db.read(evicted);
  }

  // Only who shows pages or lists needs what these load.
  async overview(now: number, span: RankingSpan, standing?: StandingOf): Promise<Overview> {
    const { readOverview } = await import("./overview.ts");
    return await this.#withOpen((sql, open) => readOverview(sql, open, { now, span, standing }));
  }

  async rankings(
    kinds: readonly RankedKind[],
    span: RankingSpan,
    now: number,
    most: number,
    isWhole = false,
    standing?: StandingOf,
  ): Promise<Rankings> {
    const { readRankings } = await import("./ranking.ts");
    const asked = { span, now, most, isWhole, standing };
    if (!isWhole) {
      return await this.#withOpen((sql, open) => readRankings(sql, open, kinds, asked));
    }
    const { readAllOpenAttacks } = await import("./open_attacks.ts");
    return await this.#db.read((sql) => readRankings(sql, readAllOpenAttacks(sql), kinds, asked));
  }

  async history(span: RankingSpan, now: number, sourceIp?: string): Promise<History> {
    const [{ readOpenAttack }, { readHistory }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./ranking.ts")] as const,
    ]);
    if (sourceIp === undefined) {
      return await this.#withOpen((sql, open) => readHistory(sql, open.values(), { span, now }));
    }
    const of = { kind: "source", name: sourceIp } as const;
    return await this.#db.read((sql) => {
      const attack = readOpenAttack(sql, sourceIp);
      return readHistory(sql, attack === undefined ? [] : [attack], { span, now, of });
    });
  }

  async sensor(key: string, now: number): Promise<SensorView | undefined> {
    const { readSensor } = await import("./sensor.ts");
    return await this.#withOpen((sql, open) => readSensor(sql, open, key, now));
  }

  async sources(query: SourceQuery): Promise<SourceList> {
    const { listSources } = await import("./source_list.ts");
    return await this.#withOpen((sql, open) => listSources(sql, open, query));
  }

  async *sourceParts(query: WholeQuery, most: number): AsyncGenerator<SourceList> {
    const [{ readAllOpenAttacks }, { listSources }] = await Promise.all([
      ...[import("./open_attacks.ts"), import("./source_list.ts")] as const,
    ]);
    // Reading them takes longest: once is enough for all parts.
    const open = await this.#db.read(readAllOpenAttacks);
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

  async sensorContacts(): Promise<readonly SensorContact[]> {
    const { readSensorContacts } = await import("./sensors.ts");
    return await this.#db.read(readSensorContacts);
  }

  async item(kind: FoundKind, value: string, most: number): Promise<ItemView | undefined> {
    const { readItemOfSources } = await import("./session_views.ts");
    return await this.#db.read((sql) => readItemOfSources(sql, kind, value, most));
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

  async compromised(now: number): Promise<CompromisedSources> {
    const { readCompromised } = await import("./compromised.ts");
    return await this.#db.read((sql) => readCompromised(sql, now));
  }

  async source(sourceIp: string): Promise<SourceView | undefined> {
    const { readSource } = await import("./source.ts");
    return await this.#db.read((sql) => readSource(sql, sourceIp));
  }

  async refused(query: RefusedQuery): Promise<RefusedReports> {
    const { readRefused } = await import("./overview.ts");
    return await this.#db.read((sql) => readRefused(sql, query));
  }

  stamp(): Promise<string> {
    return this.#db.read(stampOf);
  }
}

/** A text that changes with every write of any process. */
function stampOf(sql: Statements): string {
  const others = sql("PRAGMA data_version").get()?.data_version;
  const own = sql("SELECT total_changes() AS n").get()?.n;
  return `${others}/${own}`;
}
