/**
 * The compiled binary for a folder and hosts of a test. It is compiled once for each set of options, with
 * placeholders for folder and ports, and cached below /tmp under the hash of its sources. Each test gets
 * a copy with its own folder and ports, which are as long as the placeholders. `cli_test.ts` shows that
 * the copy is what the compiler makes for them, byte for byte.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { dirname } from "node:path";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Whether this machine can compile; without it the binary is not tested. */
export const CAN_COMPILE = (Deno.env.get("COMPILE_DENO") ?? "") !== "";

/** What a binary is compiled for. */
export interface BinaryOptions {
  readonly mispHost?: string;
  readonly forwardHost?: string;
  readonly bufferHost?: string;
  readonly notifyHost?: string;
  readonly listen?: string;
  /** Compiled with `--no-start-script` (deploy/startup/README.md). */
  readonly noStartScript?: boolean;
}

/** Placeholder of a test's folder; `newBase` gives others of this length. */
const BASE = "/tmp/e2e-0000aaaa0000aaaa0000";
/** Ports of so many digits replace placeholders; others are compiled in. */
const HOST = /^127\.0\.0\.1:\d{5}$/;
/** Placeholders of ports. The system gives none of them out by itself: those end at 60999. */
const PORTS = {
  ...{ mispHost: 65_501, forwardHost: 65_502, notifyHost: 65_504, listen: 65_503 },
  bufferHost: 65_505,
};
const FLAGS = {
  mispHost: "--misp-host",
  forwardHost: "--forward-host",
  notifyHost: "--notify-host",
  bufferHost: "--buffer-host",
  listen: "--listen",
};
const HOUR_MS = 3_600_000;

type Host = keyof typeof PORTS;
const HOSTS = Object.keys(PORTS) as readonly Host[];

/** Where each placeholder is in a binary, bytes. */
type Offsets = Readonly<Record<string, readonly number[]>>;

/** Makes a folder that a binary can be for: its name always has the same length. */
export async function newBase(): Promise<string> {
  const unique = crypto.randomUUID().replaceAll("-", "").slice(0, 20);
  const base = `/tmp/e2e-${unique}`;
  await Deno.mkdir(base, { mode: 0o700 });
  return base;
}

/** Compiles as `deno task compile` does. */
export async function compileBinary(
  output: string,
  root: string,
  options: BinaryOptions,
): Promise<void> {
  const hosts = HOSTS.flatMap((host) => {
    const value = options[host];
    return value === undefined ? [] : [FLAGS[host], value];
  });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "-P=compile", `${PROJECT}deploy/compile.ts`],
      ...["--root", root, "--output", output, ...hosts],
      ...(options.noStartScript ? ["--no-start-script"] : []),
    ],
    cwd: PROJECT,
  }).output();
  if (!success) throw new Error(`compile: ${new TextDecoder().decode(stderr)}`);
}

/** Writes the binary for a folder of `newBase`, or for one in it, to a file. */
export async function putBinary(
  output: string,
  base: string,
  root: string,
  options: BinaryOptions,
): Promise<void> {
  const hosts: Partial<Record<Host, string>> = {};
  const values = new Map([[BASE, base]]);
  for (const host of HOSTS) {
    const value = options[host];
    if (value === undefined) continue;
    const placeholder = `127.0.0.1:${PORTS[host]}`;
    hosts[host] = HOST.test(value) ? placeholder : value;
    if (HOST.test(value)) values.set(placeholder, value);
  }
  const general = { ...hosts, ...(options.noStartScript ? { noStartScript: true } : {}) };
  const { binary, offsets } = await cached(root.replace(base, BASE), general, [...values.keys()]);
  await copyChanged(binary, output, values, offsets);
}

/** Writes a copy of a binary in which texts stand instead of others of the same length. */
export async function changeBinary(
  binary: string,
  output: string,
  values: ReadonlyMap<string, string>,
): Promise<void> {
  const offsets = find(await Deno.readFile(binary), [...values.keys()]);
  await copyChanged(binary, output, values, offsets);
}

