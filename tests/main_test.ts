import assert from "node:assert/strict";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What a start loads before it knows which command it is for. */
async function loadedAtOnce(main: string): Promise<ReadonlySet<string>> {
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
  return found;
}

Deno.test("main.ts loads no package and nothing of the service for an integration call", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const found = [...await loadedAtOnce(main)];
  assert.ok(found.some((one) => one.endsWith("/src/cli/commands/integration.ts")));
  assert.deepEqual(found.filter((one) => /^npm:|\/src\/server\/|\/serve\.ts$/.test(one)), []);
  const forPeople =
    /\/cli\/(?:manual\/|commands\/(?:help|version|completions)\.|terminal\/(?:screen|progress)\.|wiring\/build\.)/;
  assert.deepEqual(found.filter((one) => forPeople.test(one)), []);
});
