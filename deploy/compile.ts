/**
 * Compiles the binary for a site: `deno task compile [--misp-host HOST[:PORT]]
 * [--forward-host HOST[:PORT]] [--root DIR] [--target TRIPLE]`.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUILD_MODULE, type BuildInfo } from "../src/cli/wiring/build.ts";
import { bundle, compileStart } from "./startup/bundle.ts";
import { deno, PROJECT } from "./deno.ts";
import { OUTPUT, permissionFlags, type Site } from "./permissions.ts";
import { START_CODE, START_SCRIPT } from "./startup/start_script.ts";
import { V8_FLAGS } from "./startup/v8.ts";
import settings from "../deno.json" with { type: "json" };

/** Machines that Wazuh's manager runs on. Without a target: this one. */
const TARGETS: readonly string[] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

const { values } = parseArgs({
  args: Deno.args,
  options: {
    "root": { type: "string", default: "/var/ossec" },
    "misp-host": { type: "string" },
    "forward-host": { type: "string" },
    "listen": { type: "string", default: "127.0.0.1:8787" },
    "target": { type: "string" },
    "output": { type: "string", default: OUTPUT },
  },
});

const mispHost = values["misp-host"];
const forwardHost = values["forward-host"];
for (const host of [values.listen, mispHost, forwardHost]) {
  if (host === undefined) continue;
  if (!/^([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(host)) {
    console.error(`"${host}" is no HOST or HOST:PORT; leave out https:// and the path`);
    Deno.exit(2);
  }
}
if (!values.root.startsWith("/") || values.root.includes(",")) {
  console.error(`--root "${values.root}" must be an absolute path without a comma`);
  Deno.exit(2);
}
const target = values.target;
if (target !== undefined && !TARGETS.includes(target)) {
  console.error(`--target "${target}" is not one of ${TARGETS.join(", ")}`);
  Deno.exit(2);
}
const root = values.root.replace(/\/+$/, "");
const site: Site = { root, mispHost, forwardHost, listen: values.listen };

/** What git says; undefined where there is no git, or no repository. */
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

/** No time of day and no name of a machine: the same source gives the same binary. */
async function buildInfo(): Promise<BuildInfo> {
  const permissions = permissionFlags(site);
  const [commit, date] = (await git("log", "-1", "--format=%H %cI"))?.split(" ") ?? [];
  if (commit === undefined || date === undefined) return { permissions };
  const changed = await git("status", "--porcelain", "--untracked-files=no");
  return { commit: changed === "" ? commit : `${commit}+`, date, permissions };
}

const workFolder = await Deno.makeTempDir({ dir: "/tmp", prefix: "compile-" });
const folder = `${workFolder}/bundle`;
try {
  // A configuration elsewhere would bring the names of both folders into the binary.
  const config = `${workFolder}/deno.json`;
  await Deno.writeTextFile(config, JSON.stringify({ unstable: settings.unstable }));
  await bundle(folder);
  // Only the machine that it is for can tell what its runtime makes of the script.
  const isForHere = target === undefined || target === Deno.build.target;
  if (isForHere) await compileStart(workFolder, folder, config);
  const baked = `${folder}/${BUILD_MODULE}`;
  await Deno.writeTextFile(baked, `export default ${JSON.stringify(await buildInfo())};\n`);
  // So would the time of their making.
  for (const { name } of Deno.readDirSync(folder)) Deno.utimeSync(`${folder}/${name}`, 0, 0);
  const included = [baked, `${folder}/program.js`, `${folder}/${START_SCRIPT}`]
    .concat(isForHere ? `${folder}/${START_CODE}` : []);
  await deno([
    ...["compile", "--quiet", "--no-check", "--no-lock", "--config", config],
    // The cache would lie in /tmp under a name that anybody can take first, and hold code.
    "--no-code-cache",
    V8_FLAGS,
    ...(target === undefined ? [] : ["--target", target]),
    ...permissionFlags(site),
    ...included.flatMap((file) => ["--include", file]),
    ...["--output", resolve(values.output), `${folder}/start.js`],
    // Arguments behind the script are built in, and stand before those of the command line.
    ...["--root", root],
  ]);
} finally {
  await Deno.remove(workFolder, { recursive: true });
}
console.log(`${values.output}\n  ${permissionFlags(site).join("\n  ")}`);
