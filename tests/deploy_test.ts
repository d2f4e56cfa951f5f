/**
 * The files of `deploy/` agree with the program: paths, rules, keys, exit codes, names of metrics.
 * `deploy_tools_test.ts` gives the same files to the tools that they are for.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writtenBySetup } from "../src/cli/ossec_conf.ts";
import { dirname } from "node:path";
import { ALLOW_ENV, permissionFlags } from "../deploy/permissions.ts";
import { startModules } from "../deploy/startup/modules.ts";
import { EXIT } from "../src/cli/exit.ts";
import { GRACE_MS as FOLLOW_GRACE_MS } from "../src/cli/commands/follow.ts";
import { GRACE_MS as SERVE_GRACE_MS } from "../src/cli/commands/serve.ts";
import { RUNTIME_VARIABLES } from "../src/cli/wiring/runtime_variables.ts";
import { configurationKeys, environmentName } from "../src/config/keys.ts";
import { DEFAULT_RULES, PROGRAM } from "../src/config/defaults.ts";
import { loadConfig } from "../src/config/load.ts";
import { integrationBlocks, missingRules } from "../src/wazuh/ossec_conf.ts";
import { RULE_FACTS } from "../src/wazuh/rule_facts.ts";
import { createRig } from "./server/rig.ts";
import { exprsOf } from "./support/grafana.ts";
import { parseYaml } from "./support/yaml.ts";

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

const SITE = { root: "/var/ossec", mispHost: "misp.example.org", listen: "127.0.0.1:8787" };
const BINARY = `/var/ossec/integrations/${PROGRAM}`;

/** The paths or hosts of a permission flag. */
function valuesOfFlag(flag: string): readonly string[] {
  const found = permissionFlags(SITE).find((one) => one.startsWith(`${flag}=`));
  return found?.slice(flag.length + 1).split(",") ?? [];
}

Deno.test("permissionFlags() lets the binary connect to a proxy that it is compiled for, and to no other", () => {
  const netOf = (site: Parameters<typeof permissionFlags>[0]) =>
    permissionFlags(site).find((flag) => flag.startsWith("--allow-net="));
  assert.equal(netOf(SITE), "--allow-net=127.0.0.1:8787,misp.example.org");
  assert.equal(
    netOf({ ...SITE, mispProxy: "proxy.example.org:3128" }),
    "--allow-net=127.0.0.1:8787,misp.example.org,proxy.example.org:3128",
  );
});

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** The settings of a unit's section, in order; comments are left out. */
function unit(name: string, section: string): readonly (readonly [string, string])[] {
  let current = "";
  const found: [string, string][] = [];
  for (const line of read(`deploy/systemd/${name}`).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) current = header;
    else {
      const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
      assert.ok(key !== undefined && value !== undefined, `${name}: ${line}`);
      if (current === section) found.push([key, value]);
    }
  }
  return found;
}

/** Paths for `setup` are dropped by every service. */
const writtenByServices = () =>
  valuesOfFlag("--allow-write").filter((path) => !writtenBySetup("/var/ossec").includes(path));

const valuesOf = (settings: ReturnType<typeof unit>, key: string) =>
  settings.filter(([name]) => name === key).map(([, value]) => value);

/** How long each command may take to end, milliseconds; flush does not wait for anything. */
const GRACE = { serve: SERVE_GRACE_MS, follow: FOLLOW_GRACE_MS, flush: 0 };

