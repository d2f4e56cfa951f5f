/**
 * What the start of an integration call loads, by `deno run` and in the binary.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startModules } from "../deploy/startup/modules.ts";
import { GIVEN } from "../deploy/startup/start_script.ts";

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

/**
 * All that an integration call may load before it has stored its alert, and so all that the start
 * script of the binary contains. Each line costs time at every alert.
 */
const MAY_LOAD: readonly string[] = [
  "node:path",
  "node:sqlite",
  "src/address.ts",
  "src/buffer/batch/add_up.ts",
  "src/buffer/batch/batch.ts",
  "src/buffer/batch/minutes.ts",
  "src/buffer/batch/storable.ts",
  "src/buffer/batch/techniques.ts",
  "src/buffer/sqlite/connect.ts",
  "src/buffer/spill/files.ts",
  "src/buffer/sqlite/database.ts",
  "src/buffer/sqlite/errors.ts",
  "src/buffer/sqlite/intake/accept.ts",
  "src/buffer/sqlite/intake/alert_ids.ts",
  "src/buffer/sqlite/intake/batch_tables.ts",
  "src/buffer/sqlite/intake/checkpoint.ts",
  "src/buffer/sqlite/intake/compaction.ts",
  "src/buffer/sqlite/intake/intake.ts",
  "src/buffer/sqlite/intake/logins.ts",
  "src/buffer/sqlite/intake/minutes.ts",
  "src/buffer/sqlite/intake/spool_append.ts",
  "src/buffer/sqlite/intake/write_batch.ts",
  "src/buffer/sqlite/intake_buffer.ts",
  "src/buffer/sqlite/leases.ts",
  "src/buffer/sqlite/settings.ts",
  "src/buffer/sqlite/sql.ts",
  "src/buffer/sqlite/upsert.ts",
  "src/buffer/sqlite/wal_sync.ts",
  "src/cli/commands/integration.ts",
  "src/cli/exit.ts",
  "src/cli/ossec_conf.ts",
  "src/cli/program.ts",
  "src/cli/terminal/log.ts",
  "src/cli/wiring/background_publisher.ts",
  "src/cli/wiring/context.ts",
  "src/cli/wiring/given.ts",
  "src/cli/wiring/runtime_variables.ts",
  "src/clock.ts",
  "src/config/buffer_keys.ts",
  "src/config/config.ts",
  "src/config/defaults.ts",
  "src/config/evidence_keys.ts",
  "src/config/formats.ts",
  "src/config/json_fault.ts",
  "src/config/lists.ts",
  "src/config/refusal.ts",
  "src/config/key.ts",
  "src/config/keys.ts",
  "src/config/load.ts",
  "src/config/misp_keys.ts",
  "src/config/server_keys.ts",
  "src/config/values.ts",
  "src/cowrie/record.ts",
  "src/cowrie/sessions.ts",
  "src/errors.ts",
  "src/fault_point.ts",
  "src/file_owner.ts",
  "src/guard/guard.ts",
  "src/guard/name_pattern.ts",
  "src/guard/special_ranges.ts",
  "src/intake/decide_alert.ts",
  "src/json.ts",
  "src/list_query.ts",
  "src/nearest.ts",
  "src/publish/names.ts",
  "src/text.ts",
  "src/wazuh/alert.ts",
  "src/wazuh/argv.ts",
  "src/wazuh/attempts.ts",
  "src/wazuh/geo_location.ts",
  "src/wazuh/ssh/dropbear_line.ts",
  "src/wazuh/ssh/log_header.ts",
  "src/wazuh/ssh/sshd_escapes.ts",
  "src/wazuh/ssh/sshd_line.ts",
  "src/wazuh/ssh/sshd_message.ts",
  "src/wazuh/ssh/sshd_peer.ts",
  "src/wazuh/ssh/sshd_said.ts",
  "src/wazuh/ssh/windows_line.ts",
  "src/wazuh/time.ts",
];

/** Paths below the project of what a module loads at once. */
async function loadedAtOnce(main: string): Promise<readonly string[]> {
  const { atOnce } = await startModules(new URL(main, PROJECT).pathname);
  return atOnce.map((one) => one.replace(PROJECT.href, "")).sort();
}

Deno.test("startModules() finds for the start script what is listed here, and nothing else", async () => {
  assert.deepEqual(await loadedAtOnce("src/cli/program.ts"), MAY_LOAD.toSorted());
  assert.deepEqual(await loadedAtOnce("main.ts"), ["main.ts", ...MAY_LOAD].sort());
});

Deno.test("GIVEN has the runtime's modules that the start script imports, and no others", () => {
  const imported = MAY_LOAD.filter((name) => name.startsWith("node:"));
  assert.deepEqual(Object.keys(GIVEN).sort(), imported.toSorted());
});

/** Names of the classes that the program declares. */
function ownClasses(): ReadonlySet<string> {
  const textsBelow = (folder: string): readonly string[] =>
    [...Deno.readDirSync(new URL(folder, PROJECT))].flatMap(({ name, isDirectory }) =>
      isDirectory ? textsBelow(`${folder}${name}/`) : [read(folder + name)]
    );
  const found = textsBelow("src/").flatMap((text) =>
    [...text.matchAll(/\bclass (\w+)/g)].map(([, name]) => name!)
  );
  return new Set(found);
}

/** The questions after a class of the program in a source. */
const ownInstanceofs = (text: string, own: ReadonlySet<string>) =>
  [...text.matchAll(/\binstanceof\s+(\w+)/g)].map(([, name]) => name!).filter((name) =>
    own.has(name)
  );

// The binary has two of each class that a late module has as well (deploy/startup/README.md).
Deno.test("the start script asks by instanceof for no class of the program", () => {
  const own = ownClasses();
  assert.ok(own.has("BufferError") && own.has("Failure"), [...own].join(" "));
  assert.deepEqual(ownInstanceofs("x instanceof Error || x instanceof Failure", own), ["Failure"]);
  const found = MAY_LOAD.filter((path) => path.startsWith("src/")).flatMap((path) =>
    ownInstanceofs(read(path), own).map((name) => `${path}: instanceof ${name}`)
  );
  assert.deepEqual(found, []);
});
