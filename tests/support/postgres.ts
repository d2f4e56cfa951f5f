/**
 * A PostgreSQL of the tests: made and started when a test first wants it, in a temporary folder, by an
 * ordinary user, on a free port. The test files of one run share it; the last one stops it.
 */
import { Connection } from "../../src/buffer/postgres/connection.ts";
import { serverOf } from "../../src/buffer/postgres/server.ts";
import type { Row } from "../../src/buffer/postgres/trip.ts";
import { findPostgres, has, type Need, needs } from "./needs.ts";
import { freePort } from "./ports.ts";

const FOLDER = `/tmp/wm-postgres-${Deno.pid}`;
const LOCK = `${FOLDER}/lock`;
const USER = "misp";

/** Who runs it where the tests run as root, which PostgreSQL refuses. */
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** A server of a test. */
export interface TestServer {
  readonly port: number;
  /** Where its data and its log lie. */
  readonly folder: string;
  /** Stands in front of its programs, such as `nsenter` where a mount is seen; nothing by default. */
  readonly wrapper?: readonly string[];
}

function commandOf(wrapper: readonly string[], args: readonly string[]): Deno.Command {
  const [program, ...rest] = args;
  const asUser = Deno.uid() === 0 ? NOBODY : [];
  const [first, ...others] = [...wrapper, ...asUser, findPostgres(program!)!, ...rest];
  return new Deno.Command(first!, { args: others, stdin: "null", cwd: "/tmp" });
}

function check({ success, stdout, stderr }: Deno.CommandOutput, [program]: readonly string[]) {
  if (success) return;
  throw new Error(`${program}: ${new TextDecoder().decode(stderr.length > 0 ? stderr : stdout)}`);
}

function runNow(wrapper: readonly string[] = [], ...args: readonly string[]): void {
  check(commandOf(wrapper, args).outputSync(), args);
}

async function run(wrapper: readonly string[] = [], ...args: readonly string[]): Promise<void> {
  check(await commandOf(wrapper, args).output(), args);
}

/** Runs a program of PostgreSQL, as who runs the servers. */
export const runPostgres = (...args: readonly string[]) => run([], ...args);

/** A folder that whoever runs a server gets to. */
function serverFolder(folder = `/tmp/wm-postgres-${crypto.randomUUID()}`): string {
  Deno.mkdirSync(folder, { recursive: true });
  Deno.chmodSync(folder, 0o777);
  return folder;
}

/** How a server is made, beside lines of postgresql.conf. */
export interface Making {
  readonly wrapper?: readonly string[];
  /** Further options of `initdb`. */
  readonly initdb?: readonly string[];
}

/** Makes a server in a folder and starts it. @param settings lines of postgresql.conf */
export function startServer(
  folder: string,
  settings: readonly string[] = [],
  { wrapper = [], initdb = [] }: Making = {},
): TestServer {
  serverFolder(folder);
  const options = ["-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync", ...initdb];
  runNow(wrapper, "initdb", "-D", `${folder}/data`, ...options);
  const server = { folder, port: freePort(), wrapper };
  configure(server, ["max_connections = 200", ...settings]);
  runNow(wrapper, ...starting(server));
  return server;
}

function configure({ port, folder }: TestServer, settings: readonly string[]): void {
  const lines = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
    ...settings,
  ];
  Deno.writeTextFileSync(`${folder}/data/postgresql.conf`, `${lines.join("\n")}\n`, {
    append: true,
  });
}

/** A server of one test alone, which syncs as a real one does; `using` stops it. */
export function ownServer(
  settings: readonly string[] = [],
  making: Making = {},
): TestServer & Disposable {
  return owned(startServer(serverFolder(), settings, making));
}

/** A standby that follows a server, of one test alone. @param settings lines of postgresql.conf */
export async function standbyOf(
  primary: TestServer,
  settings: readonly string[] = [],
): Promise<TestServer & Disposable> {
  const folder = serverFolder();
  await run(
    primary.wrapper,
    "pg_basebackup",
    ...["-h", "127.0.0.1", "-p", `${primary.port}`, "-U", USER],
    ...["-D", `${folder}/data`, "-X", "stream", "-R", "--checkpoint=fast", "--no-sync"],
  );
  const server = { folder, port: freePort() };
  configure(server, settings);
  await restart(server);
  return owned(server);
}

function owned(server: TestServer): TestServer & Disposable {
  return {
    ...server,
    [Symbol.dispose]: () => {
      if (isRunning(server)) runNow(server.wrapper, ...stopping(server, "immediate"));
      Deno.removeSync(server.folder, { recursive: true });
    },
  };
}

/** Whether a server runs: a file of it goes when it stops. */
export function isRunning({ folder }: TestServer): boolean {
  return inodeOf(`${folder}/data/postmaster.pid`) !== null;
}

