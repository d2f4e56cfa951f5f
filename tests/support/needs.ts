/**
 * What a test may need of the machine that it runs on. This is the only list of reasons for which a
 * test may be ignored. `.ci/run` prints the reasons that it met, and counts them against the number of
 * ignored tests.
 *
 * @module
 */
import { zstdCompressSync } from "node:zlib";

/** Folders of administrators' programs are not in everybody's PATH. */
const FOLDERS = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/sbin",
  "/sbin",
  "/usr/local/sbin",
];

/** The path of a program; undefined where this machine has none of that name. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find(isFile);
}

const PROGRAMS = [
  ...[
    "bash",
    "chromium",
    "curl",
    "dpkg-deb",
    "fish",
    "groff",
    "jq",
    "man",
    "mandoc",
    "nft",
    "nginx",
    "openssl",
    "perl",
  ],
  ...[
    "promtool",
    "rpm",
    "rpmbuild",
    "script",
    "setpriv",
    "sh",
    "shellcheck",
    "sqlite3",
    "systemd-analyze",
    "zsh",
  ],
] as const;

/** Debian keeps the programs of each version of PostgreSQL in a folder of its own. */
export function findPostgres(name: string): string | undefined {
  const found = findProgram(name);
  if (found !== undefined) return found;
  try {
    return [...Deno.readDirSync("/usr/lib/postgresql")]
      .map((version) => `/usr/lib/postgresql/${version.name}/bin/${name}`).sort()
      .findLast(isFile);
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const OLD_DENO = Deno.version.deno.startsWith("2.5.");

const CONDITIONS = {
  "root": () => Deno.uid() === 0,
  "a Deno that compiles (COMPILE_DENO)": () => (Deno.env.get("COMPILE_DENO") ?? "") !== "",
  "a minute of time (CI=true)": () => Deno.env.get("CI") === "true",
  "the schemas of CycloneDX (CYCLONEDX_SCHEMA)": () =>
    Deno.env.get("CYCLONEDX_SCHEMA") !== undefined,
  "misp-stix and PyMISP (STIX_PYTHON)": () => Deno.env.get("STIX_PYTHON") !== undefined,
  "zstd in the runtime": hasZstd,
  "a runtime without zstd": () => !hasZstd(),
  "a runtime that heeds OTEL_TRACES_SAMPLER": () => !OLD_DENO,
  "PostgreSQL": () => findPostgres("initdb") !== undefined && findPostgres("pg_ctl") !== undefined,
  "systemd 250 or later": () => systemdVersion() >= 250,
  "mounts in a namespace of its own": () => canMount("-Urm"),
  "a disk of its own (root)": () => Deno.uid() === 0 && canMount("-m"),
  "an overlay over this machine's files (root)": canOverlay,
  "a network namespace of its own": () => outputOf("unshare", "-rn", "echo", "made") === "made\n",
} as const;

/** What a test may need: a program by its name, or another condition. */
export type Need = typeof PROGRAMS[number] | keyof typeof CONDITIONS;

const isProgram = (need: Need): need is typeof PROGRAMS[number] =>
  PROGRAMS.some((name) => name === need);

const known = new Map<Need, boolean>();

/** Whether this machine has what is needed. */
export function has(need: Need): boolean {
  const answer = known.get(need) ??
    (isProgram(need) ? findProgram(need) !== undefined : CONDITIONS[need]());
  known.set(need, answer);
  return answer;
}

/**
 * The `ignore` of one test, or of one step, that needs something of the machine:
 * `Deno.test({ name, ...needs("nginx"), fn })`. What is missing is written down for `.ci/run`, as one
 * line of the file that WM_IGNORED names, so call it once for each test.
 */
export function needs(...wanted: readonly Need[]): { readonly ignore: boolean } {
  const missing = wanted.filter((need) => !has(need));
  const file = Deno.env.get("WM_IGNORED");
  if (missing.length > 0 && file !== undefined) {
    // One short write: test files run beside each other.
    Deno.writeTextFileSync(file, `${missing.join(", ")}\n`, { append: true });
  }
  return { ignore: missing.length > 0 };
}

/** Deno 2.5 knows zstd by its name only. */
function hasZstd(): boolean {
  try {
    return zstdCompressSync("x").length > 0;
  } catch {
    return false;
  }
}

/** 0 where there is no systemd. */
function systemdVersion(): number {
  return Number(/^systemd (\d+)/.exec(outputOf("systemd-analyze", "--version"))?.[1] ?? 0);
}

function canMount(flags: string): boolean {
  const script = 'mount -t tmpfs -o size=1m small "$1" && echo mounted';
  return findProgram("nsenter") !== undefined &&
    outputOf("unshare", flags, "sh", "-c", script, "sh", "/tmp") === "mounted\n";
}

function canOverlay(): boolean {
  const script = 'mount -t tmpfs -o size=1m small "$1" && mkdir "$1/a" "$1/b" "$1/c" && ' +
    'mount -t overlay -o "lowerdir=/,upperdir=$1/a,workdir=$1/b" copy "$1/c" && echo mounted';
  return Deno.uid() === 0 && findProgram("nsenter") !== undefined &&
    outputOf("unshare", "-m", "sh", "-c", script, "sh", "/tmp") === "mounted\n";
}

/** What a program prints; nothing where it fails or is not there. */
function outputOf(program: string, ...args: readonly string[]): string {
  const path = findProgram(program);
  if (path === undefined) return "";
  const command = new Deno.Command(path, { args: [...args], stdin: "null", stderr: "null" });
  const { success, stdout } = command.outputSync();
  return success ? new TextDecoder().decode(stdout) : "";
}
