/**
 * A database that is copied from or into.
 *
 * @module
 */
import { SECOND } from "../../clock.ts";
import type { CopyEnd, CopySide } from "../copy/copy.ts";
import {
  type Cell,
  namesOf,
  type Row,
  rowsAtOnce,
  type Table,
  type TableName,
  TABLES,
} from "../copy/tables.ts";
import { LAST_ACCEPTED, LAST_DELIVERED, RESTS_UNTIL } from "../rows/names.ts";
import { Unusable } from "../sqlite/errors.ts";
import { columnsOf } from "./columns.ts";
import { type Access, applicationName } from "./connection.ts";
import { Database } from "./database.ts";
import { keyText } from "./keys.ts";
import { heldLeases } from "./leases.ts";
import { serverName } from "./server.ts";
import { all, one, type Sql } from "./sql.ts";

/** How long others may take to end, milliseconds. The server notices late that a process was killed. */
const WAIT_MS = 5 * SECOND;
const LOOK_MS = SECOND / 4;

/** The database that is reached in one way. */
export class PostgresEnd implements CopyEnd {
  readonly name: string;
  readonly hintIfFull = "let `?schema=NAME` of buffer.url name another schema, and it is made";
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
    this.name = serverName(access.server);
  }

  async alone<T>(work: (side: CopySide) => Promise<T>): Promise<T> {
    using db = new Database(this.#access);
    return await db.write(async (sql) => {
      // Whole tables are read. Nothing may end a transaction that waits for the other side.
      await sql.script(
        `SET LOCAL enable_seqscan TO on; SET LOCAL idle_in_transaction_session_timeout TO 0;
         SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO ${WAIT_MS}`,
      );
      await requireAlone(sql, this.#access.server.schema);
      return await work(new PostgresSide(sql));
    });
  }
}

/** Makes sure that nobody else works on the tables until the transaction ends. @throws {Unusable} */
async function requireAlone(sql: Sql, schema: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (let others = await othersOf(sql, schema); others > 0; others = await othersOf(sql, schema)) {
    if (performance.now() > deadline) {
      throw new Unusable(
        `other processes of this program have ${others} connections to it`,
        "stop every `serve`, `follow` and what else uses it, then try again",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  // Others may read, but neither write nor lock a row.
  const tables = [...TABLES.filter(isHere).map(({ name }) => name), "last_time", "lease"];
  await sql(`LOCK TABLE ${tables.join(", ")} IN EXCLUSIVE MODE`);
  const [held] = await heldLeases(sql);
  if (held === undefined) return;
  throw new Unusable(
    `a process that may still run holds the lease "${held}"`,
    "stop it, or wait for a minute, then try again",
  );
}

async function othersOf(sql: Sql, schema: string): Promise<number> {
  // Within a transaction it would be the same each time.
  await sql("SELECT pg_stat_clear_snapshot()");
  const row = await one(
    sql,
    `SELECT count(*) AS n FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()`,
    applicationName(schema),
  );
  return Number(row!.n);
}

/** Alerts that are forwarded wait in a file only. */
const isHere = ({ name }: Table) => name !== "spool" && name !== "spool_refused";

const isTime = (name: Cell) =>
  [LAST_DELIVERED, RESTS_UNTIL].some((start) => String(name).startsWith(start)) ||
  name === LAST_ACCEPTED;

/** Tables whose rows are not the same in both engines, as they are read. */
const SELECTS: Partial<Record<TableName, string>> = {
  minute: `SELECT minute, sum(alerts) AS alerts, sum(sshd) AS sshd, sum(pam_error) AS pam_error,
    sum(pam) AS pam, sum(connect) AS connect FROM minute GROUP BY minute`,
  day_event: `SELECT event_uuid, publisher, day, part, attributes, ends_at,
    is_closed::int AS is_closed FROM day_event`,
  counter: `SELECT name, sum(value) AS value FROM counter GROUP BY name
    UNION ALL SELECT name, max(at) FROM last_time GROUP BY name`,
};

class PostgresSide implements CopySide {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  complete(): Promise<void> {
    return Promise.resolve();
  }

  async *read(table: Table): AsyncGenerator<readonly Row[]> {
    if (!isHere(table)) return;
    const select = SELECTS[table.name] ?? `SELECT ${namesOf(table)} FROM ${table.name}`;
    await this.#sql(`DECLARE copied NO SCROLL CURSOR FOR ${select}`);
    for (;;) {
      const rows = await all(this.#sql, `FETCH ${rowsAtOnce(table)} FROM copied`);
      if (rows.length === 0) break;
      yield rows.map((row) => table.columns.map(({ name }) => row[name] as Cell));
    }
    await this.#sql("CLOSE copied");
  }

  async write(table: Table, rows: readonly Row[]): Promise<void> {
    if (!isHere(table)) {
      throw new Unusable(
        "it takes no alerts that wait to be forwarded",
        "`flush --now` with forward.url forwards those of the file first",
      );
    }
    if (table.name !== "counter") return await insert(this.#sql, table, rows);
    // A time is none that could be added up.
    const times = rows.filter(([name]) => isTime(name!));
    await insert(this.#sql, table, rows.filter(([name]) => !isTime(name!)));
    await this.#sql(
      `INSERT INTO last_time (name, shard, at)
       SELECT name, 0, at FROM unnest($1::text[], $2::bigint[]) AS n (name, at)`,
      ...columnsOf(times, 2),
    );
  }

  async hasRows(table: Table): Promise<boolean> {
    if (!isHere(table)) return false;
    const others = table.name === "counter" ? " UNION ALL SELECT 1 FROM last_time" : "";
    return await one(this.#sql, `SELECT 1 FROM ${table.name}${others} LIMIT 1`) !== undefined;
  }

  async clear(table: Table): Promise<void> {
    if (!isHere(table)) return;
    await this.#sql(`DELETE FROM ${table.name}`);
    // It would write one row anew for each report; how many there are is copied, too.
    if (table.name === "report") {
      await this.#sql("ALTER TABLE report DISABLE TRIGGER report_counted");
    }
  }

  async finish(): Promise<void> {
    await this.#sql("ALTER TABLE report ENABLE TRIGGER report_counted");
    await this.#sql(
      `SELECT setval(pg_get_serial_sequence('manager', 'number'), max(number)) FROM manager
       HAVING max(number) IS NOT NULL`,
    );
    // Until the server counts by itself, statements would go by the wrong index.
    await this.#sql(`ANALYZE ${TABLES.filter(isHere).map(({ name }) => name).join(", ")}`);
  }
}

async function insert(sql: Sql, table: Table, rows: readonly Row[]): Promise<void> {
  const { columns, name } = table;
  const types = columns.map(({ isNumber }) => isNumber ? "bigint" : "text");
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`);
  const values = [...columnsOf(rows, columns.length)];
  const names = [namesOf(table)];
  const cells = columns.map((column) =>
    column.name === "is_closed" ? "is_closed <> 0" : `"${column.name}"`
  );
  if (name === "counter" || name === "minute") {
    names.push("shard");
    cells.push("0");
  }
  let given = namesOf(table);
  if (name === "attack_session_item" || name === "source_session_item") {
    const at = columns.findIndex((column) => column.name === "value");
    names.push("value_key");
    cells.push("value_key");
    given += ", value_key";
    arrays.push(`$${arrays.length + 1}::text[]`);
    values.push(rows.map((row) => keyText(String(row[at]))));
  }
  await sql(
    `INSERT INTO ${name} (${names.join(", ")})
     ${name === "manager" ? "OVERRIDING SYSTEM VALUE" : ""}
     SELECT ${cells.join(", ")} FROM unnest(${arrays.join(", ")}) AS n (${given})`,
    ...values,
  );
}
