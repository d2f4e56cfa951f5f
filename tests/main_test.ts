import assert from "node:assert/strict";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What a start loads before it knows which command it is for. */
async function loadedAtOnce(main: string): Promise<readonly string[]> {
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
  return [...found];
}

/** All that an integration call may load before it has stored its alert: each line costs every alert. */
const MAY_LOAD: readonly string[] = [
  "main.ts",
  "node:sqlite",
  "src/address.ts",
  "src/buffer/sqlite/connect.ts",
  "src/buffer/sqlite/database.ts",
  "src/buffer/sqlite/errors.ts",
  "src/buffer/sqlite/intake/accept.ts",
  "src/buffer/sqlite/intake/alert_ids.ts",
  "src/buffer/sqlite/intake/batch.ts",
  "src/buffer/sqlite/intake/batch_tables.ts",
  "src/buffer/sqlite/intake/checkpoint.ts",
  "src/buffer/sqlite/intake/compaction.ts",
  "src/buffer/sqlite/intake/intake.ts",
  "src/buffer/sqlite/intake/spool_append.ts",
  "src/buffer/sqlite/intake/techniques.ts",
  "src/buffer/sqlite/intake_buffer.ts",
  "src/buffer/sqlite/leases.ts",
  "src/buffer/sqlite/settings.ts",
  "src/buffer/sqlite/sql.ts",
  "src/buffer/sqlite/upsert.ts",
  "src/buffer/sqlite/wal_sync.ts",
  "src/cli/commands/integration.ts",
  "src/cli/exit.ts",
  "src/cli/program.ts",
  "src/cli/terminal/log.ts",
  "src/cli/wiring/background_publisher.ts",
  "src/cli/wiring/context.ts",
  "src/clock.ts",
  "src/config/keys.ts",
  "src/config/load.ts",
  "src/errors.ts",
  "src/fault_point.ts",
  "src/guard/guard.ts",
  "src/guard/special_ranges.ts",
  "src/intake/decide_alert.ts",
  "src/json.ts",
  "src/publish/names.ts",
  "src/text.ts",
  "src/wazuh/alert.ts",
  "src/wazuh/argv.ts",
  "src/wazuh/attempts.ts",
  "src/wazuh/geo_location.ts",
  "src/wazuh/sshd_escapes.ts",
  "src/wazuh/sshd_line.ts",
  "src/wazuh/sshd_message.ts",
  "src/wazuh/sshd_peer.ts",
  "src/wazuh/time.ts",
];

Deno.test("main.ts loads for an integration call what is listed here, and nothing else", async () => {
  const main = new URL("../main.ts", import.meta.url);
  const found = await loadedAtOnce(main.pathname);
  const project = new URL("./", main).href;
  assert.deepEqual(found.map((one) => one.replace(project, "")).sort(), MAY_LOAD.toSorted());
});