for (const command of ["serve", "follow", "flush"] as const) {
  Deno.test(`the unit of ${command} lets it do what the binary may, and no more`, () => {
    const service = unit(`custom-misp-${command}.service`, "Service");
    const one = (key: string) => valuesOf(service, key).join(" ");
    assert.equal(one("ExecStart"), `${BINARY} ${command}`);
    assert.deepEqual(valuesOf(service, "ReadWritePaths"), writtenByServices());
    const hidden = one("InaccessiblePaths").split(" ").map((path) => path.replace(/^-/, ""));
    assert.ok(valuesOfFlag("--allow-read").length > 0);
    for (const used of valuesOfFlag("--allow-read")) {
      assert.deepEqual(hidden.filter((path) => isBelow(used, path) || isBelow(path, used)), []);
    }
    assert.equal(one("User"), "wazuh");
    assert.equal(one("ProtectSystem"), "strict");
    assert.equal(one("NoNewPrivileges"), "yes");
    assert.equal(one("LimitCORE"), "0");
    assert.equal(one("UMask"), "0027");
    const unset = valuesOf(service, "UnsetEnvironment").join(" ").split(" ");
    for (const name of ["LD_PRELOAD", "SSLKEYLOGFILE", ...RUNTIME_VARIABLES]) {
      assert.ok(unset.includes(name), name);
    }
    assert.equal(one("MemoryDenyWriteExecute"), "", "V8 does not start with it");
    if (command === "flush") assert.equal(one("SuccessExitStatus"), String(EXIT.waiting));
    else {
      assert.equal(one("Restart"), "on-failure");
      assert.equal(one("RestartPreventExitStatus"), String(EXIT.usage));
    }
    assert.ok(Number(one("TimeoutStopSec")) * 1000 > GRACE[command]);
  });
}

Deno.test("the units have the same restrictions", () => {
  const own = /^(Type|Exec\w+|Restart\w*|Success\w+|Timeout\w+)$/;
  const restrictions = ["serve", "follow", "flush"].map((command) =>
    unit(`custom-misp-${command}.service`, "Service").filter(([key]) => !own.test(key))
  );
  assert.deepEqual(restrictions[1], restrictions[0]);
  assert.deepEqual(restrictions[2], restrictions[0]);
  assert.ok(restrictions[0]!.length > 30);
});

Deno.test("docs/wazuh.md has the default set as a list of rules, too", () => {
  const ids = /<rule_id>([\d,]+)<\/rule_id>/.exec(read("docs/wazuh.md"))?.[1]?.split(",");
  assert.deepEqual(ids, [...DEFAULT_RULES]);
});

Deno.test("ossec.conf selects every rule of the default set, as JSON", () => {
  const block = read("deploy/wazuh4/ossec.conf").replaceAll(/<!--[\s\S]*?-->/g, "");
  const tag = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(block)?.[1];
  assert.equal(tag("name"), PROGRAM);
  assert.deepEqual(missingRules(integrationBlocks(block), DEFAULT_RULES, RULE_FACTS), []);
  assert.equal(tag("alert_format"), "json");
  const group = tag("group");
  assert.doesNotMatch(group ?? " ", /\s/);
  for (const path of ["README.md", "docs/wazuh.md", "deploy/wazuh4/README.md"]) {
    assert.ok(read(path).includes(`<group>${group}</group>`), path);
  }
});

