/**
 * A PostgreSQL of the tests: made and started when a test first wants it, in a temporary folder, by an
 * ordinary user, on a free port. The test files of one run share it; the last one stops it.
 */
import { has, type Need, needs } from "./needs.ts";
import { findPostgres } from "./needs.ts";
import { serverOf } from "../../src/buffer/postgres/server.ts";

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
}

function run(program: string, ...args: readonly string[]): void {
  const asUser = Deno.uid() === 0 ? NOBODY : [];
  const [first, ...rest] = [...asUser, findPostgres(program)!, ...args];
  const { success, stdout, stderr } = new Deno.Command(first!, {
    args: rest,
    stdin: "null",
    cwd: "/tmp",
  }).outputSync();
  if (success) return;
  throw new Error(`${program}: ${new TextDecoder().decode(stderr.length > 0 ? stderr : stdout)}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Makes a server in a folder and starts it. @param settings lines of postgresql.conf */
export function startServer(folder: string, settings: readonly string[] = []): TestServer {
  Deno.mkdirSync(folder, { recursive: true });
  Deno.chmodSync(folder, 0o777);
  run("initdb", "-D", `${folder}/data`, "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync");
  const server = { folder, port: freePort() };
  Deno.writeTextFileSync(
    `${folder}/data/postgresql.conf`,
    [
      `port = ${server.port}`,
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${folder}'`,
      "max_connections = 200",
      ...settings,
    ].join("\n") + "\n",
    { append: true },
  );
  restart(server, "start");
  return server;
}

/** A server of one test alone, which syncs as a real one does; `using` stops it. */
export function ownServer(settings: readonly string[] = []): TestServer & Disposable {
  // Whoever runs the server must get to it.
  const server = startServer(`/tmp/wm-postgres-${crypto.randomUUID()}`, settings);
  return {
    ...server,
    [Symbol.dispose]: () => {
      stop(server, "immediate");
      Deno.removeSync(server.folder, { recursive: true });
    },
  };
}

/** Starts a server that was stopped. */
export function restart({ folder }: TestServer, how: "start" | "restart" = "start"): void {
  // What it inherits of the test's pipes would keep the caller waiting.
  run("pg_ctl", "-D", `${folder}/data`, "-l", `${folder}/log`, "-w", "-t", "60", how);
}

/** Stops a server. @param how `immediate`: as when its machine fails */
export function stop({ folder }: TestServer, how: "fast" | "immediate"): void {
  run("pg_ctl", "-D", `${folder}/data`, "-m", how, "-w", "-t", "60", "stop");
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
    stop(server, "immediate");
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
