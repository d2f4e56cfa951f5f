/**
 * Decides how the program was started, and loads only what that start needs: an integration call
 * happens at every alert and must be quick.
 *
 * @module
 */
import type { CommandName } from "./manual/commands.ts";
import type { BuiltInCode } from "./wiring/build.ts";
import type { Start } from "./wiring/context.ts";
import { deleteRuntimeVariables } from "./wiring/runtime_variables.ts";
import { messageOf } from "../errors.ts";
import { EXIT, Failure } from "./exit.ts";
import { integration } from "./commands/integration.ts";
import { oneLine } from "./terminal/log.ts";
import { PROGRAM } from "../config/defaults.ts";
import { didYouMean } from "../nearest.ts";
import { dropSetupRights } from "./ossec_conf.ts";
import { isIntegrationCall } from "../wazuh/argv.ts";

type Command = (start: Start) => Promise<number>;

/** Loads each command of the manual; the manual is not loaded: an integration call needs none. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  "--test": async () => (await import("./commands/test_alert.ts")).testAlert,
  "buffer": async () => (await import("./commands/buffer/copy.ts")).buffer,
  "completions": async () => (await import("./commands/completions.ts")).completions,
  "config": async () => (await import("./commands/config.ts")).config,
  "doctor": async () => (await import("./commands/doctor/doctor.ts")).doctor,
  "explain": async () => (await import("./commands/explain.ts")).explain,
  "flush": async () => (await import("./commands/flush.ts")).flush,
  "follow": async () => (await import("./commands/follow.ts")).follow,
  "list": async () => (await import("./commands/list/list.ts")).list,
  "help": async () => (await import("./commands/help.ts")).help,
  "retract": async () => (await import("./commands/retract.ts")).retract,
  "replay": async () => (await import("./commands/replay.ts")).replay,
  "report": async () => (await import("./commands/report/report.ts")).report,
  "setup": async () => (await import("./commands/setup/setup.ts")).setup,
  "serve": async () => (await import("./commands/serve.ts")).serve,
  "sources": async () => (await import("./commands/looking/sources.ts")).sources,
  "status": async () => (await import("./commands/status.ts")).status,
  "top": async () => (await import("./commands/looking/top.ts")).top,
  "version": async () => (await import("./commands/version.ts")).version,
};

/** Commands that read no configuration, and the one that reports by itself what is wrong with it. */
const WITHOUT_VARIABLES: ReadonlySet<string> = new Set([
  "completions",
  "doctor",
  "help",
  "version",
]);

const ALIASES: Readonly<Record<string, string>> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
};

async function run(args: readonly string[], code: BuiltInCode): Promise<number> {
  const { root, configFile, rest } = takeOptions(args);
  const name = ALIASES[rest[0] ?? "help"] ?? rest[0] ?? "help";
  const start = { root, configFile, args: rest.slice(1), code };
  dropSetupRights(root, name, rest[1]);
  if (isCommand(name)) {
    const wantsHelp = start.args.some((arg) => arg === "--help" || arg === "-h");
    if (wantsHelp) return (await LOADERS.help())({ ...start, args: [name] });
    survivesSizeLimit();
    if (!WITHOUT_VARIABLES.has(name) && !start.args.includes("--until-idle")) {
      const { refuseUnknownVariables } = await import("../config/unknown_variables.ts");
      refuseUnknownVariables(root, (variable) => Deno.env.get(variable) !== undefined);
    }
    return (await LOADERS[name]())(start);
  }
  if (isIntegrationCall(rest, Object.keys(LOADERS))) {
    return integration({ ...start, args: rest });
  }
  const hint = didYouMean(name, Object.keys(LOADERS));
  throw new Failure(
    EXIT.usage,
    `unknown command "${name}"; ${hint}\`${PROGRAM} help\` lists the commands`,
  );
}

/**
 * A write beyond the limit of a file's size ends in an error that is reported; without a listener the
 * signal would end the process without a word. Not for integration calls: it takes time.
 */
function survivesSizeLimit(): void {
  if (Deno.build.os === "linux") Deno.addSignalListener("SIGXFSZ", () => {});
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(LOADERS, name);

/** A compiled binary has its root built in, as `--root` before what the user writes. */
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
  if (at > 0 && rest[0] !== undefined && isCommand(rest[0])) {
    configFile = rest[at + 1];
    if (configFile === undefined) throw new Failure(EXIT.usage, "--config needs a value");
    rest = rest.toSpliced(at, 2);
  }
  return { root, configFile, rest };
}

/**
 * One line for an error: integratord shows only the last line printed. The name says which error it
 * is, not `instanceof`: in the binary, a command has its own classes (deploy/startup/README.md).
 */
function explain(error: unknown): { readonly code: number; readonly line: string } {
  if (!(error instanceof Error)) return { code: EXIT.failed, line: `failed: ${error}` };
  const { name, message } = error;
  switch (name) {
    case "Failure":
      return { code: (error as Failure).code, line: message };
    case "ConfigError":
      return { code: EXIT.usage, line: message };
    case "BufferError":
      return { code: EXIT.failed, line: message };
    case "RangeError":
    case "TypeError":
      return { code: EXIT.failed, line: `${name}: ${message}` };
    default:
      return { code: EXIT.failed, line: `failed: ${messageOf(error)}` };
  }
}

/**
 * Runs the command or the integration call of these arguments.
 *
 * @param code what V8 made of the code in the binary; `version` prints it
 * @returns the exit code
 */
export async function program(
  args: readonly string[],
  code: BuiltInCode = "none",
): Promise<number> {
  try {
    // Before anything else, or the runtime would heed them.
    deleteRuntimeVariables();
    return await run(args, code);
  } catch (error) {
    const { code, line } = explain(error);
    console.error(`${PROGRAM}: ${oneLine(line).slice(0, 1000)}`);
    return code;
  }
}