/** Starts a server that was stopped. */
export const restart = (server: TestServer) => run(server.wrapper, ...starting(server));

/** Stops a server. @param how `immediate`: as when its machine fails */
export const stop = (server: TestServer, how: "fast" | "immediate") =>
  run(server.wrapper, ...stopping(server, how));

/** Makes a standby a server that writes. */
export const promote = (server: TestServer) => run(server.wrapper, ...control(server), "promote");

const control = ({ folder }: TestServer) => ["pg_ctl", "-D", `${folder}/data`, "-w", "-t", "60"];

/** What it inherits of the test's pipes would keep the caller waiting: it has a log of its own. */
const starting = (server: TestServer) => [
  ...control(server),
  ...["-l", `${server.folder}/log`, "start"],
];

const stopping = (server: TestServer, how: string) => [...control(server), "-m", how, "stop"];

/** A connection to a server, beside those of the program. */
export function connect(server: TestServer): Promise<Connection> {
  return Connection.open({
    ...{ server: serverOf(urlOf(server, "public")), password: undefined, caCertificate: undefined },
    ...{ connectMs: 30_000, statementMs: 60_000 },
  });
}

/** Asks a server one thing. @returns the rows */
export async function ask(server: TestServer, text: string): Promise<readonly Row[]> {
  const connection = await connect(server);
  try {
    return (await connection.query(text)).rows;
  } finally {
    connection.close();
  }
}

/** The `buffer.url` of a schema on a server. */
export function urlOf({ port }: TestServer, schema: string): string {
  return `postgres://${USER}@127.0.0.1:${port}/postgres?sslmode=disable&schema=${schema}`;
}

/** How a `buffer.url` is reached, with time for a machine that has other work. */
export const accessTo = (url: string) => ({
  ...{ server: serverOf(url), password: undefined, caCertificate: undefined },
  ...{ connectMs: 30_000, statementMs: 60_000 },
});

/** The same of a schema on the server that tests share. */
export const accessIn = (schema: string) => accessTo(urlOf(sharedServer(), schema));

let shared: TestServer | undefined;

/** The server that the test files of one run share. */
export function sharedServer(): TestServer {
  shared ??= locked(() => {
    const users = readUsers();
    const server = users > 0
      ? JSON.parse(Deno.readTextFileSync(`${FOLDER}/server.json`)) as TestServer
      : startServer(`${FOLDER}/${crypto.randomUUID()}`, [
        // What the tests prove of a crash they prove with servers of their own.
        "fsync = off",
        "synchronous_commit = off",
        "full_page_writes = off",
      ]);
    Deno.writeTextFileSync(`${FOLDER}/server.json`, JSON.stringify(server));
    Deno.writeTextFileSync(`${FOLDER}/users`, String(users + 1));
    globalThis.addEventListener("unload", () => leave(server));
    return server;
  });
  return shared;
}

function leave(server: TestServer): void {
  locked(() => {
    const users = readUsers() - 1;
    Deno.writeTextFileSync(`${FOLDER}/users`, String(users));
    if (users > 0) return;
    runNow(server.wrapper, ...stopping(server, "immediate"));
    // The lock goes last: who joins meanwhile finds either all or nothing.
    for (const { name } of Deno.readDirSync(FOLDER)) {
      if (`${FOLDER}/${name}` !== LOCK) Deno.removeSync(`${FOLDER}/${name}`, { recursive: true });
    }
    Deno.removeSync(LOCK);
    try {
      Deno.removeSync(FOLDER);
    } catch {
      // Another one has just joined, with a lock of its own.
      return;
    }
  });
}

function readUsers(): number {
  try {
    return Number(Deno.readTextFileSync(`${FOLDER}/users`));
  } catch {
    return 0;
  }
}

function locked<T>(work: () => T): T {
  for (;;) {
    using file = openLock();
    if (file === undefined) continue;
    file.lockSync(true);
    // The last one may just have removed it all.
    if (inodeOf(LOCK) === file.statSync().ino) return work();
  }
}

/** @returns undefined where the last one removed the folder meanwhile */
function openLock(): Deno.FsFile | undefined {
  try {
    Deno.mkdirSync(FOLDER, { recursive: true });
    Deno.chmodSync(FOLDER, 0o777);
    return Deno.openSync(LOCK, { create: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function inodeOf(path: string): number | null {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return null;
  }
}

/** A schema that no other test uses. */
export const freshSchema = () => `t${crypto.randomUUID().replaceAll("-", "")}`;

/** The `ignore` of a test that needs PostgreSQL. @param more what it needs beside */
export const needsPostgres = (...more: readonly Need[]) =>
  needs("PostgreSQL", ...(Deno.uid() === 0 ? ["setpriv"] as const : []), ...more);

/** Whether there is one. */
export const hasPostgres = () => has("PostgreSQL");
