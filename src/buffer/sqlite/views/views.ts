/**
 * What a SQLite buffer shows of itself.
 *
 * @module
 */
import type {
  BufferStatus,
  Evicted,
  Overview,
  RefusedReports,
  SourceView,
  Views,
} from "../../views.ts";
import type { Database } from "../database.ts";
import { evicted } from "../intake/size_limit.ts";
import { readStatus } from "./status.ts";

/** Views of a SQLite file. */
export class SqliteViews implements Views {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  status(): Promise<BufferStatus> {
    return this.#db.read(readStatus);
  }

  evicted(): Promise<Evicted> {
    return this.#db.read(evicted);
  }

  // Only who shows pages needs what these load.
  async overview(now: number): Promise<Overview> {
    const { readOverview } = await import("./overview.ts");
    return await this.#db.read((sql) => readOverview(sql, now));
  }

  async source(sourceIp: string): Promise<SourceView | undefined> {
    const { readSource } = await import("./overview.ts");
    return await this.#db.read((sql) => readSource(sql, sourceIp));
  }

  async refused(most: number): Promise<RefusedReports> {
    const { readRefused } = await import("./overview.ts");
    return await this.#db.read((sql) => readRefused(sql, most));
  }

  stamp(): Promise<string> {
    return this.#db.read((sql) => {
      const others = sql("PRAGMA data_version").get()?.data_version;
      const own = sql("SELECT total_changes() AS n").get()?.n;
      return `${others}/${own}`;
    });
  }
}
