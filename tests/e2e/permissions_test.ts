/**
 * What each command really asks the runtime for, as its permission audit tells: this, and no more.
 * That the binary is refused everything else, `sandbox_test.ts` proves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { RUNTIME_VARIABLES } from "../../src/cli/wiring/runtime_variables.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { fixture } from "../support/fixtures.ts";
import { createProgram, integratordArgs, type Program } from "./program.ts";

const SETTINGS = "read ROOT/etc/custom-misp_ssh_bruteforce-publish.json";
/** What every start deletes. */
const DELETED = "env RUNTIME";
const LOOK = [DELETED, "env WM_*", SETTINGS];
const BUFFER = [
  ...LOOK,
  "read ROOT/queue/custom-misp/buffer.db",
  // Whether they are links.
  "read ROOT/queue/custom-misp/buffer.db-shm",
  "read ROOT/queue/custom-misp/buffer.db-wal",
  "write ROOT/queue/custom-misp/buffer.db",
];
/** Where spill files wait. */
const FOLDER = "read ROOT/queue/custom-misp";
const LOG = ["read ROOT/logs/integrations.log", "write ROOT/logs/integrations.log"];

/** Runs a command and gives what it asked for, with folders by their roles. */
async function asked(
  program: Program,
  args: readonly string[],
  misp: FakeMisp,
): Promise<readonly string[]> {
  // The publisher that an integration leaves behind has no standard error to write its own into.
  const { code, stderr } = await program.run(args, { DENO_AUDIT_PERMISSIONS: "/dev/stderr" });
  assert.equal(code, 0, stderr);
  const found = stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => {
    const { permission, value } = JSON.parse(line) as { permission: string; value?: string };
    if (permission === "env" && value?.startsWith("WM_")) return "env WM_*";
    if (permission === "env" && RUNTIME_VARIABLES.includes(value ?? "")) return DELETED;
    return `${permission} ${value ?? "everything"}`
      .replaceAll(program.root, "ROOT")
      .replaceAll(program.alerts, "/tmp/ALERTS")
      .replace(/^net (?:http:\/\/)?([^/]*).*$/, "net $1")
      .replaceAll(new URL(misp.url).host, "MISP")
      .replace(/\.doctor-\d+$/, ".doctor-PID");
  });
  return [...new Set(found)].sort();
}

/** Whose events they are. */
const OWNER = "read ROOT/queue/custom-misp/installation.json";

/** Written aside and renamed by the first round that has something to publish. */
const INSTALLATION = ["read", "write"].flatMap((permission) =>
  ["", ".part"].map((end) => `${permission} ROOT/queue/custom-misp/installation.json${end}`)
);

Deno.test("each command asks for what it needs, and for nothing else", async (t) => {
  await using misp = await FakeMisp.start();
  await using program = await createProgram("deno run", {
    mispHost: new URL(misp.url).host,
    environment: {
      WM_MISP_URL: misp.url,
      WM_MISP_API_KEY: misp.keys.publisher,
      WM_MISP_TAGS: "tlp:green",
      WM_GUARD_PUBLISH_PRIVATE: "true",
    },
  });
  const alert = `${program.alerts}/one.alert`;
  await Deno.writeTextFile(alert, JSON.stringify(fixture("01-5710-invalid-user")));
  const EXPECTED: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["version"], [DELETED]],
    [["help"], [DELETED]],
    [["config"], LOOK],
    [["--test"], [...LOOK, OWNER]],
    // The folder is looked at when the buffer is made in it. The audit leaves out programs: the one
    // that may be run is this program itself.
    [integratordArgs(alert), [
      ...BUFFER,
      "read /tmp/ALERTS/one.alert",
      FOLDER,
    ]],
    [["status"], [...BUFFER, FOLDER, OWNER]],
    [["report", "list"], BUFFER],
    [["list", "plain"], BUFFER],
    [["replay", alert], [...BUFFER, FOLDER, "read /tmp/ALERTS/one.alert"]],
    [["explain", alert], [...LOOK, "read /tmp/ALERTS/one.alert"]],
    // As above, when the lock of the publisher is made; and the owner of the log's folder.
    [["flush", "--now"], [
      ...BUFFER,
      FOLDER,
      ...LOG,
      "net MISP",
      "read ROOT/logs",
      "read ROOT/queue/custom-misp/buffer.db.publish.lock",
      "write ROOT/queue/custom-misp/buffer.db.publish.lock",
      ...INSTALLATION,
    ]],
    [["doctor"], [
      ...BUFFER,
      "read ROOT/etc/ossec.conf",
      "read ROOT/logs/alerts/alerts.json",
      FOLDER,
      ...LOG,
      "net MISP",
      OWNER,
      "write ROOT/queue/custom-misp/.doctor-PID",
    ]],
  ];
  for (const [args, expected] of EXPECTED) {
    await t.step(args.length > 4 ? "integration" : args[0]!, async () => {
      assert.deepEqual(await asked(program, args, misp), [...expected].sort());
    });
  }
});
