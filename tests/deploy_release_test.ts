/**
 * The parts of a release: its bill of materials, its notes, and the workflows that make them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { releaseNotes } from "../deploy/release_notes.ts";
import { MIGRATIONS } from "../src/buffer/sqlite/schema.ts";
import { billOfMaterials, ownMaterials } from "../deploy/sbom.ts";
import { needs } from "./support/needs.ts";
import { parseYaml } from "./support/yaml.ts";

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

Deno.test("billOfMaterials() has every package of deno.lock, and marks those in the binary", () => {
  const own = ownMaterials();
  const bill = billOfMaterials(own);
  const packages = bill.components.filter(({ type }) => type === "library");
  assert.equal(packages.length, Object.keys(own.lock.npm).length);
  for (const { name, version, purl, hashes } of packages) {
    assert.match(version, /^\d+\.\d+\.\d+/, name);
    assert.match(purl, /^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.-]*$/);
    assert.match(hashes?.[0]?.content ?? "", /^[0-9a-f]{128}$/, name);
  }
  const shipped = packages.filter(({ scope }) => scope === "required").map(({ name }) => name);
  assert.deepEqual(
    ["hono", "mmdb-lib", "prom-client"].filter((name) => !shipped.includes(name)),
    [],
  );
  assert.deepEqual(
    shipped.filter((name) => ["ajv", "fast-check", "playwright-core"].includes(name)),
    [],
  );
});

Deno.test("billOfMaterials() names each part once, and depends only on parts that it has", () => {
  const bill = billOfMaterials(ownMaterials());
  const parts = [bill.metadata.component, ...bill.components].map((part) => part["bom-ref"]);
  assert.equal(new Set(parts).size, parts.length);
  assert.deepEqual(bill.dependencies.map(({ ref }) => ref).toSorted(), parts.toSorted());
  const unknown = bill.dependencies.flatMap(({ dependsOn }) => dependsOn)
    .filter((ref) => !parts.includes(ref));
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    [bill.bomFormat, bill.specVersion, bill.version, Object.keys(bill).length],
    ["CycloneDX", "1.6", 1, 8],
  );
  assert.match(bill.serialNumber, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(billOfMaterials(ownMaterials()), bill);
});

const SCHEMAS = Deno.env.get("CYCLONEDX_SCHEMA");

Deno.test({
  name: "billOfMaterials() is valid by the schema of CycloneDX 1.6",
  // The folder `res/schema` of npm's @cyclonedx/cyclonedx-library.
  ...needs("the schemas of CycloneDX (CYCLONEDX_SCHEMA)"),
  fn: async () => {
    const { Ajv } = await import("ajv");
    const schema = (name: string) =>
      JSON.parse(Deno.readTextFileSync(`${SCHEMAS}/${name}.SNAPSHOT.schema.json`)) as object;
    const ajv = new Ajv({ strict: false, validateFormats: false });
    // They refer to each other by the names of their files.
    for (const name of ["spdx", "jsf-0.82"]) {
      ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    }
    const validate = ajv.compile(schema("bom-1.6"));
    validate(billOfMaterials(ownMaterials()));
    assert.deepEqual(validate.errors, null);
  },
});

Deno.test("billOfMaterials() refuses another lock version, and a package that is not locked", () => {
  const own = ownMaterials();
  assert.throws(() => billOfMaterials({ ...own, lock: { ...own.lock, version: "6" } }), RangeError);
  const imports = { ...own.imports, "prom-client": "npm:prom-client@0.0.1" };
  assert.throws(() => billOfMaterials({ ...own, imports }), /prom-client is not in deno.lock/);
});

const CHANGELOG = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added

- Two.

## [0.1.0] - 2026-11-30

- One.

[0.1.0]: https://example.org
`;

Deno.test("releaseNotes() gives the section of a version, and refuses a version without one", () => {
  assert.equal(releaseNotes(CHANGELOG, "0.2.0"), "### Added\n\n- Two.\n");
  assert.equal(releaseNotes(CHANGELOG, "0.1.0"), "- One.\n");
  for (const version of ["0.3.0", "Unreleased", "0.2"]) {
    assert.throws(() => releaseNotes(CHANGELOG, version), RangeError);
  }
  assert.match(releaseNotes(read("CHANGELOG.md"), "Unreleased"), /### Added/);
});

Deno.test("CHANGELOG.md names the schema of the buffer", () => {
  const [, schema] = /Schema of the buffer: (\d+)\./.exec(read("CHANGELOG.md")) ?? [];
  assert.equal(schema, String(MIGRATIONS.length));
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<
    Record<string, {
      readonly "timeout-minutes": number;
      readonly permissions?: Readonly<Record<string, string>>;
      readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
      readonly steps: readonly Step[];
    }>
  >;
}

const workflow = (name: string) => parseYaml(read(`.github/workflows/${name}.yml`)) as Workflow;

for (const name of ["ci", "release"]) {
  Deno.test(`${name}.yml has few permissions, a timeout, and no untrusted text in a command`, () => {
    const { permissions, concurrency, jobs } = workflow(name);
    assert.deepEqual(permissions, name === "ci" ? { contents: "read" } : {});
    assert.ok(concurrency.group.includes("github.ref"));
    for (const [job, { steps, permissions: more = {}, ...rest }] of Object.entries(jobs)) {
      assert.ok(rest["timeout-minutes"] > 0, job);
      if (name === "ci") assert.deepEqual(more, {});
      for (const { uses, run, with: settings } of steps) {
        assert.ok((uses === undefined) !== (run === undefined), job);
        if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})( |$)/);
        if (uses?.startsWith("actions/checkout@")) {
          assert.equal(settings?.["persist-credentials"], false);
        }
        for (const [, expression] of run?.matchAll(/\$\{\{ *([^ }]+)/g) ?? []) {
          assert.match(expression!, /^matrix\./, "pass it by the environment");
        }
      }
    }
  });

  Deno.test(`${name}.yml uses tasks and files of the project`, () => {
    const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
    const commands = Object.values(workflow(name).jobs).flatMap(({ steps }) =>
      steps.map(({ run = "" }) => run)
    ).join("\n");
    const called = [...commands.matchAll(/deno task ([\w:]+)/g)].map(([, task]) => task!);
    assert.ok(called.length > 0);
    assert.deepEqual(called.filter((task) => !(task in tasks)), []);
    for (const [, path] of commands.matchAll(/ (deploy\/[\w./]+)/g)) {
      assert.ok(Deno.statSync(new URL(path!, PROJECT)).isFile);
    }
    assert.ok(commands.includes("deno install --frozen"));
  });
}

Deno.test("compile.ts accepts the targets that the workflows compile for, and no others", async () => {
  const targets = workflow("ci").jobs.compile?.strategy?.matrix.target;
  assert.deepEqual(targets, ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]);
  const compile = new URL("deploy/compile.ts", PROJECT).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", compile, "--target", "toaster"],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 2);
  assert.equal(
    new TextDecoder().decode(stderr),
    `--target "toaster" is not one of ${targets!.join(", ")}\n`,
  );
});

Deno.test("ci.yml tests with the pinned Deno and with the latest", () => {
  assert.deepEqual(workflow("ci").jobs.test?.strategy?.matrix.deno, [
    read(".dvmrc").trim(),
    "v2.x",
  ]);
});

Deno.test("renovate.json finds the pinned Deno in each file that names it", () => {
  const { customManagers: [manager] } = JSON.parse(read(".github/renovate.json")) as {
    readonly customManagers: readonly {
      readonly managerFilePatterns: readonly string[];
      readonly matchStrings: readonly string[];
    }[];
  };
  const version = read(".dvmrc").trim();
  for (const path of [".dvmrc", "README.md", "CONTRIBUTING.md", ".github/workflows/ci.yml"]) {
    assert.ok(manager!.managerFilePatterns.some((one) => new RegExp(one.slice(1, -1)).test(path)));
    const found = manager!.matchStrings.flatMap((one) =>
      [...read(path).matchAll(new RegExp(one, "g"))].map((match) => match.groups?.currentValue)
    );
    assert.ok(found.includes(version), path);
  }
});
