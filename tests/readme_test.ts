import assert from "node:assert/strict";
import { rowsBehind } from "../deploy/documents/markdown.ts";
import { permissionFlags } from "../deploy/permissions.ts";
import { EXIT_CODES } from "../src/cli/manual/shared.ts";
import { DEFAULT_RULES, PROGRAM } from "../src/config/defaults.ts";
import { integrationBlocks, missingRules } from "../src/wazuh/ossec_conf.ts";
import { RULE_FACTS } from "../src/wazuh/rule_facts.ts";
import { documents, readProjectFile as read } from "./support/documents.ts";

const README = read("README.md");

Deno.test("README can be read at once: at most 200 lines, and a screen that says for whom", () => {
  const lines = README.trimEnd().split("\n");
  assert.ok(lines.length <= 200, `${lines.length} lines`);
  const screen = lines.slice(0, 30).join("\n");
  for (const word of ["for teams that", "Python", "Wazuh 4.x or 5.x", "2.4.167", "aarch64"]) {
    assert.ok(screen.includes(word), word);
  }
  assert.equal(screen.match(/^- \*\*/gm)?.length, 4);
});

Deno.test("README leads to every document of docs/", () => {
  for (const path of documents("docs/")) {
    const target = path.startsWith("docs/contracts/") ? "docs/contracts" : path;
    assert.ok(README.includes(`](${target})`), path);
  }
});

Deno.test("documents use the pinned Deno", () => {
  const named = [...documents()].flatMap((path) => read(path).match(/deno@\d[\d.]*\d/g) ?? []);
  assert.deepEqual([...new Set(named)], [`deno@${read(".dvmrc").trim()}`]);
});

Deno.test("docs/cli.md names every exit code", () => {
  const codes = rowsBehind(read("docs/cli.md"), "\n| exit code").map(([code]) => code);
  assert.deepEqual(codes, Object.keys(EXIT_CODES));
});

Deno.test("docs/security.md names every permission of the binary", () => {
  const text = read("docs/security.md");
  const start = text.indexOf("\n## What it may do");
  const section = text.slice(start, text.indexOf("\n## ", start + 1));
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

Deno.test("the block of docs/install.md selects every rule of the default set", () => {
  const blocks = integrationBlocks(read("docs/install.md")).filter(({ name }) => name === PROGRAM);
  assert.equal(blocks.length, 1);
  assert.deepEqual(missingRules(blocks, DEFAULT_RULES, RULE_FACTS), []);
});