interface Compose {
  readonly services: {
    readonly serve: {
      readonly build: {
        readonly context: string;
        readonly dockerfile: string;
        readonly args: Readonly<Record<string, string>>;
      };
      readonly environment: Readonly<Record<string, string>>;
      readonly secrets: readonly { readonly source: string; readonly target: string }[];
      readonly volumes: readonly string[];
      readonly ports: readonly string[];
      readonly tmpfs: readonly string[];
      readonly read_only: boolean;
      readonly user: string;
      readonly cap_drop: readonly string[];
      readonly security_opt: readonly string[];
      readonly healthcheck: { readonly test: readonly string[] };
    };
  };
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

Deno.test("compose.yaml sets keys of the program, and mounts files where the binary can read them", () => {
  const compose = parseYaml(read("deploy/container/compose.yaml")) as Compose;
  const { serve } = compose.services;
  const known = Object.keys(configurationKeys("/var/ossec")).map(environmentName);
  assert.deepEqual(Object.keys(serve.environment).filter((name) => !known.includes(name)), []);
  const { config } = loadConfig({
    root: "/var/ossec",
    environment: (name) => serve.environment[name],
    readTextFile: () => {
      throw new Deno.errors.NotFound();
    },
  });
  // The binary is compiled for this host alone.
  assert.equal(new URL(config.misp.url!).host, serve.build.args.MISP_HOST);
  const targets = serve.secrets.map(({ target }) => target);
  assert.deepEqual(targets, [config.misp.apiKeyFile, config.server.tokensFile]);
  for (const path of targets) {
    assert.ok(valuesOfFlag("--allow-read").some((folder) => isBelow(path, folder)), path);
  }
  assert.deepEqual(
    serve.secrets.map(({ source }) => compose.secrets[source]?.file),
    ["./misp-key", "./tokens"],
  );
  for (const name of ["misp-key", "tokens"]) {
    assert.ok(read(".gitignore").split("\n").includes(`deploy/container/${name}`));
  }
  const folders = [...serve.volumes, ...serve.tmpfs].map((mount) => mount.split(":"));
  assert.deepEqual(Object.keys(compose.volumes), [folders[0]![0]]);
  // The rest of the container is read-only.
  const writable = [folders[0]![1]!, ...folders.slice(1).map(([path]) => path!)];
  for (const path of writtenByServices()) {
    assert.ok(writable.some((folder) => isBelow(path, folder)), path);
  }
  assert.equal(serve.read_only, true);
  assert.deepEqual(serve.cap_drop, ["ALL"]);
  assert.deepEqual(serve.security_opt, ["no-new-privileges:true"]);
  assert.deepEqual(serve.ports, ["127.0.0.1:8787:8787"]);
  assert.deepEqual(serve.healthcheck.test, ["CMD", "healthcheck"]);
});

Deno.test("Containerfile copies files of the project, and runs as a user who owns none of them", () => {
  const compose = parseYaml(read("deploy/container/compose.yaml")) as Compose;
  const { build, user } = compose.services.serve;
  // The context is the project's folder.
  assert.equal(build.context, "../..");
  const lines = read(build.dockerfile).replaceAll("\\\n", " ").split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const INSTRUCTION =
    /^(FROM|WORKDIR|COPY|ARG|LABEL|RUN|USER|ENV|EXPOSE|VOLUME|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD) /;
  assert.deepEqual(lines.filter((line) => !INSTRUCTION.test(line)), []);
  const copies = lines.filter((one) => one.startsWith("COPY ") && !one.includes("--from="));
  assert.ok(copies.length > 0);
  for (const line of copies) {
    const sources = line.split(/\s+/).slice(1, -1).filter((word) => !word.startsWith("--"));
    for (const source of sources) {
      const path = source.replace(/\*.*$/, "");
      assert.ok(Deno.statSync(new URL(path, PROJECT)), source);
    }
  }
  assert.equal(lines.findLast((line) => line.startsWith("USER ")), `USER ${user}`);
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/);
  assert.ok(lines.includes(`ENTRYPOINT ["${BINARY}"]`));
  const listen = lines.find((line) => line.startsWith("ENV WM_SERVER_LISTEN="))!.split("=")[1]!;
  const compile = lines.find((line) => line.includes("task compile"))!;
  assert.ok(compile.endsWith(`--listen ${listen}`), "the binary may listen nowhere else");
});

Deno.test("Containerfile copies every module that the build of the binary loads", async () => {
  const copied = read("deploy/container/Containerfile").split("\n")
    .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))
    .filter((word) => !word.startsWith("--"));
  const sent = read("deploy/container/Containerfile.dockerignore").split("\n")
    .filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const covers = (pattern: string, path: string) =>
    pattern.endsWith("/*.ts")
      ? dirname(path) === dirname(pattern) && path.endsWith(".ts")
      : isBelow(path, pattern);
  const modules = await Promise.all(
    ["deploy/compile.ts", "deploy/startup/start.ts", "deploy/startup/warm.ts", "main.ts"]
      .map((name) => startModules(new URL(name, PROJECT).pathname)),
  );
  const paths = modules.flatMap(({ atOnce }) => atOnce)
    .filter((one) => one.startsWith(PROJECT.href)).map((one) => one.slice(PROJECT.href.length));
  assert.ok(paths.includes("deploy/startup/bundle.ts") && paths.includes("deno.json"));
  for (const patterns of [copied, sent]) {
    assert.deepEqual(paths.filter((path) => !patterns.some((one) => covers(one, path))), []);
  }
});

