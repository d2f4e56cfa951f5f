/**
 * `help [COMMAND]`: how to use the program.
 *
 * @module
 */
import { configurationKeys, environmentName } from "../../config/keys.ts";
import { PROGRAM } from "../../config/defaults.ts";
import { buildInfo } from "../wiring/build.ts";
import type { Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { commandNamed, COMMANDS } from "../manual/commands.ts";
import { commandHelp, overview, wrap } from "../manual/help_text.ts";
import { manPage } from "../manual/man_page.ts";
import { didYouMean } from "../../nearest.ts";
import { parse } from "../terminal/options.ts";
import settings from "../../../deno.json" with { type: "json" };

/** Runs `help [COMMAND]` and `help --man`. */
export async function help(start: Start): Promise<number> {
  // `--test` is a command that looks like an option.
  const topic = start.args.find((arg) => commandNamed(arg) !== undefined);
  const { values, positionals } = parse("help", start.args.filter((arg) => arg !== topic));
  const command = topic === undefined ? undefined : commandNamed(topic);
  if (values.man) {
    const { date } = await buildInfo();
    console.log(manPage(settings.version, date ?? new Date().toISOString(), start.root));
  } else if (command !== undefined) {
    console.log(commandHelp(command));
    if (command.name === "config") console.log(configurationHelp(start.root));
  } else if (positionals[0] !== undefined) throw noHelp(positionals[0]);
  else console.log(overview());
  return EXIT.ok;
}

function noHelp(topic: string): Failure {
  const hint = didYouMean(topic, COMMANDS.map(({ name }) => name));
  return new Failure(EXIT.usage, `no help about "${topic}"; ${hint}\`help\` lists the commands`);
}

function configurationHelp(root: string): string {
  const lines = [
    "",
    `The configuration file is that of --config, else of $WM_CONFIG, else`,
    `${root}/etc/${PROGRAM}.json:`,
    `  {"misp": {"url": "https://misp.example.org", "api_key_file": "…"}}`,
    "Every key has an environment variable, which overrides the file.",
  ];
  for (const [name, key] of Object.entries(configurationKeys(root))) {
    const { fallback } = key;
    const shown = fallback === undefined
      ? "none"
      : Array.isArray(fallback)
      ? fallback.join(", ") || "none"
      : String(fallback);
    lines.push("", `${name}  (${environmentName(name)})`);
    for (const line of [...wrap(key.about, 78), ...wrap(`default: ${shown}`, 78)]) {
      lines.push(`  ${line}`);
    }
  }
  return lines.join("\n");
}
