/**
 * Compiles the binary for a site: `deno task compile`, which `--help` describes. `--no-start-script`
 * switches off what deploy/startup/README.md describes.
 *
 * @module
 */
import { resolve } from "node:path";
import { BUILD_MODULE, type BuildInfo } from "../src/cli/wiring/build.ts";
import { bundleModules, bundleStart } from "./startup/bundle.ts";
import { compileStart } from "./startup/code.ts";
import { deno, PROJECT } from "./deno.ts";
import { readOptions } from "./options.ts";
import { permissionFlags } from "./permissions.ts";
import { START_CODE, START_SCRIPT } from "./startup/start_script.ts";
import { V8_FLAGS } from "./startup/v8.ts";
import settings from "../deno.json" with { type: "json" };

const values = readOptions(Deno.args);
if ("message" in values) {
  if (values.isError) console.error(values.message);
  else console.log(values.message);
  Deno.exit(values.isError ? 2 : 0);
}

const { site, target, output: outputFile, noStartScript } = values;

/** The output of git; undefined where there is no git, or no repository. */
async function git(...args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command("git", {
      args: ["--no-optional-locks", ...args],
      cwd: PROJECT,
      stderr: "null",
    });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** It has no time of day and no name of a machine: the same source gives the same binary. */
async function buildInfo(): Promise<BuildInfo> {
  const permissions = permissionFlags(site);
  const [commit, date] = (await git("log", "-1", "--format=%H %cI"))?.split(" ") ?? [];
  if (commit === undefined || date === undefined) return { permissions };
  const changed = await git("status", "--porcelain", "--untracked-files=no");
  return { commit: changed === "" ? commit : `${commit}+`, date, permissions };
}

/**
 * Makes what starts the program, and all that it reads.
 *
 * @returns the module to compile, and the files to include
 */
async function makeStart(workFolder: string, bundle: string, config: string) {
  await bundleModules(bundle);
  if (noStartScript) return { entry: `${bundle}/main.js`, included: [] };
  await bundleStart(bundle);
  const included = [`${bundle}/main.js`, `${bundle}/${START_SCRIPT}`];
  // V8 accepts code only from the runtime of the same machine.
  if (target === undefined || target === Deno.build.target) {
    await compileStart({ workFolder, bundle, config });
    included.push(`${bundle}/${START_CODE}`);
  }
  return { entry: `${bundle}/start.js`, included };
}

const workFolder = await Deno.makeTempDir({ dir: "/tmp", prefix: "compile-" });
const bundle = `${workFolder}/bundle`;
try {
  // A configuration in another folder would bring the names of both folders into the binary.
  const config = `${workFolder}/deno.json`;
  await Deno.writeTextFile(config, JSON.stringify({ unstable: settings.unstable }));
  const { entry, included } = await makeStart(workFolder, bundle, config);
  const baked = `${bundle}/${BUILD_MODULE}`;
  await Deno.writeTextFile(baked, `export default ${JSON.stringify(await buildInfo())};\n`);
  // Their times would come into the binary, too.
  for (const { name } of Deno.readDirSync(bundle)) Deno.utimeSync(`${bundle}/${name}`, 0, 0);
  await deno([
    ...["compile", "--quiet", "--no-check", "--no-lock", "--config", config],
    // The cache would lie in /tmp under a name that anybody can take first, and it holds code.
    "--no-code-cache",
    V8_FLAGS,
    ...(target === undefined ? [] : ["--target", target]),
    ...permissionFlags(site),
    ...[baked, ...included].flatMap((file) => ["--include", file]),
    ...["--output", resolve(outputFile), entry],
    // Arguments behind the module are built in, and come before those of the command line.
    ...["--root", site.root],
  ]);
} finally {
  await Deno.remove(workFolder, { recursive: true });
}
console.log(`${outputFile}\n  ${permissionFlags(site).join("\n  ")}`);
