/**
 * Builds the packages: `deno task package [--machine x86_64|aarch64] [--binary FILE] [--format deb|rpm]
 * [--compression xz|none] [--output DIR]`. Without `--binary` it compiles a binary for each machine, as a
 * release does: for any MISP, which `custom-misp-hosts` names later. Options may be repeated.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { deno, fail, output, PROJECT } from "../deno.ts";
import { OUTPUT } from "../permissions.ts";
import { buildPackage, type Compression } from "./build.ts";
import { type Format, PACKAGE } from "./contents.ts";
import { type Machine, machineOf, MACHINES } from "./metadata.ts";
import settings from "../../deno.json" with { type: "json" };

const FORMATS: readonly Format[] = ["deb", "rpm"];
const COMPRESSIONS: readonly Compression[] = ["xz", "none"];

const { values } = parseArgs({
  args: Deno.args,
  options: {
    "machine": { type: "string", multiple: true },
    "binary": { type: "string", multiple: true },
    "format": { type: "string", multiple: true },
    "compression": { type: "string", default: "xz" },
    "output": { type: "string", default: "dist" },
  },
});

/** One of the values that an option may have; anything else ends the build. */
function oneOf<T extends string>(option: string, known: readonly T[], value: string): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  console.error(`--${option} "${value}" is not one of ${known.join(", ")}`);
  Deno.exit(2);
}

const names = MACHINES.map(({ name }) => name);
const machines = (values.machine ?? names).map((name) => oneOf("machine", names, name));
const formats = (values.format ?? FORMATS).map((name) => oneOf("format", FORMATS, name));
const compression = oneOf("compression", COMPRESSIONS, values.compression);

/** Compiles the binary that has space for the names of hosts (allow_hosts.sh). */
async function compile(machine: Machine["name"]): Promise<string> {
  const binary = `${OUTPUT}-${machine}`;
  const host = Deno.readTextFileSync(new URL("host_slot", import.meta.url)).trim();
  await deno([
    ...["run", "--quiet", "-P=compile", `${PROJECT}deploy/compile.ts`, "--misp-host", host],
    ...["--target", `${machine}-unknown-linux-gnu`, "--output", `${PROJECT}${binary}`],
  ]);
  return PROJECT + binary;
}

function startOf(binary: string): Uint8Array {
  try {
    using file = Deno.openSync(binary);
    const start = new Uint8Array(20);
    return start.subarray(0, file.readSync(start) ?? 0);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return fail(`there is no binary ${binary}; make it by \`deno task compile\``);
  }
}

/** 0 where there is no git. */
async function epochOfSource(): Promise<number> {
  const args = ["--no-optional-locks", "log", "-1", "--format=%ct"];
  const command = new Deno.Command("git", { args, cwd: PROJECT, stderr: "null" });
  const { stdout } = await command.output().catch(() => ({ stdout: new Uint8Array() }));
  return Number(new TextDecoder().decode(stdout).trim());
}

for (const format of formats) {
  const tool = format === "deb" ? "dpkg-deb" : "rpmbuild";
  try {
    await output(tool, tool, { args: ["--version"] });
  } catch {
    fail(
      `the program ${tool} is missing, which builds .${format} files; install it, or leave out --format ${format}`,
    );
  }
}
await Deno.mkdir(values.output, { recursive: true });
const folder = await Deno.realPath(values.output);
const epoch = await epochOfSource();
const binaries = values.binary ?? await Array.fromAsync(machines, compile);
for (const binary of binaries) {
  const machine = machineOf(startOf(binary));
  if (machine === undefined) {
    fail(
      `${binary} is not a Linux program for ${
        names.join(" or ")
      }; ${PACKAGE} has no package for it`,
    );
  }
  for (const format of formats) {
    const order = { version: settings.version, machine, epoch, compression, folder };
    console.log(await buildPackage(format, { ...order, binary: await Deno.realPath(binary) }));
  }
}
