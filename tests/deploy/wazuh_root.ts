/**
 * A folder like Wazuh's own for `deploy/install.sh`, binaries to install there, and helpers that run the
 * script and list the files.
 *
 * @module
 */
import assert from "node:assert/strict";

export const PROJECT = new URL("../../", import.meta.url).pathname;
export const SCRIPT = `${PROJECT}deploy/install.sh`;

/** Runs a command with a PATH and nothing else in its environment. */
export async function run(
  line: readonly string[],
  options: Deno.CommandOptions = {},
  input?: string,
) {
  const child = new Deno.Command(line[0]!, {
    ...{ args: line.slice(1), cwd: "/", clearEnv: true, env: { PATH: "/usr/bin:/bin:/usr/sbin" } },
    ...{ stdin: input === undefined ? "null" : "piped", stdout: "piped", stderr: "piped" },
    ...options,
  }).spawn();
  const write = async () => {
    if (input === undefined) return;
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  };
  const [output] = await Promise.all([child.output(), write()]);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/** The standard output of a command. */
export const said = async (...line: readonly string[]) => (await run(line)).stdout.trim();

/** Wazuh's user where there is one; else another one, which the script gets by `--owner`. */
export const HAS_WAZUH = await said("id", "-u", "wazuh") !== "";
export const USER = HAS_WAZUH ? "wazuh" : "nobody";
export const GROUP = await said("id", "-gn", USER);
export const OWNER = HAS_WAZUH ? [] : ["--owner", `${USER}:${GROUP}`];
export const AS_USER = ["setpriv", "--reuid", USER, "--regid", GROUP, "--clear-groups"];

export const IS_ROOT = Deno.uid() === 0;

export const install = (...args: readonly string[]) => run(["sh", SCRIPT, ...args]);

/** The last line of a script that must fail. */
export async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await install(...args);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  // Messages of tools may come before it.
  return stderr.trim().split("\n").at(-1)!.replace(/^install\.sh: /, "");
}

/**
 * A folder like /var/ossec after Wazuh's own installation (docs/contracts/wazuh.md 1.7, 1.8).
 *
 * @param via stands in front of each command, where another machine is to have the folder
 */
export async function makeWazuh(
  root: string,
  via: readonly string[] = [],
  [user, group] = [USER, GROUP],
): Promise<void> {
  const folder = async (path: string, mode: string, owner = "root") => {
    await run([...via, "install", "-d", "-o", owner, "-g", group, "-m", mode, path]);
  };
  await folder(root, "750");
  for (const name of ["integrations", "queue", "bin"]) await folder(`${root}/${name}`, "750");
  for (const name of ["etc", "logs"]) await folder(`${root}/${name}`, "770", user);
  await run([...via, "touch", `${root}/bin/wazuh-integratord`]);
}

/** Wazuh's programs, and files beside the buffer that come and go with the processes that use it. */
const PASSING = /^bin\/|\/buffer\.db(?:-|\.\w+\.lock)/;

/** Every path below a folder with its owner and mode. */
export async function listing(
  folder: string,
  via: readonly string[] = [],
): Promise<readonly string[]> {
  const { stdout } = await run([
    ...via,
    "find",
    folder,
    "-mindepth",
    "2",
    "-printf",
    "%P %u:%g %m\\n",
  ]);
  return stdout.trim().split("\n").filter((line) => line !== "" && !PASSING.test(line)).sort();
}

/** Compiles the binary of this project, or of the same project as a later version. */
export async function compile(folder: string, root: string, mispHost: string, version?: string) {
  let project = PROJECT;
  if (version !== undefined) {
    project = `${folder}/later/`;
    await Deno.mkdir(project);
    const parts = ["deno.json", "deno.lock", "main.ts", "src", "deploy", "LICENSE", "CHANGELOG.md"];
    await run(["cp", "-r", ...parts.map((name) => PROJECT + name), project]);
    const settings = JSON.parse(await Deno.readTextFile(`${project}deno.json`)) as object;
    await Deno.writeTextFile(`${project}deno.json`, JSON.stringify({ ...settings, version }));
  }
  const output = `${folder}/binary-${version ?? "now"}`;
  const args = ["run", "--quiet", "-P=compile", `${project}deploy/compile.ts`];
  args.push("--root", root, "--misp-host", mispHost, "--output", output);
  const { code, stderr } = await run([Deno.execPath(), ...args], {
    clearEnv: false,
    cwd: project,
  });
  assert.equal(code, 0, stderr);
  return output;
}