/** The names of the metrics that `GET /metrics` has. */
async function publishedMetrics(): Promise<readonly string[]> {
  using rig = await createRig();
  const text = await (await rig.ask("/metrics")).text();
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
}

const metricsIn = (text: string) =>
  new Set(
    [...text.matchAll(/\b(?:custom_misp|process|nodejs)_[a-z_]+/g)]
      .map(([name]) => name.replace(/(_seconds)_(bucket|sum|count)$/, "$1")),
  );

Deno.test("alerts and dashboard use metrics of the program, and the dashboard all of them", async () => {
  const published = await publishedMetrics();
  assert.ok(published.includes("custom_misp_alerts_total"));
  for (const path of ["deploy/prometheus/alerts.yml", "deploy/prometheus/alerts_test.yml"]) {
    const found = [...metricsIn(read(path))];
    assert.ok(found.length > 5, path);
    assert.deepEqual(found.filter((name) => !published.includes(name)), [], path);
  }
  assert.deepEqual(
    [...metricsIn(exprsOf(read("deploy/grafana/dashboard.json")).join("\n"))].sort(),
    published.toSorted(),
  );
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

Deno.test("each alert says what is wrong and what to do, and has a test", () => {
  const { groups } = parseYaml(read("deploy/prometheus/alerts.yml")) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  const tests = read("deploy/prometheus/alerts_test.yml");
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 10);
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels.severity, /^(warning|critical)$/, alert);
    assert.ok(annotations.summary.length > 10 && annotations.description.length > 10, alert);
    // A whole word: one name begins like another.
    assert.match(tests, new RegExp(`\\b${alert}\\b`));
  }
  // An attack is due after buffer.max_hold_minutes.
  const held = rules.find(({ alert }) => alert === "CustomMispAttackHeld")!;
  const minutes = Number(/> (\d+) \* 60$/.exec(held.expr)?.[1]);
  assert.ok(minutes > Number(configurationKeys("/")["buffer.max_hold_minutes"]!.fallback));
});

Deno.test("the dashboard asks the data source that is chosen", () => {
  const dashboard = JSON.parse(read("deploy/grafana/dashboard.json")) as {
    readonly panels: readonly {
      readonly id: number;
      readonly type: string;
      readonly datasource?: unknown;
      readonly gridPos: {
        readonly x: number;
        readonly y: number;
        readonly w: number;
        readonly h: number;
      };
    }[];
    readonly templating: {
      readonly list: readonly { readonly name: string; readonly type: string }[];
    };
  };
  assert.ok(
    dashboard.templating.list.some(({ name, type }) => name === type && type === "datasource"),
  );
  const chosen = { type: "prometheus", uid: "${datasource}" };
  const ids = new Set<number>();
  const filled = new Set<string>();
  for (const { id, type, datasource, gridPos: { x, y, w, h } } of dashboard.panels) {
    if (type !== "row") assert.deepEqual(datasource, chosen);
    ids.add(id);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert.ok(column < 24 && !filled.has(`${column} ${line}`), `panel ${id} lies on another`);
        filled.add(`${column} ${line}`);
      }
    }
  }
  assert.equal(ids.size, dashboard.panels.length);
});

Deno.test("example.json is the configuration that README shows", () => {
  const example = JSON.parse(read("deploy/example.json")) as object;
  const shown = /```json\n( *\{\n *"misp"[\s\S]*?)```/.exec(read("README.md"))?.[1];
  assert.deepEqual(JSON.parse(shown!), example);
});

Deno.test("deno.json permits deno run the same variables as the binary", () => {
  const { permissions } = JSON.parse(read("deno.json"));
  assert.equal(`--allow-env=${permissions.default.env.join(",")}`, ALLOW_ENV);
});
