import assert from "node:assert/strict";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What a start loads before it knows which command it is for, and all that it may load later. */
async function loadedAtOnce(
  main: string,
): Promise<{ readonly found: readonly string[]; readonly all: readonly string[] }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", main] });
  const { stdout } = await command.output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const bySpecifier = new Map(modules.map((one) => [one.specifier, one]));
  const found = new Set<string>();
  const visit = (specifier: string) => {
    if (found.has(specifier)) return;
    found.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && isDynamic !== true) visit(code.specifier);
    }
  };
  visit(new URL(main, "file:").href);
  return { found: [...found], all: [...bySpecifier.keys()] };
}

/** Packages, the service, and what only people need. */
const NOT_AT_ONCE: readonly RegExp[] = [
  /^npm:/,
  /\/src\/server\//,
  /\/manual\//,
  ...["serve", "help", "screen", "progress", "build", "version", "completions"].map((name) =>
    new RegExp(`/${name}\\.ts$`)
  ),
];

Deno.test("main.ts loads no package and nothing of the service for an integration call", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const { found, all } = await loadedAtOnce(main);
  assert.ok(found.some((one) => one.endsWith("/src/cli/integration.ts")));
  for (const pattern of NOT_AT_ONCE) {
    // A module that was moved would be looked for in vain.
    assert.ok(all.some((one) => pattern.test(one)), `${pattern} is nowhere`);
    assert.deepEqual(found.filter((one) => pattern.test(one)), []);
  }
});
