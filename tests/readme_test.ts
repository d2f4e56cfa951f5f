import assert from "node:assert/strict";
import { permissionFlags } from "../deploy/permissions.ts";
import { COMMANDS } from "../src/cli/manual/commands.ts";
import { EXIT_CODES } from "../src/cli/manual/shared.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { describeService } from "../src/server/openapi.ts";
import { createMetrics } from "../src/server/metrics.ts";
import { configurationKeys } from "../src/config/keys.ts";
import { DEFAULT_RULES, PROGRAM } from "../src/config/defaults.ts";
import type { Key } from "../src/config/key.ts";
import { integrationBlocks, missingRules } from "../src/wazuh/ossec_conf.ts";
import { RULE_FACTS } from "../src/wazuh/rule_facts.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(`../${name}`, import.meta.url));
const README = read("README.md");

/** The cells of a Markdown table's rows, whatever their padding. */
function tableBehind(marker: string): readonly (readonly string[])[] {
  const lines = README.slice(README.indexOf(marker)).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
  );
}

function shownDefault(name: string, { fallback }: Key): string {
  if (name === "misp.tags") return "see `help config`";
  if (fallback === undefined || Array.isArray(fallback) && fallback.length === 0) return "none";
  return (Array.isArray(fallback) ? fallback : [fallback]).map((item) => `\`${item}\``).join(", ");
}

Deno.test("README names every configuration key with its default", () => {
  const keys = Object.entries(configurationKeys("/var/ossec"));
  assert.deepEqual(
    tableBehind("<!-- keys -->"),
    keys.map(([name, key]) => [`\`${name}\``, shownDefault(name, key), key.about]),
  );
});

Deno.test("README names every command and every exit code", () => {
  const starts = tableBehind("## Commands").map(([start]) => start!);
  const named = starts.flatMap((start) => /`(-*\w+)/.exec(start)?.[1] ?? []);
  for (const { name } of COMMANDS) assert.ok(named.includes(name), name);
  const codes = tableBehind("\n| exit code").map(([code]) => code);
  assert.deepEqual(codes, Object.keys(EXIT_CODES));
});

Deno.test("README's commands use the pinned Deno", () => {
  const versions = new Set(README.match(/deno@[\d.]+/g));
  assert.deepEqual([...versions], [`deno@${read(".dvmrc").trim()}`]);
});

Deno.test("README names every permission of the binary", () => {
  const section = README.slice(
    README.indexOf("## What it may do"),
    README.indexOf("## How it works"),
  );
  const site = {
    root: "/var/ossec",
    mispHost: "misp.example.org",
    mispProxy: "proxy.example.org:3128",
    forwardHost: "relay.example.org",
    cowrieFolder: "--cowrie",
    notifyHost: "hooks.example.org",
    listen: "127.0.0.1:8787",
  };
  const places = permissionFlags(site).filter((flag) => flag.startsWith("--allow"))
    .flatMap((flag) => flag.split("=")[1]!.split(","))
    .map((place) => place.replace("/var/ossec/", "").replace("misp.example.org", "MISP host"))
    .map((place) => place.replace("proxy.example.org:3128", "--misp-proxy"))
    .map((place) => place.replace("relay.example.org", "forward host"))
    .map((place) => place.replace("hooks.example.org", "notify host"))
    .map((place) => place.endsWith(".json") ? "configuration file" : place);
  for (const place of places) assert.ok(section.includes(place), place);
});

Deno.test("README's integration block selects every rule of the default set", () => {
  const blocks = integrationBlocks(README).filter(({ name }) => name === PROGRAM);
  assert.equal(blocks.length, 1);
  assert.deepEqual(missingRules(blocks, DEFAULT_RULES, RULE_FACTS), []);
});

Deno.test("README names every endpoint of serve, and who may use it", () => {
  const { paths } = describeService();
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => {
      const who = path.includes("{token}")
        ? "token in the path"
        : security.length > 0
        ? "token"
        : "everybody";
      return [`\`${method.toUpperCase()} ${path}\``, who];
    })
  );
  assert.deepEqual(tableBehind("<!-- endpoints -->").map((row) => row.slice(0, 2)), listed);
});

Deno.test("README names every metric with its labels", async () => {
  const buffer = new SqliteBuffer(":memory:", 0);
  const metrics = await createMetrics({
    status: async () => ({ ...await buffer.views.status(), ignored: new Map([["malformed", 1]]) }),
    compromised: () => buffer.views.compromised(0),
    sensors: () => Promise.resolve([{ name: "honeypot-fra1", lastSeen: 0 }]),
    ...{ maxBytes: 1, version: "1", now: () => 0 },
    lists: () =>
      Promise.resolve([
        { name: "a", addresses: 1, keptOut: 0, problem: undefined, loggedAt: undefined },
      ]),
  });
  metrics.observe({ route: "/", method: "GET", status: 200, seconds: 1 });
  const lines = (await metrics.text()).split("\n");
  buffer[Symbol.dispose]();
  const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []).map((name) => {
    const sample = lines.find((line) => new RegExp(`^${name}(_count)?\\{`).test(line)) ?? "";
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label);
    return `\`${name}${labels.length > 0 ? `{${labels.join(",")}}` : ""}\``;
  });
  assert.deepEqual(
    tableBehind("<!-- metrics -->").map(([name]) => name).toSorted(),
    names.toSorted(),
  );
});
