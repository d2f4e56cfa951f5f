/**
 * `setup`: asks for what the program needs, checks it, and writes it.
 *
 * @module
 */
import { dirname } from "node:path";
import { PROGRAM } from "../../../config/defaults.ts";
import { loadConfig, type Loaded } from "../../../config/load.ts";
import { ConfigError } from "../../../config/values.ts";
import { fileReason } from "../../../errors.ts";
import { createGuard } from "../../../guard/guard.ts";
import { integrationBlock, withIntegrationBlock } from "../../../wazuh/ossec_conf_edit.ts";
import { EXIT, Failure } from "../../exit.ts";
import { ossecConf, secretsFolder } from "../../ossec_conf.ts";
import { checksText } from "../../terminal/checks.ts";
import { parse, type Values } from "../../terminal/options.ts";
import { screenOf } from "../../terminal/screen.ts";
import { SELF, selfArgs } from "../../wiring/background_publisher.ts";
import { allowedOf, loadStartConfig, type Start } from "../../wiring/context.ts";
import { alertsPath } from "../../wiring/following.ts";
import { IS_KEY, ONLY_KEY } from "../../wiring/publisher.ts";
import { checkHoneypots, latestAlerts, namesOf } from "../doctor/honeypots.ts";
import { checkMisp } from "../doctor/misp.ts";
import { type Answers, type Merged, merged, replacedText } from "./configuration.ts";
import { isYes, type Terminal, terminalOf } from "./terminal.ts";
import { isBelow, type Owner, putFile, readNoLink, secretsOwner } from "./write.ts";

/** What the questions are about. */
interface Site {
  readonly start: Start;
  readonly values: Values<"setup">;
  /** Undefined: nobody can be asked. */
  readonly terminal: Terminal | undefined;
  readonly loaded: Loaded;
  /** The parsed configuration file; undefined: there is none. */
  readonly existing: unknown;
}

/** Address and key, as they were checked. */
interface Access {
  readonly answers: Answers;
  /** Undefined: the key stays where it is. */
  readonly key: string | undefined;
}

/** Runs `setup`, and `doctor` after it, whose exit code it gives. */
export async function setup(start: Start): Promise<number> {
  const { values } = parse("setup", start.args);
  const staging = secretsFolder(start.root);
  const owner = secretsOwner(staging);
  const loaded = loadStartConfig(start);
  const existing = loaded.fileFound ? JSON.parse(textOf(loaded.file)) : undefined;
  const site = { start, values, terminal: terminalOf(Deno.stdin), loaded, existing };
  const access = await askAccess(site);
  const answers = await askHoneypots(site, access.answers);
  const result = merged(existing, answers);
  const keyFile = access.key === undefined ? undefined : keyFileOf(site);
  confirm(site, result, keyFile, access.key);
  if (keyFile !== undefined) {
    write(keyFile, `${access.key}\n`, owner, staging, true);
  }
  write(loaded.file, result.text, owner, staging, result.isChanged);
  showBlock(site, staging);
  console.log("");
  return await runDoctor(start, loaded);
}

/** The same text that was parsed already. */
const textOf = (path: string) => Deno.readTextFileSync(path).replace(/^\ufeff/, "");

/** Checks the answers as a configuration. @throws {ConfigError} */
function candidate({ start, existing }: Site, answers: Answers): Loaded {
  const { text } = merged(existing, answers);
  return loadConfig({
    root: start.root,
    // The name by which a wrong value is shown: no file has it yet.
    file: "the answers",
    // What is answered counts here, whatever the environment says.
    environment: (name) => isAnswered(name, answers) ? undefined : Deno.env.get(name),
    readTextFile: () => text,
  });
}

function isAnswered(variable: string, answers: Answers): boolean {
  const { mispUrl, keyFile, caFile, agentPrefixes, hostnames } = answers;
  const answered: Readonly<Record<string, unknown>> = {
    WM_MISP_URL: mispUrl,
    WM_MISP_API_KEY: keyFile,
    WM_MISP_API_KEY_FILE: keyFile,
    WM_MISP_CA_FILE: caFile,
    WM_HONEYPOT_AGENT_PREFIXES: agentPrefixes,
    WM_HONEYPOT_HOSTNAMES: hostnames,
  };
  return answered[variable] !== undefined;
}

