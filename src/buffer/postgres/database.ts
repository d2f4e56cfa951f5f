/**
 * The connections to PostgreSQL: transactions on them, and what becomes of those that fail.
 *
 * @module
 */
import { type Access, Connection } from "./connection.ts";
import { isOfDatabase, isTransient, toBufferError } from "./errors.ts";
import { prepareSchema } from "./migrate.ts";
import type { Sql } from "./sql.ts";

/** Connections of one process. A server has a hundred by default, for all replicas together. */
const MOST_CONNECTIONS = 8;

/** How long after a failure nobody tries to connect, milliseconds. */
const RECONNECT_MS = 500;

/** How often a transaction is done again that met another one. */
const TRIES = 10;

/** A pool of connections. It opens the first when it is needed, and never gives one up to two users. */
export class Database implements Disposable {
  readonly #access: Access;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #isClosed = false;
  /** Why the last attempt to connect failed, and when, by the clock of `performance`. */
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const connection of this.#all) connection.close();
  }

  /** One statement, or several that need not see the same. @throws {BufferError} */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#use((connection) => work(sqlOf(connection)));
  }

  /** Several statements that see the same. @throws {BufferError} */
  view<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#use((connection) =>
      inTransaction(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)
    );
  }

  /**
   * A transaction that writes. When it returns, the transaction is committed and on the server's disk.
   * It is done again where it met another one: what it does beside the database must bear that.
   *
   * @throws {BufferError}
   */
  write<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#use(async (connection) => {
      for (let tries = TRIES;; tries--) {
        try {
          return await inTransaction(connection, "BEGIN", work);
        } catch (error) {
          if (!isTransient(error) || tries <= 1) throw error;
        }
      }
    });
  }

  async #use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#turn();
    if (turn !== undefined) await turn;
    let connection: Connection | undefined;
    try {
      connection = this.#lent() ?? await this.#open();
      return await work(connection);
    } catch (error) {
      throw isOfDatabase(error) ? toBufferError(this.#access.server, error) : error;
    } finally {
      if (connection !== undefined) this.#giveBack(connection);
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }

  /** Waits while all connections are in use. */
  #turn(): Promise<void> | undefined {
    if (this.#taken++ < MOST_CONNECTIONS) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A connection that was opened before, and still is as far as is known. */
  #lent(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.isOpen) return connection;
      this.#all.delete(connection);
    }
  }

  async #open(): Promise<Connection> {
    // Who waited for a turn while a server did not answer must not each wait for it again.
    if (this.#failure !== undefined && performance.now() - this.#failure.at < RECONNECT_MS) {
      throw this.#failure.error;
    }
    const connection = await this.#connect();
    this.#all.add(connection);
    try {
      if (this.#isClosed) throw new Error("the connection is closed");
      await prepareSchema(sqlOf(connection), this.#access.server);
      return connection;
    } catch (error) {
      connection.close();
      this.#all.delete(connection);
      throw error;
    }
  }

  async #connect(): Promise<Connection> {
    try {
      const connection = await Connection.open(this.#access);
      this.#failure = undefined;
      return connection;
    } catch (error) {
      this.#failure = { error, at: performance.now() };
      throw error;
    }
  }

  #giveBack(connection: Connection): void {
    if (connection.isOpen) this.#idle.push(connection);
    else this.#all.delete(connection);
  }
}

function sqlOf(connection: Connection): Sql {
  return (text, ...values) => connection.query(text, values);
}

async function inTransaction<T>(
  connection: Connection,
  begin: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  await connection.query(begin);
  try {
    const result = await work(sqlOf(connection));
    await connection.query("COMMIT");
    return result;
  } catch (error) {
    // A connection that is lost has rolled back by itself.
    if (connection.isOpen) await connection.query("ROLLBACK").catch(() => connection.close());
    throw error;
  }
}