async function copyChanged(
  binary: string,
  output: string,
  values: ReadonlyMap<string, string>,
  offsets: Offsets,
): Promise<void> {
  const changes = [...values].flatMap(([from, to]) => {
    if (to.length !== from.length) throw new Error(`"${to}" is not as long as "${from}"`);
    return offsets[from]!.flatMap((offset) => [`${offset}`, to]);
  });
  // By a process of its own: what another test starts meanwhile would inherit the open file for a
  // moment, and a file that is open for writing cannot be started.
  const script = `cp "$1" "$2" && out=$2 && shift 2 && while [ $# -gt 0 ]; do
    printf %s "$2" | dd of="$out" bs=1 seek="$1" conv=notrunc status=none || exit 1; shift 2; done`;
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", binary, output, ...changes],
  }).output();
  if (!success) throw new Error(`${output}: ${new TextDecoder().decode(stderr)}`);
}

/** Finds the binary with placeholders, or compiles it while others that need it wait. */
async function cached(root: string, options: BinaryOptions, placeholders: readonly string[]) {
  const folder = `${await ownFolder()}/${await sourcesHash()}`;
  await Deno.mkdir(folder, { recursive: true });
  // It marks the folder as used: a folder that was not used for an hour is removed.
  await Deno.utime(folder, new Date(), new Date());
  const name = createHash("sha256").update(JSON.stringify([root, options])).digest("hex");
  const binary = `${folder}/${name.slice(0, 16)}`;
  using lock = await Deno.open(`${binary}.lock`, { create: true, write: true });
  await lock.lock(true);
  const read = async () => JSON.parse(await Deno.readTextFile(`${binary}.json`)) as Offsets;
  try {
    return { binary, offsets: await read() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await removeOld(folder);
  await compileBinary(binary, root, options);
  const offsets = find(await Deno.readFile(binary), placeholders);
  await Deno.writeTextFile(`${binary}.part`, JSON.stringify(offsets));
  await Deno.rename(`${binary}.part`, `${binary}.json`);
  return { binary, offsets };
}

function find(bytes: Uint8Array<ArrayBuffer>, texts: readonly string[]): Offsets {
  const buffer = Buffer.from(bytes.buffer);
  const all = (text: string) => {
    const offsets: number[] = [];
    let at = buffer.indexOf(text);
    for (; at >= 0; at = buffer.indexOf(text, at + 1)) offsets.push(at);
    if (offsets.length === 0) throw new Error(`the binary does not contain "${text}"`);
    return offsets;
  };
  return Object.fromEntries(texts.map((text) => [text, all(text)]));
}

/** Makes the cache. Nobody else may write there: the tests run what is in it. */
async function ownFolder(): Promise<string> {
  const folder = `/tmp/e2e-binaries-${Deno.uid()}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const { isDirectory, uid, mode } = await Deno.lstat(folder);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o077) !== 0) {
    throw new Error(`${folder} belongs to another user, or others may write there; remove it`);
  }
  return folder;
}

/** Removes binaries of sources that have changed since. */
async function removeOld(inUse: string): Promise<void> {
  const folder = dirname(inUse);
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    if (path === inUse || mtime === null || Date.now() - mtime.getTime() < HOUR_MS) continue;
    await Deno.remove(path, { recursive: true }).catch(() => undefined);
  }
}

/** It is made once for each file of tests, when the first test asks for it. */
let known: Promise<string> | undefined;

/** The hash of all that goes into a binary but its options. */
const sourcesHash = () => known ??= hashSources();

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["COMPILE_DENO", "DENORT_BIN"]) {
    // Empty is unset.
    const path = Deno.env.get(name) || undefined;
    const { size, mtime } = path === undefined ? { size: 0, mtime: null } : await Deno.stat(path);
    hash.update(`${path} ${size} ${mtime?.getTime()}\n`);
  }
  // `version` prints the commit, and whether anything was changed since.
  for (const args of [["log", "-1", "--format=%H %cI"], ["status", "--porcelain", "-uno"]]) {
    const git = new Deno.Command("git", {
      args: ["--no-optional-locks", ...args],
      cwd: PROJECT,
      stderr: "null",
    });
    const output = await git.output().catch(() => undefined);
    hash.update(output?.stdout ?? "").update("\n");
  }
  const files = ["main.ts", "deno.json", "deno.lock", ...filesIn("src"), ...filesIn("deploy")];
  for (const file of files.sort()) {
    hash.update(`${file}\n`).update(await Deno.readFile(PROJECT + file));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(PROJECT + folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}
