/**
 * A machine on which the examples of the documents can be run as they are printed: the program is
 * installed, MISP is there, one report is refused, and stand-ins take what would change the machine.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { blocksOf } from "../support/documents.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, type Program, type Result } from "./program.ts";
import { freePort } from "../support/ports.ts";

/** The address of the examples. */
const SOURCE = "192.0.2.7";

const PROJECT = new URL("../../", import.meta.url).pathname;

/**
 * Commands of other programs that would change the machine, or need root. Each looks at what it is
 * told as far as that can be known here: units, services and users have to be ours.
 */
const STAND_INS = {
  systemctl: `
    while [ $# -gt 0 ]; do case $1 in
      start | stop | restart | enable | --now | wazuh-manager) ;;
      *) [ -f "deploy/systemd/$1.service" ] || [ -f "deploy/systemd/$1" ] || exit 5 ;;
    esac; shift; done`,
  journalctl: `[ "$1" = -u ] && [ -f "deploy/systemd/$2.service" ]`,
  docker: `
    [ "$1 $2" = "compose -f" ] && grep -q "^services:" "$3" || exit 125
    file=$3 verb=$4; shift 4
    case $verb in
      up) [ "$*" = "-d --build" ] ;;
      exec) grep -q "^  $1:" "$file" || exit 1; shift; exec "$@" ;;
      *) exit 125 ;;
    esac`,
  setpriv: `
    [ "$1 $3 $5" = "--reuid --regid --clear-groups" ] || exit 1
    case "$2 $4" in "wazuh wazuh" | *[0-9]" "[0-9]*) ;; *) exit 1 ;; esac
    shift 5; exec "$@"`,
  nft: `
    case $1 in
      -f) [ -f "$2" ] ;;
      *) [ "$*" = "list set inet custom_misp attackers_v4" ] ;;
    esac`,
  install: `
    for word; do shift; case $word in
      -o | -g) skip=1 ;;
      *) if [ "$skip" = 1 ]; then skip=; case $word in root | wazuh) ;; *) exit 1 ;; esac
         else set -- "$@" "$word"; fi ;;
    esac; done
    PATH=\${PATH#*:}; exec install "$@"`,
};

/** A shell's script to run there. */
interface Script {
  readonly text: string;
  /** It goes on for good, and is told to end once it says that it is at work. */
  readonly isEndless?: boolean;
}

/** The place, with its own MISP. */
export class ExampleFolder implements AsyncDisposable {
  readonly program: Program;
  /** Where `serve` listens. */
  readonly listen: string;
  readonly #misp: FakeMisp;

  private constructor(program: Program, listen: string, misp: FakeMisp) {
    this.program = program;
    this.listen = listen;
    this.#misp = misp;
  }

  /** Makes it, with a report about `SOURCE` that MISP has refused. */
  static async create(kind: Program["kind"]): Promise<ExampleFolder> {
    const misp = await FakeMisp.start();
    const listen = `127.0.0.1:${freePort()}`;
    const environment = { ...settings(misp, listen), WM_MISP_API_KEY: misp.keys.orgadmin };
    const options = { mispHost: new URL(misp.url).host, listen, environment };
    const program = await createProgram(kind, options);
    const place = new ExampleFolder(program, listen, misp);
    await place.#fill();
    await place.#makeRefused();
    return place;
  }

  /** Where commands are run. */
  get folder(): string {
    return `${this.program.root}/examples`;
  }

