/**
 * One connection to PostgreSQL by the client `pg`. It never connects again by itself: what was sent in a
 * transaction can never go on in another connection.
 *
 * @module
 */
import process from "node:process";
import pg from "pg";
import { SCHEMA, type Server } from "./server.ts";
import { type Result, type Statement, Trip } from "./trip.ts";
import type { Value } from "./values.ts";

/** What a connection needs beside the server. */
export interface Access {
  readonly server: Server;
  /** A function is asked at each connection: a password may change meanwhile. */
  readonly password: string | (() => string) | undefined;
  /** PEM; undefined: the authorities of the runtime. */
  readonly caCertificate: string | undefined;
  /** How long connecting may take, and each statement; milliseconds. */
  readonly connectMs: number;
  readonly statementMs: number;
  /** How long a lock is waited for, milliseconds; as long as a statement may take by default. */
  readonly lockMs?: number;
}

/** A connection that is open until it fails or is closed. */
export class Connection {
  readonly #client: pg.Client;
  /** Names of the statements whose plans the session keeps. */
  readonly #prepared = new Set<string>();
  #isOpen = true;

  private constructor(client: pg.Client) {
    this.#client = client;
    // What is under way fails by itself; an idle connection only notes that it is gone.
    client.on("error", () => this.#isOpen = false);
    client.on("end", () => this.#isOpen = false);
  }

  /** Connects. @throws an error of the network, of TLS or of PostgreSQL */
  static async open(access: Access): Promise<Connection> {
    const { password, caCertificate } = access;
    const { host, port, database, user, tls } = access.server;
    requirePermission(host, port);
    const client = withoutEnvironment(() =>
      new pg.Client({
        ...{ host, port, database, user },
        // Without a password, or with an empty one, `pg` would look for a file of its own.
        password: password ?? (() => ""),
        ssl: tls === "disable" ? false : caCertificate === undefined ? {} : { ca: caCertificate },
        application_name: applicationName(access.server.schema),
        client_encoding: "UTF8",
        connectionTimeoutMillis: access.connectMs,
        query_timeout: access.statementMs,
        keepAlive: true,
      })
    );
    const connection = new Connection(client);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Whether it can be used, as far as is known. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Runs statements in one trip to the server and back. After one that fails, none of the others is run.
   *
   * @returns what each of them came to
   * @throws as {@link Connection.open}
   */
  run(statements: readonly Statement[]): Promise<readonly Result[]> {
    return this.#watched(
      new Promise((resolve, reject) => {
        this.#client.query(
          new Trip(
            statements,
            this.#prepared,
            (error, results) => results === undefined ? reject(error) : resolve(results),
          ),
        );
      }),
    );
  }

  /** Runs one statement. @throws as {@link Connection.open} */
  async query(text: string, values: readonly Value[] = []): Promise<Result> {
    return (await this.run([{ text, values, isPrepared: false }]))[0]!;
  }

  /** Runs any number of statements without parameters. @throws as {@link Connection.open} */
  async script(text: string): Promise<void> {
    await this.#watched(this.#client.query(text));
  }

  async #watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      // After any other error the server waits for the next statement.
      if (!isOfServer(error)) this.close();
      throw error;
    }
  }

  /** Closes at once: a transaction that is open is rolled back by the server. */
  close(): void {
    this.#isOpen = false;
    const { stream } = (this.#client as unknown as { connection: { stream: Closable } }).connection;
    stream.destroy();
  }
}

/** PostgreSQL cuts a longer name, bytes. */
const LONGEST_NAME = 63;

/** The name by which the server shows the connections that use a schema. */
export const applicationName = (schema: string) =>
  (schema === SCHEMA ? "custom-misp" : `custom-misp ${schema}`).slice(0, LONGEST_NAME);

interface Closable {
  destroy(): void;
}

/** Whether an error was sent by PostgreSQL: it has a code of five characters. */
export function isOfServer(error: unknown): error is Error {
  return codeOf(error) !== undefined && error instanceof Error && "severity" in error;
}

/** The code of an error, of PostgreSQL (SQLSTATE) or of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** In Deno 2.5 a connection without permission looks like one that nobody accepts. */
function requirePermission(host: string, port: number): void {
  const shown = host.includes(":") ? `[${host}]` : host;
  const { state } = Deno.permissions.querySync({ name: "net", host: `${shown}:${port}` });
  if (state !== "granted") {
    throw new Deno.errors.NotCapable(`this binary may not connect to ${shown}`);
  }
}

/**
 * `pg` reads libpq's variables, which this program may not read: all that they could say stands in the
 * configuration.
 */
function withoutEnvironment<T>(work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(process, "env");
  Object.defineProperty(process, "env", { value: {}, configurable: true, writable: true });
  try {
    return work();
  } finally {
    if (before === undefined) delete (process as { env?: unknown }).env;
    else Object.defineProperty(process, "env", before);
  }
}
