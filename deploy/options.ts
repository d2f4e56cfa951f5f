/**
 * The options of `deno task compile`, and what is wrong with them. Pure.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { didYouMean } from "../src/nearest.ts";
import { OUTPUT, type Site } from "./permissions.ts";

/** Machines that Wazuh's manager runs on. */
const TARGETS: readonly string[] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

const USAGE = `usage: deno task compile [--misp-host HOST[:PORT]] [OPTION VALUE] …

  --misp-host HOST[:PORT]     host of MISP; the binary reaches no other
  --misp-proxy HOST:PORT      proxy of misp.proxy, by which MISP is reached
  --forward-host HOST[:PORT]  host of the \`serve\` that alerts are forwarded to
  --buffer-host HOST[:PORT]   host of buffer.url, a database; default port: 5432
  --notify-host HOST[:PORT]   host of notify.webhook_url, for reports of logins
  --cowrie DIR                folder of a Cowrie, for \`follow --format cowrie\`
  --listen HOST:PORT          where \`serve\` listens; default: 127.0.0.1:8787
  --root DIR                  Wazuh's folder; default: /var/ossec
  --target TRIPLE             another kind of machine:
                              ${TARGETS.join("\n                              ")}
  --output FILE               default: ${OUTPUT}
  --no-start-script           start slower, without V8's code in the binary
  --help                      this help`;

const OPTIONS = {
  "root": { type: "string" },
  "misp-host": { type: "string" },
  "misp-proxy": { type: "string" },
  "forward-host": { type: "string" },
  "buffer-host": { type: "string" },
  "notify-host": { type: "string" },
  "cowrie": { type: "string" },
  "listen": { type: "string" },
  "target": { type: "string" },
  "output": { type: "string" },
  "no-start-script": { type: "boolean" },
  "help": { type: "boolean" },
} as const;

const NAMES = Object.keys(OPTIONS).map((name) => `--${name}`);

/** What to compile. */
export interface CompileOptions {
  readonly site: Site;
  readonly target: string | undefined;
  readonly output: string;
  readonly noStartScript: boolean;
}

/** What is printed instead of compiling. */
export interface Instead {
  readonly message: string;
  readonly isError: boolean;
}

/** Reads the arguments. */
export function readOptions(args: readonly string[]): CompileOptions | Instead {
  // `strict` would put Node's own messages before the user.
  const { values, tokens } = parseArgs({
    args: args.map((arg) => arg === "-h" ? "--help" : arg),
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    const problem = token.kind === "option"
      ? problemOf(token)
      : token.kind === "positional"
      ? `unexpected argument "${token.value}"; `
      : undefined;
    if (problem !== undefined) return wrong(`${problem}--help lists the options`);
  }
  if (values.help === true) return { message: USAGE, isError: false };
  const text = (name: keyof typeof OPTIONS) => values[name] as string | undefined;
  const site: Site = {
    root: (text("root") ?? "/var/ossec").replace(/\/+$/, ""),
    mispHost: text("misp-host"),
    mispProxy: text("misp-proxy"),
    forwardHost: text("forward-host"),
    notifyHost: text("notify-host"),
    bufferHost: text("buffer-host"),
    cowrieFolder: text("cowrie"),
    listen: text("listen") ?? "127.0.0.1:8787",
  };
  const { mispProxy, cowrieFolder, notifyHost, bufferHost } = site;
  const hosts = [site.listen, site.mispHost, mispProxy, site.forwardHost, notifyHost, bufferHost];
  for (const host of hosts) {
    if (host === undefined || /^([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(host)) continue;
    return wrong(`"${host}" is not a valid HOST or HOST:PORT; leave out https:// and the path`);
  }
  if (mispProxy !== undefined && !/:\d+$/.test(mispProxy)) {
    return wrong(`"${mispProxy}" is not a valid HOST:PORT; name the port of the proxy, too`);
  }
  for (const [name, folder] of [["root", site.root], ["cowrie", cowrieFolder]]) {
    if (folder === undefined || (folder.startsWith("/") && !folder.includes(","))) continue;
    return wrong(`--${name} "${folder}" must be an absolute path without a comma`);
  }
  const target = text("target");
  if (target !== undefined && !TARGETS.includes(target)) {
    return wrong(`--target "${target}" is not one of ${TARGETS.join(", ")}`);
  }
  const noStartScript = values["no-start-script"] === true;
  return { site, target, output: text("output") ?? OUTPUT, noStartScript };
}

const wrong = (message: string): Instead => ({ message, isError: true });

interface Given {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function problemOf({ name, rawName, value, inlineValue }: Given): string | undefined {
  if (!Object.hasOwn(OPTIONS, name)) {
    return `unknown option ${rawName}; ${didYouMean(name, NAMES)}`;
  }
  if (OPTIONS[name as keyof typeof OPTIONS].type === "boolean") {
    return value === undefined ? undefined : `${rawName} takes no value; `;
  }
  const isMissing = value === undefined || value === "" || !inlineValue && value.startsWith("-");
  return isMissing ? `${rawName} needs a value; ` : undefined;
}
