/**
 * Decides how the program was started, and loads only what that start needs. An integration call,
 * the start that happens at every alert, is there at once.
 *
 * @module
 */
import type { Start } from "./src/cli/context.ts";
import { EXIT, Failure } from "./src/cli/exit.ts";
import { integration } from "./src/cli/integration.ts";
import { oneLine } from "./src/cli/log.ts";
import { BufferError } from "./src/buffer/trouble.ts";
import { PROGRAM } from "./src/config/keys.ts";
import { ConfigError } from "./src/config/load.ts";
import { isIntegrationCall } from "./src/wazuh/argv.ts";

type Command = (start: Start) => Promise<number>;

/** The commands; each is loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  "--test": async () => (await import("./src/cli/test_alert.ts")).testAlert,
  "completions": async () => (await import("./src/cli/completions.ts")).completions,
  "config": async () => (await import("./src/cli/config.ts")).config,
  "doctor": async () => (await import("./src/cli/doctor.ts")).doctor,
  "flush": async () => (await import("./src/cli/flush.ts")).flush,
  "follow": async () => (await import("./src/cli/follow.ts")).follow,
  "help": async () => (await import("./src/cli/help.ts")).help,
  "retract": async () => (await import("./src/cli/retract.ts")).retract,
  "replay": async () => (await import("./src/cli/replay.ts")).replay,
  "report": async () => (await import("./src/cli/report.ts")).report,
  "serve": async () => (await import("./src/cli/serve.ts")).serve,
  "status": async () => (await import("./src/cli/status.ts")).status,
  "version": async () => (await import("./src/cli/version.ts")).version,
};

const ALIASES: Readonly<Record<string, string>> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
};

async function run(args: readonly string[]): Promise<number> {
  const { root, configFile, rest } = takeOptions(args);
  const name = ALIASES[rest[0] ?? "help"] ?? rest[0] ?? "help";
  const start = { root, configFile, args: rest.slice(1) };
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load !== undefined) {
    const wantsHelp = start.args.some((arg) => arg === "--help" || arg === "-h");
    if (wantsHelp) return (await COMMANDS.help!())({ ...start, args: [name] });
    return (await load())(start);
  }
  if (isIntegrationCall(rest, Object.keys(COMMANDS))) {
    return integration({ ...start, args: rest });
  }
  const { nearest } = await import("./src/cli/manual/nearest.ts");
  const meant = nearest(name, Object.keys(COMMANDS));
  const guess = meant === undefined ? "" : `did you mean ${meant}? `;
  const help = `\`${PROGRAM} help\` lists them`;
  throw new Failure(EXIT.usage, `unknown command "${name}"; ${guess}${help}`);
}

/** `--root` and `--config` stand in front of the command: a compiled binary has its root built in. */
function takeOptions(args: readonly string[]) {
  let rest = args;
  let root = "/var/ossec";
  let configFile: string | undefined;
  while (rest[0] === "--root" || rest[0] === "--config") {
    const [option, value, ...others] = rest;
    if (value === undefined || value === "") {
      throw new Failure(EXIT.usage, `${option} needs a value`);
    }
    if (option === "--root") root = value.replace(/\/+$/, "");
    else configFile = value;
    rest = others;
  }
  const at = rest.indexOf("--config");
  if (at > 0 && rest[0] !== undefined && Object.hasOwn(COMMANDS, rest[0])) {
    configFile = rest[at + 1];
    if (configFile === undefined) throw new Failure(EXIT.usage, "--config needs a value");
    rest = rest.toSpliced(at, 2);
  }
  return { root, configFile, rest };
}

/** Bad input costs one clear line: integratord shows only the last one printed. */
function explain(error: unknown): { readonly code: number; readonly line: string } {
  if (error instanceof Failure) return { code: error.code, line: error.message };
  if (error instanceof ConfigError) return { code: EXIT.usage, line: error.message };
  if (error instanceof RangeError || error instanceof TypeError) {
    return { code: EXIT.failed, line: `${error.name}: ${error.message}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: EXIT.failed, line: error instanceof BufferError ? message : `failed: ${message}` };
}

if (import.meta.main) {
  let code: number;
  try {
    code = await run(Deno.args);
  } catch (error) {
    const explained = explain(error);
    code = explained.code;
    console.error(`${PROGRAM}: ${oneLine(explained.line).slice(0, 1000)}`);
  }
  // Without waiting for timers or for the buffer's closing checkpoint: what counts is committed.
  Deno.exit(code);
}