async function askAccess(site: Site): Promise<Access> {
  const { values, terminal } = site;
  const isGiven = values["misp-url"] !== undefined && values["key-file"] !== undefined;
  const mayAsk = terminal !== undefined && !isGiven;
  for (;;) {
    const access = answerAccess(site);
    let checked: Loaded;
    try {
      checked = candidate(site, access.answers);
    } catch (error) {
      if (!mayAsk || !(error instanceof ConfigError)) throw error;
      console.log(error.message);
      continue;
    }
    const isAccepted = await acceptsKey(checked, access.key);
    if (isAccepted || values.unchecked) return access;
    if (!mayAsk) {
      throw new Failure(
        EXIT.failed,
        "MISP cannot be used like this, and nothing was written; --unchecked writes it all the same",
      );
    }
    if (isYes(terminal, "Use it all the same?")) return access;
  }
}

function answerAccess(site: Site): Access {
  const { values, terminal, loaded: { config } } = site;
  const known = config.misp.url;
  const mispUrl = values["misp-url"] ??
    terminal?.ask(
      `Address of MISP${known === undefined ? ", or Enter for a feed folder" : ` [${known}]`}: `,
    );
  const url = mispUrl || known;
  if (url === undefined) return { answers: {}, key: undefined };
  const hasKey = config.misp.apiKey !== undefined || isThere(config.misp.apiKeyFile);
  const key = askKey(site, hasKey);
  if (key === undefined && !hasKey) {
    throw new Failure(
      EXIT.usage,
      "setup needs the key of a MISP user; use --key-file FILE, or --key-file -",
    );
  }
  return {
    answers: {
      mispUrl: url,
      caFile: values["ca-file"],
      ...(key === undefined ? {} : { keyFile: keyFileOf(site) }),
    },
    key,
  };
}

function askKey({ values, terminal }: Site, hasKey: boolean): string | undefined {
  const file = values["key-file"];
  if (file === undefined || file === "-" && terminal !== undefined) {
    const keeps = hasKey ? ", or Enter to keep the present one" : "";
    return terminal?.askSecret(`Key of a MISP user, which is not shown${keeps}: `) || undefined;
  }
  const text = file === "-" ? inputText() : keyText(file);
  const key = text.trim();
  if (key === "") throw new Failure(EXIT.usage, `--key-file ${file} holds no key`);
  if (!IS_KEY.test(key)) {
    throw new Failure(
      EXIT.usage,
      `--key-file ${file} has characters that a key never has; ${ONLY_KEY}`,
    );
  }
  return key;
}

/** Keys have 40 characters: more than this is another file. */
const LONGEST_KEY = 10_000;

function inputText(): string {
  const bytes = new Uint8Array(LONGEST_KEY);
  let length = 0;
  while (length < bytes.length) {
    const read = Deno.stdin.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

function keyText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure(
      EXIT.usage,
      `--key-file ${path}: ${fileReason(error)}; \`--key-file - <FILE\` reads any file`,
    );
  }
}

function isThere(path: string | undefined): boolean {
  if (path === undefined) return false;
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}

function keyFileOf({ start, loaded }: Site): string {
  const folder = secretsFolder(start.root);
  const { apiKeyFile } = loaded.config.misp;
  return apiKeyFile !== undefined && isBelow(apiKeyFile, folder) ? apiKeyFile : `${folder}/api-key`;
}

/** Asks MISP, and prints what `doctor` would. */
async function acceptsKey({ config }: Loaded, key: string | undefined): Promise<boolean> {
  const misp = key === undefined ? config.misp : { ...config.misp, apiKey: key };
  const checks = await checkMisp({ ...config, misp });
  console.log(checksText(checks, screenOf(Deno.stdout)));
  return checks.every(({ state }) => state !== "failure");
}

const namesIn = (text: string) =>
  text.split(",").map((name) => name.trim()).filter((name) => name !== "");

