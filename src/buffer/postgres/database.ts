/**
 * The connections to PostgreSQL: transactions on them, and what becomes of those that fail.
 *
 * @module
 */
import { type Access, codeOf, Connection } from "./connection.ts";
import {
  isOfDatabase,
  isOfPooler,
  isOfValue,
  isTransient,
  toBufferError,
  UNDEFINED_TABLE,
} from "./errors.ts";
import { messageOf } from "../../errors.ts";
import { Unstorable } from "../sqlite/errors.ts";
import { prepareSchema } from "./migrate.ts";
import type { Sql } from "./sql.ts";
import type { Result, Statement } from "./trip.ts";
import type { Value } from "./values.ts";

/** Connections of one process. A server has a hundred by default, for all replicas together. */
const MOST_CONNECTIONS = 8;

/**
 * Every statement finds its rows by an index. A table that has just grown has no statistics yet, and would be
 * read as a whole; and no statement takes so long that it pays to compile it, or to divide it among processes
 * of the server. How texts and arrays are read, the role or the database may have set as in the times of
 * PostgreSQL 8.
 */
const SETTINGS =
  `SELECT set_config('search_path', $1, true), set_config('enable_seqscan', 'off', true),
  set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
  set_config('standard_conforming_strings', 'on', true), set_config('array_nulls', 'on', true),
  set_config('lock_timeout', $2, true)`;

/** Also where the role or the database has another one by default. */
const ISOLATION = "ISOLATION LEVEL READ COMMITTED";

/** How long after a failure nobody tries to connect, milliseconds. */
const RECONNECT_MS = 500;

/** How often a transaction is done again that met another one. */
const TRIES = 10;

/** A pool of connections. It opens the first when it is needed, and no two users ever share one. */
export class Database implements Disposable {
  readonly #access: Access;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #isClosed = false;
  /** Whether plans of statements that are run all the time can be kept. */
  #keepsPlans = true;
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
  read<T>(work: (sql: Sql) => T | Promise<T>): Promise<T> {
    return this.#use((connection) => this.#transact(connection, `${ISOLATION} READ ONLY`, work));
  }

  /** Several statements that see the same. @throws {BufferError} */
  view<T>(work: (sql: Sql) => T | Promise<T>): Promise<T> {
    const mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY";
    return this.#use((connection) => this.#transact(connection, mode, work));
  }

  /**
   * A transaction that writes. When it returns, the transaction is committed and on the server's disk.
   * It is done again where it met another one: what it does beside the database must bear that.
   *
   * @param isFrequent whether the same statements are run all the time
   * @throws {BufferError}
   */
  write<T>(work: (sql: Sql) => T | Promise<T>, isFrequent = false): Promise<T> {
    return this.#use(async (connection) => {
      for (let tries = TRIES;; tries--) {
        try {
          return await this.#transact(connection, `${ISOLATION} READ WRITE`, work, isFrequent);
        } catch (error) {
          if (isOfPooler(error)) this.#keepsPlans = false;
          else if (!isTransient(error)) throw error;
          if (tries <= 1) throw error;
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
      // Whoever opens a connection looks at the schema, and makes it where it was dropped.
      if (codeOf(error) === UNDEFINED_TABLE) {
        for (const one of [...this.#idle, connection]) one?.close();
      }
      if (isOfValue(error)) throw new Unstorable(messageOf(error), { cause: error });
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
      await prepareSchema(
        (work) => this.#transact(connection, `${ISOLATION} READ WRITE`, work),
        this.#access.server,
      );
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

  /**
   * A transaction. All that a session is set to is set for the transaction alone, in the same message:
   * behind PgBouncer the next one may be in another session.
   */
  async #transact<T>(
    connection: Connection,
    mode: string,
    work: (sql: Sql) => T | Promise<T>,
    isFrequent = false,
  ): Promise<T> {
    const isPrepared = isFrequent && this.#keepsPlans;
    const { server: { schema }, lockMs = 0 } = this.#access;
    const waiting = new Waiting(connection, isPrepared);
    const { later } = waiting;
    later(`BEGIN ${mode}`);
    later(SETTINGS, schema, lockMs);
    const sql: Sql = Object.assign(
      async (text: string, ...values: readonly Value[]) => {
        const done = later(text, ...values);
        await waiting.send();
        return await done;
      },
      {
        later,
        script: async (text: string) => {
          await waiting.send();
          await connection.script(text);
        },
      },
    );
    try {
      const result = await work(sql);
      later("COMMIT");
      await waiting.send();
      return result;
    } catch (error) {
      waiting.end();
      // A connection that is lost has rolled back by itself.
      if (connection.isOpen) await connection.query("ROLLBACK").catch(() => connection.close());
      throw error;
    }
  }
}

/** The statements of a transaction that go with the next trip; those of one moment share one. */
class Waiting {
  readonly #connection: Connection;
  readonly #isPrepared: boolean;
  #some: (Statement & { readonly done: PromiseWithResolvers<Result> })[] = [];
  #trip: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isOver = false;

  constructor(connection: Connection, isPrepared: boolean) {
    this.#connection = connection;
    this.#isPrepared = isPrepared;
  }

  readonly later = (text: string, ...values: readonly Value[]): Promise<Result> => {
    const done = Promise.withResolvers<Result>();
    // Whoever sends the trip meets its error, whether this result is needed or not.
    done.promise.catch(() => undefined);
    this.#some.push({ text, values, isPrepared: this.#isPrepared, done });
    return done.promise;
  };

  /** Sends what waits, once the trip before it is back. After one that failed, none is sent. */
  send(): Promise<void> {
    return this.#next ??= this.#trip.then(() => {
      this.#next = undefined;
      return this.#trip = this.#send();
    });
  }

  /** Sends nothing more: what works at the same time may not know yet that the transaction is over. */
  end(): void {
    this.#isOver = true;
  }

  async #send(): Promise<void> {
    const some = this.#some;
    this.#some = [];
    try {
      if (this.#isOver) throw new Error("the transaction is over");
      const results = await this.#connection.run(some);
      for (const [index, { done }] of some.entries()) done.resolve(results[index]!);
    } catch (error) {
      for (const { done } of some) done.reject(error);
      throw error;
    }
  }
}
