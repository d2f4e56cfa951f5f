/**
 * The compiled binary for a folder and hosts of a test. It is compiled once for each set of options, with
 * places of the same length where folder and ports stand, and kept below /tmp under the hash of its
 * sources; each test gets a copy with its own folder and ports in those places. That the copy is what
 * the compiler makes for them, byte for byte, `cli_test.ts` shows.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Whether this machine can compile; without it the binary is not tested. */
export const CAN_COMPILE = Deno.env.get("COMPILE_DENO") !== undefined;

/** What a binary is compiled for. */
export interface BinaryOptions {
  readonly mispHost?: string;
  readonly forwardHost?: string;
  readonly listen?: string;
}

/** Stands for a test's folder; `newBase` gives others of this length. */
const BASE = "/tmp/e2e-0000aaaa0000aaaa0000";
/** Ports of so many digits are put in; others are compiled in. */
const HOST = /^127\.0\.0\.1:\d{5}$/;
/** Stand for ports. None of them is given out by itself: those end at 60999. */
const PLACES = { mispHost: 65_501, forwardHost: 65_502, listen: 65_503 };
const FLAGS = { mispHost: "--misp-host", forwardHost: "--forward-host", listen: "--listen" };
const HOUR_MS = 3_600_000;

type Host = keyof typeof PLACES;
const HOSTS = Object.keys(PLACES) as readonly Host[];

/** Where a text stands in a binary. */
type Offsets = Readonly<Record<string, readonly number[]>>;

/** A folder of which a binary can be a copy: its name has always the same length. */
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
    ],
    cwd: PROJECT,
  }).output();
  if (!success) throw new Error(`compile: ${new TextDecoder().decode(stderr)}`);
}

/** Puts the binary for a folder that `newBase` gave, or one in it, into a file. */
export async function putBinary(
  output: string,
  base: string,
  root: string,
  options: BinaryOptions,
): Promise<void> {
  const general: Record<string, string> = {};
  const places = new Map([[BASE, base]]);
  for (const host of HOSTS) {
    const value = options[host];
    if (value === undefined) continue;
    const place = `127.0.0.1:${PLACES[host]}`;
    general[host] = HOST.test(value) ? place : value;
    if (HOST.test(value)) places.set(place, value);
  }
  const { binary, offsets } = await kept(root.replace(base, BASE), general, [...places.keys()]);
  const changes: string[] = [];
  for (const [place, value] of places) {
    if (value.length !== place.length) throw new Error(`"${value}" is not as long as "${place}"`);
    for (const offset of offsets[place]!) changes.push(`${offset}`, value);
  }
  // By a process of its own: what another test starts meanwhile would inherit the open file for a
  // moment, and a file that is open for writing cannot be started.
  const script = `cp "$1" "$2" && out=$2 && shift 2 && while [ $# -gt 0 ]; do
    printf %s "$2" | dd of="$out" bs=1 seek="$1" conv=notrunc status=none || exit 1; shift 2; done`;
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", binary, output, ...changes],
  }).output();
  if (!success) throw new Error(`${output}: ${new TextDecoder().decode(stderr)}`);
}

/** Finds the binary with places in it, or makes it while whoever wants the same one waits. */
async function kept(root: string, options: BinaryOptions, places: readonly string[]) {
  const folder = `${await ownFolder()}/${await sourcesHash()}`;
  await Deno.mkdir(folder, { recursive: true });
  // That it is in use: what was not for an hour is removed.
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
  const offsets = find(await Deno.readFile(binary), places);
  await Deno.writeTextFile(`${binary}.part`, JSON.stringify(offsets));
  await Deno.rename(`${binary}.part`, `${binary}.json`);
  return { binary, offsets };
}

function find(bytes: Uint8Array<ArrayBuffer>, places: readonly string[]): Offsets {
  const buffer = Buffer.from(bytes.buffer);
  const all = (place: string) => {
    const offsets: number[] = [];
    let at = buffer.indexOf(place);
    for (; at >= 0; at = buffer.indexOf(place, at + 1)) offsets.push(at);
    if (offsets.length === 0) throw new Error(`"${place}" is nowhere in the binary`);
    return offsets;
  };
  return Object.fromEntries(places.map((place) => [place, all(place)]));
}

/** Only ours: what lies in it is run. */
async function ownFolder(): Promise<string> {
  const folder = `/tmp/e2e-binaries-${Deno.uid()}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const { isDirectory, uid, mode } = await Deno.lstat(folder);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o077) !== 0) {
    throw new Error(`${folder} belongs to another, or others may write there; remove it`);
  }
  return folder;
}

/** Binaries of sources that have changed since. */
async function removeOld(inUse: string): Promise<void> {
  const folder = inUse.slice(0, inUse.lastIndexOf("/"));
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    if (path === inUse || mtime === null || Date.now() - mtime.getTime() < HOUR_MS) continue;
    await Deno.remove(path, { recursive: true }).catch(() => undefined);
  }
}

/** Once for each file of tests, and not before the first of them waits for it. */
let known: Promise<string> | undefined;

/** Of all that goes into a binary but its options. */
const sourcesHash = () => known ??= hashSources();

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["COMPILE_DENO", "DENORT_BIN"]) {
    const path = Deno.env.get(name);
    const { size, mtime } = path === undefined ? { size: 0, mtime: null } : await Deno.stat(path);
    hash.update(`${path} ${size} ${mtime?.getTime()}\n`);
  }
  // `version` tells the commit, and whether anything was changed since.
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