async function askHoneypots(site: Site, known: Answers): Promise<Answers> {
  const { values, terminal, loaded: { config }, start } = site;
  for (;;) {
    const { agentPrefixes, hostnames } = config.honeypot;
    const answers = {
      ...known,
      agentPrefixes: answerNames(values.honeypots, agentPrefixes, "Names of honeypots begin with"),
      hostnames: answerNames(values.hosts, hostnames, "Hosts that send syslog without an agent"),
    };
    const { config: asked } = candidate(site, answers);
    const guard = createGuard({ ...asked.honeypot, ...asked.guard }, await allowedOf(asked));
    const path = alertsPath(start.root);
    const seen = latestAlerts(guard, path);
    const checks = checkHoneypots(asked, guard, path);
    console.log(checksText(checks, screenOf(Deno.stdout)));
    if (seen !== undefined && seen.alerts > 0) {
      const of = seen.matching === 0 ? "" : `: ${namesOf(seen.ours)}`;
      console.log(
        `${seen.matching} of the latest ${seen.alerts} alerts in ${path} are of these honeypots${of}`,
      );
    }
    const isGiven = values.honeypots !== undefined || values.hosts !== undefined;
    const isWell = checks.every(({ state }) => state === "ok");
    if (isGiven && !values.unchecked && checks.some(({ state }) => state === "failure")) {
      throw new Failure(
        EXIT.failed,
        "no alert can count like this, and nothing was written; --unchecked writes it all the same",
      );
    }
    if (isWell || terminal === undefined || isGiven) return answers;
    if (isYes(terminal, "Use these names all the same?")) return answers;
  }

  function answerNames(
    given: string | undefined,
    present: readonly string[],
    question: string,
  ): readonly string[] | undefined {
    if (given !== undefined) return namesIn(given);
    const shown = present.length === 0 ? "none" : present.join(",");
    const typed = terminal?.ask(`${question} [${shown}]: `) ?? "";
    if (typed !== "") return namesIn(typed);
    return undefined;
  }
}

/** Nothing that is there is replaced without a yes. */
function confirm(
  { loaded, terminal, values }: Site,
  { replaced }: Merged,
  keyFile: string | undefined,
  key: string | undefined,
): void {
  const found = replaced.map((one) => `${loaded.file}: ${replacedText(one)}`);
  if (keyFile !== undefined && isThere(keyFile) && readText(keyFile) !== key) {
    found.push(`${keyFile}: replaces the key`);
  }
  if (found.length === 0 || values.yes) return;
  for (const line of found) console.log(line);
  if (terminal === undefined) {
    throw new Failure(EXIT.usage, "setup replaces nothing without --yes; nothing was written");
  }
  if (isYes(terminal, "Replace it?")) return;
  throw new Failure(EXIT.failed, "setup was ended; nothing was written");
}

function readText(path: string): string | undefined {
  const found = readNoLink(path);
  return found === undefined ? undefined : new TextDecoder().decode(found.bytes).trim();
}

function write(
  path: string,
  text: string,
  owner: Owner,
  staging: string,
  isChanged: boolean,
): void {
  if (!isChanged) return console.log(`keeps ${path}`);
  putFile(path, new TextEncoder().encode(text), owner, staging);
  console.log(`writes ${path} (0640)`);
}

function showBlock({ start, values }: Site, staging: string): void {
  const path = ossecConf(start.root);
  const found = readNoLink(path);
  const edit = found === undefined ? undefined : withIntegrationBlock(found.bytes, PROGRAM);
  if (edit?.kind === "there") return console.log(`keeps ${path}, which has the block`);
  if (!values["write-ossec-conf"]) {
    console.log(
      `\nAdd to ${path}, or run \`setup --write-ossec-conf\`:\n\n${integrationBlock(PROGRAM)}\n`,
    );
    return console.log("Then restart the manager.");
  }
  if (found === undefined || edit?.kind !== "changed") {
    throw new Failure(
      EXIT.failed,
      found === undefined
        ? `${path} is not there; leave out --write-ossec-conf where no Wazuh 4.x manager runs`
        : `${path} has no </ossec_config>; add the block by hand`,
    );
  }
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const copy = `${staging}/ossec.conf.${stamp}`;
  putFile(copy, found.bytes, found.owner, staging);
  putFile(path, edit.bytes, found.owner, staging);
  console.log(`writes the block into ${path}; the former file is ${copy}`);
  console.log("Now restart the manager.");
}

/** As Wazuh's user, since root may do what that user may not. Its permissions are those of `doctor`. */
async function runDoctor(start: Start, { config, variables }: Loaded): Promise<number> {
  const options: Deno.CommandOptions = {
    args: selfArgs(start, "doctor"),
    clearEnv: Deno.build.standalone,
    env: Deno.build.standalone ? variables : {},
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  };
  try {
    const { uid, gid } = Deno.statSync(dirname(config.buffer.path));
    const asUser = Deno.build.standalone && uid !== null && gid !== null ? { uid, gid } : {};
    return (await new Deno.Command(SELF, { ...options, ...asUser }).output()).code;
  } catch {
    return (await new Deno.Command(SELF, options).output()).code;
  }
}
