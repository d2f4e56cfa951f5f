/**
 * What goes into the binary: the script that it starts with (start.ts), the modules that this loads
 * later, and the code that V8 made of the script.
 *
 * @module
 */
import { deno, output, PROJECT } from "../deno.ts";
import { START_CODE, START_SCRIPT, wrapped } from "./start_script.ts";
import { V8_FLAGS } from "./v8.ts";

/** The script's source; its bundle holds all that it loads later. */
const PROGRAM_MODULE = "src/cli/program.ts";

/** Names that `import()` has in the script. */
const LATE = /\bimport\("([^"]+)"\)/g;

/** Writes the bundle. @param folder where to; it is made */
export async function bundle(folder: string): Promise<void> {
  const minified = ["bundle", "--quiet", "--platform", "deno", "--minify"];
  const modules = [...minified, "--code-splitting", "--outdir", folder];
  await deno([...modules, PROJECT + PROGRAM_MODULE]);
  for (const entry of ["start", "warm"]) {
    await deno([...minified, "--output", `${folder}/${entry}.js`, `${PROJECT}deploy/startup/${entry}.ts`]);
  }
  const script = `${folder}/${START_SCRIPT}`;
  const external = (await lateModules()).flatMap((name) => ["--external", name]);
  const commonjs = [...minified, "--format", "cjs", ...external, "--output", script];
  await deno([...commonjs, PROJECT + PROGRAM_MODULE]);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const text = Deno.readTextFileSync(script).trimEnd();
  for (const [required] of text.matchAll(/\brequire\([^)]*\)/g)) {
    if (required !== 'require("node:sqlite")') {
      fail(`${required}: start_script.ts gives it no such`);
    }
  }
  const late = text.replaceAll(LATE, (_, name: string) => `late("./${bundled(name, names)}")`);
  if (/\bimport\(/.test(late)) fail("a name behind import() is no text");
  Deno.writeTextFileSync(script, wrapped(late));
}

/** The names by which an integration call loads what it seldom needs. */
async function lateModules(): Promise<readonly string[]> {
  const main = PROJECT + PROGRAM_MODULE;
  const { modules } = JSON.parse(await deno(["info", "--json", main])) as {
    modules: readonly {
      readonly specifier: string;
      readonly dependencies?: readonly {
        readonly specifier: string;
        readonly code?: { readonly specifier?: string };
        readonly isDynamic?: boolean;
      }[];
    }[];
  };
  const bySpecifier = new Map(modules.map((one) => [one.specifier, one]));
  const seen = new Set<string>();
  const late = new Set<string>();
  const visit = (specifier: string) => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (const one of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (one.isDynamic) late.add(one.specifier);
      else if (one.code?.specifier !== undefined) visit(one.code.specifier);
    }
  };
  visit(new URL(main, "file:").href);
  return [...late];
}

/** The file that the bundler made of a module: its name with eight letters and digits behind. */
function bundled(module: string, names: readonly string[]): string {
  const stem = module.slice(module.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const found = names.filter((name) =>
    name.startsWith(`${stem}-`) && /^[A-Z\d]{8}\.js$/.test(name.slice(stem.length + 1))
  );
  if (found.length !== 1) fail(`${module}: ${found.length} files of the bundle have its name`);
  return found[0]!;
}

/** An alert as Wazuh writes it (docs/contracts/wazuh.md 3.1). */
const ALERT = {
  timestamp: "2026-08-23T06:14:07.412+0000",
  rule: {
    level: 5,
    description: "sshd: authentication failed.",
    id: "5760",
    mitre: {
      id: ["T1110.001", "T1021.004"],
      tactic: ["Credential Access", "Lateral Movement"],
      technique: ["Password Guessing", "SSH"],
    },
    groups: ["syslog", "sshd", "authentication_failed"],
  },
  agent: { id: "007", name: "honeypot-1", ip: "10.20.0.7" },
  manager: { name: "wazuh-manager-1" },
  full_log: "Aug 23 06:14:06 honeypot-1 sshd[26279]: Failed password for root from 1.1.1.1 " +
    "port 51676 ssh2",
  predecoder: {
    program_name: "sshd",
    timestamp: "Aug 23 06:14:06",
    hostname: "honeypot-1",
  },
  decoder: { parent: "sshd", name: "sshd" },
  data: { srcip: "1.1.1.1", srcport: "51676", dstuser: "root" },
  location: "/var/log/auth.log",
};

/**
 * Puts V8's code beside the script: that of a call whose buffer was there already.
 *
 * @param place a folder that nobody else has
 */
export async function compileStart(
  workFolder: string,
  folder: string,
  config: string,
): Promise<void> {
  const warm = `${workFolder}/warm`;
  const root = `${workFolder}/root`;
  Deno.mkdirSync(`${root}/queue/custom-misp`, { recursive: true });
  Deno.mkdirSync(`${root}/logs`);
  await deno([
    ...["compile", "--quiet", "--no-check", "--no-lock", "--config", config],
    ...["--no-code-cache", V8_FLAGS, "--no-prompt", `--allow-read=${workFolder}`],
    ...[`--allow-write=${workFolder}`, "--allow-env=WM_*"],
    ...["--include", `${folder}/program.js`, "--include", `${folder}/${START_SCRIPT}`],
    ...["--output", warm, `${folder}/warm.js`],
  ]);
  const file = `${workFolder}/alerts/one.alert`;
  Deno.mkdirSync(`${workFolder}/alerts`);
  for (const id of ["1787465647.100", "1787465647.200"]) {
    Deno.writeTextFileSync(file, JSON.stringify({ ...ALERT, id }));
    const call = ["--root", root, file, "", "", "debug"];
    const args = [`${folder}/${START_CODE}`, ...call];
    const said = await output("the first call", warm, { args, clearEnv: true });
    if (!said.startsWith("accepted 1,")) fail(`the first call stored nothing: ${said}`);
  }
}

function fail(what: string): never {
  console.error(what);
  Deno.exit(1);
}