  async #fill(): Promise<void> {
    const { root, kind } = this.program;
    const day = `${root}/logs/alerts/2026/Nov`;
    const made = [
      ...["etc/bash_completion.d", "etc/logrotate.d", "usr/local/share/man/man8"],
      ...["usr/local/sbin", "var/backups", "etc/lists", "etc/rules"],
    ];
    const folders = [`${this.folder}/bin`, `${this.folder}/dist`, `${root}/bin`, day];
    for (const folder of [...folders, ...made.map((name) => `${root}/${name}`)]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    const ours = [`${PROJECT}deploy`, `${PROJECT}deploy/wazuh5/monitor.json`];
    const copied = await new Deno.Command("cp", { args: ["-r", ...ours, this.folder] }).output();
    assert.ok(copied.success);
    const installed = `${root}/integrations/${PROGRAM}`;
    if (kind === "deno run") {
      const start = `exec ${Deno.execPath()} run --quiet -P ${PROJECT}main.ts --root ${root} "$@"`;
      await writeScript(installed, start);
    }
    await Deno.link(installed, `${this.folder}/bin/${PROGRAM}`);
    await Deno.link(installed, `${this.folder}/dist/${PROGRAM}`);
    for (const [name, script] of Object.entries(STAND_INS)) {
      await writeScript(`${this.folder}/bin/${name}`, script);
    }
    const message = `Failed password for root from ${SOURCE} port 51676 ssh2`;
    const alert = () => `${JSON.stringify(sshdAlert({ message }))}\n`;
    await Deno.writeTextFile(`${root}/logs/alerts/alerts.json`, alert());
    await Deno.writeTextFile(`${this.folder}/alert.json`, alert());
    const packed = new Blob([alert()]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${day}/ossec-alerts-23.json.gz`, packed);
    const enabled = `wazuh-integratord: INFO: Enabling integration for: '${PROGRAM}'.\n`;
    await Deno.writeTextFile(`${root}/logs/ossec.log`, enabled);
    await Deno.writeTextFile(`${root}/etc/custom-misp/api-key`, this.#misp.keys.orgadmin);
  }

  /** MISP leaves out the address, which makes the report refused. */
  async #makeRefused(): Promise<void> {
    const { program } = this;
    const replayed = await program.run(["replay", `${program.root}/logs/alerts/alerts.json`]);
    assert.equal(replayed.code, 0, replayed.stderr);
    this.#misp.failEvery(1, { kind: "drop", what: /^192\.0\.2\.7$/ });
    const flushed = await program.run(["flush", "--now"]);
    assert.match(flushed.stdout, /^delivered 0, waiting 0, refused 1$/m, flushed.stderr);
    this.#misp.clearFaults();
  }

  /** Runs what a document prints, as it is but for the places. It ends at the first line that fails. */
  async run({ text, isEndless = false }: Script): Promise<Result> {
    const { root } = this.program;
    const script = text
      .replaceAll("/var/ossec", root)
      .replaceAll(
        /(?<=[ "'>])\/(?=etc\/bash_c|etc\/logrotate|usr\/local|var\/backups)/g,
        `${root}/`,
      )
      .replaceAll("127.0.0.1:8787", this.listen);
    await this.#reinstall();
    // Without tokens `serve` is open to this machine.
    const tokens = { WM_SERVER_TOKENS_FILE: `${root}/queue/custom-misp/tokens` };
    const child = new Deno.Command("bash", {
      args: ["-eo", "pipefail", "-c", isEndless ? `exec ${script}` : script],
      cwd: this.folder,
      clearEnv: true,
      env: {
        ...settings(this.#misp, this.listen),
        ...(/token/.test(text) ? tokens : {}),
        PATH: `${this.folder}/bin:${Deno.env.get("PATH")}`,
        HOME: Deno.env.get("HOME") ?? "/",
        MANPAGER: "cat",
        WM_MISP_API_KEY_FILE: `${root}/etc/custom-misp/api-key`,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const typed = this.#type(child);
    const ended = isEndless ? this.#endSoon(child) : undefined;
    const { code, stdout, stderr } = await child.output();
    await Promise.all([typed, ended]);
    const decoded = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, stdout: decoded[0]!, stderr: decoded[1]! };
  }

  /** What is asked for is MISP's key. */
  async #type(child: Deno.ChildProcess): Promise<void> {
    const key = new Blob([this.#misp.keys.orgadmin]).stream();
    // Most commands ask for nothing, and are gone before.
    await key.pipeTo(child.stdin).catch(() => undefined);
  }

  /** A document that takes the program away goes on with the new one. */
  async #reinstall(): Promise<void> {
    const installed = `${this.program.root}/integrations/${PROGRAM}`;
    await Deno.link(`${this.folder}/dist/${PROGRAM}`, installed).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }

  async #endSoon(child: Deno.ChildProcess): Promise<void> {
    const size = async () => (await Deno.stat(this.program.log).catch(() => undefined))?.size;
    const before = await size();
    for (let tries = 0; tries < 1200 && await size() === before; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.#misp[Symbol.asyncDispose]();
  }
}

const settings = (misp: FakeMisp, listen: string) => ({
  WM_MISP_URL: misp.url,
  WM_GUARD_PUBLISH_PRIVATE: "true",
  WM_SERVER_LISTEN: listen,
  WM_LISTS: JSON.stringify(
    (JSON.parse(blocksOf("docs/lists.md", "json")[0]!) as { lists: unknown }).lists,
  ),
});

const writeScript = (path: string, text: string) =>
  Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });

/** The shell function under which the documents call the program, as one of them prints it. */
export function documentedFunction(): string {
  for (const block of blocksOf("docs/troubleshooting.md", "sh")) {
    const found = /^custom_misp\(\) \{\n[^]*?^\}\n/m.exec(block);
    if (found !== null) return found[0];
  }
  throw new Error("docs/troubleshooting.md no longer says what custom_misp is");
}
