/**
 * `doctor --fix` on this machine: what root gives back to Wazuh's user, and what it leaves alone.
 *
 * @module
 */
import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

/** A user of whom no machine knows: Wazuh's here. */
const USER = 64_321;
/** Another one. */
const OTHER = 64_322;

interface Found {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly hint?: string;
}

/** What `doctor --fix` says of files, and what it would do next. */
async function fix(program: Program, wrapper?: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await program.run(["doctor", "--fix", "--json"], {}, wrapper);
  assert.equal(stderr, "");
  const { checks } = JSON.parse(stdout.replaceAll(program.root, "ROOT")) as { checks: Found[] };
  return checks.filter(({ name }) => name === "files")
    .map(({ state, found, hint }) =>
      `${state}: ${found}${hint === undefined ? "" : ` -> ${hint}`}`
    );
}

const command = (name: string, ...args: readonly string[]) =>
  assert.equal(new Deno.Command(name, { args: [...args] }).outputSync().success, true);

/** Owner, group and mode. */
function owned(path: string): string {
  const { uid, gid, mode } = Deno.lstatSync(path);
  return `${uid}:${gid} ${(mode! & 0o777).toString(8)}`;
}

/** The folder of the state, where Wazuh's own folders show who its user is. */
async function withState(kind: Program["kind"]) {
  const program = await createProgram(kind);
  Deno.mkdirSync(`${program.root}/logs/alerts`);
  for (const folder of ["logs", "logs/alerts", "queue/custom-misp"]) {
    Deno.chownSync(`${program.root}/${folder}`, USER, USER);
  }
  Deno.chmodSync(`${program.root}/queue/custom-misp`, 0o750);
  return { program, state: `${program.root}/queue/custom-misp` };
}

const STATE = "ROOT/queue/custom-misp";
const GIVEN = `user ${USER}, group ${USER}; it was of user`;

for (const kind of KINDS) {
  Deno.test({
    name: `${kind}: doctor --fix gives files back to Wazuh's user, and says each of them`,
    ...needs("root"),
    async fn(t) {
      const { program, state } = await withState(kind);
      await using _ = program;
      await t.step("nothing to do", async () => {
        assert.deepEqual(await fix(program), [`ok: nothing to fix in ${STATE}`]);
      });
      await t.step("files of root, and modes", async () => {
        Deno.writeTextFileSync(`${state}/buffer.db.lock`, "", { mode: 0o640 });
        Deno.writeTextFileSync(`${state}/installation.json.part`, "", { mode: 0o600 });
        Deno.chownSync(`${state}/installation.json.part`, USER, USER);
        Deno.chmodSync(`${state}/installation.json.part`, 0o466);
        Deno.mkdirSync(`${state}/lists`);
        Deno.chmodSync(`${state}/lists`, 0o755);
        Deno.chmodSync(state, 0o700);
        assert.deepEqual(await fix(program), [
          `ok: gave ${STATE}/buffer.db.lock to ${GIVEN} 0, group 0`,
          `ok: set ${STATE}/installation.json.part to 0664; it was 0466`,
          `ok: gave ${STATE}/lists to ${GIVEN} 0, group 0`,
          `ok: set ${STATE} to 0750; it was 0700`,
        ]);
        assert.deepEqual(
          ["", "/buffer.db.lock", "/installation.json.part", "/lists"].map((one) =>
            owned(state + one)
          ),
          ["750", "640", "664", "755"].map((mode) => `${USER}:${USER} ${mode}`),
        );
        assert.deepEqual(await fix(program), [`ok: nothing to fix in ${STATE}`]);
      });
      await t.step("a backup that root restored, the folders last", async () => {
        Deno.mkdirSync(`${state}/feed`, { mode: 0o750 });
        Deno.writeTextFileSync(`${state}/feed/manifest.json`, "{}", { mode: 0o640 });
        command("chown", "-R", "0:0", state);
        const found = await fix(program);
        assert.deepEqual(found, [
          `ok: gave ${STATE}/buffer.db.lock to ${GIVEN} 0, group 0`,
          `ok: gave ${STATE}/feed/manifest.json to ${GIVEN} 0, group 0`,
          `ok: gave ${STATE}/feed to ${GIVEN} 0, group 0`,
          `ok: gave ${STATE}/installation.json.part to ${GIVEN} 0, group 0`,
          `ok: gave ${STATE}/lists to ${GIVEN} 0, group 0`,
          `ok: gave ${STATE} to ${GIVEN} 0, group 0`,
        ]);
        assert.equal(owned(`${state}/feed/manifest.json`), `${USER}:${USER} 640`);
      });
      await t.step("a folder that is not there", async () => {
        Deno.removeSync(state, { recursive: true });
        assert.deepEqual(await fix(program), [
          `ok: made ${STATE} (0750, user ${USER}, group ${USER})`,
        ]);
        assert.equal(owned(state), `${USER}:${USER} 750`);
      });
      await t.step("nobody shows which user Wazuh's is", async () => {
        Deno.removeSync(state, { recursive: true });
        Deno.removeSync(`${program.root}/logs/alerts`);
        const nobody = "neither the alerts nor the log show which user Wazuh runs as";
        assert.deepEqual(await fix(program), [
          `warning: not made: ${STATE}: ${nobody} -> ` +
          `install -o wazuh -g wazuh -m 750 -d ${STATE}`,
        ]);
        assert.throws(() => Deno.lstatSync(state), Deno.errors.NotFound);
        Deno.mkdirSync(state, { mode: 0o750 });
        assert.deepEqual(await fix(program), [
          `warning: not fixed: ${STATE}: ${nobody} -> chown -hR wazuh:wazuh ${STATE}`,
        ]);
        Deno.writeTextFileSync(program.log, "");
        Deno.chownSync(program.log, USER, USER);
        assert.deepEqual(await fix(program), [`ok: gave ${STATE} to ${GIVEN} 0, group 0`]);
      });
    },
  });

  Deno.test({
    name: `${kind}: doctor --fix follows no link, and touches nothing that is not its own`,
    ...needs("root"),
    async fn(t) {
      const { program, state } = await withState(kind);
      await using _ = program;
      const victim = `${program.root}/etc/custom-misp/of-root`;
      Deno.writeTextFileSync(victim, "secret", { mode: 0o600 });
      const before = owned(victim);
      await t.step("links, second names, pipes and files of others", async () => {
        command("ln", "-s", victim, `${state}/spill-1787468400000-0123abcd.json`);
        command("chown", "-h", `${USER}:${USER}`, `${state}/spill-1787468400000-0123abcd.json`);
        command("ln", victim, `${state}/installation.json.part`);
        command("mkfifo", `${state}/buffer.db.lock`);
        Deno.writeTextFileSync(`${state}/notes.txt`, "of somebody", { mode: 0o666 });
        const notes = owned(`${state}/notes.txt`);
        const look = "look at it;";
        const makes = "the program makes its own where it is removed";
        assert.deepEqual(await fix(program), [
          `warning: not touched: ${STATE}/buffer.db.lock is a pipe, a socket or a device -> ` +
          `${look} ${makes}`,
          `warning: not touched: ${STATE}/installation.json.part is a file with a second name -> ` +
          `${look} remove the other name, or this one`,
          `warning: not touched: ${STATE}/spill-1787468400000-0123abcd.json is a link -> ` +
          `${look} ${makes}`,
        ]);
        assert.deepEqual([owned(victim), owned(`${state}/notes.txt`)], [before, notes]);
        for (const name of ["spill-1787468400000-0123abcd.json", "installation.json.part"]) {
          Deno.removeSync(`${state}/${name}`);
        }
        Deno.removeSync(`${state}/buffer.db.lock`);
      });
      await t.step("files below, where somebody else may put a link meanwhile", async () => {
        Deno.mkdirSync(`${state}/feed`);
        Deno.chownSync(`${state}/feed`, USER, USER);
        Deno.writeTextFileSync(`${state}/feed/manifest.json`, "{}", { mode: 0o640 });
        assert.deepEqual(await fix(program), [
          `warning: not touched: 1 file of another user in ${STATE}/feed -> ` +
          `chown -hR ${USER}:${USER} ${STATE}/feed`,
        ]);
        assert.equal(owned(`${state}/feed/manifest.json`), "0:0 640");
      });
      await t.step("a folder that root has linked elsewhere", async () => {
        Deno.removeSync(state, { recursive: true });
        Deno.mkdirSync(`${program.root}/elsewhere`, { mode: 0o755 });
        command("ln", "-s", `${program.root}/elsewhere`, state);
        assert.deepEqual(await fix(program), [`ok: not touched: ${STATE} is a link of root`]);
        assert.equal(owned(`${program.root}/elsewhere`), "0:0 755");
      });
    },
  });

  Deno.test({
    name: `${kind}: doctor --fix by Wazuh's user fixes modes, and says that owners need root`,
    // Under \`deno run\`, another user has no cache of modules.
    ...needs("root", "setpriv", "a Deno that compiles (COMPILE_DENO)"),
    async fn() {
      const { program, state } = await withState(kind);
      await using _ = program;
      command("chmod", "a+rX", `${program.root}/..`);
      Deno.writeTextFileSync(`${state}/buffer.db.lock`, "", { mode: 0o644 });
      Deno.chownSync(`${state}/buffer.db.lock`, OTHER, OTHER);
      Deno.writeTextFileSync(`${state}/installation.json.part`, "");
      Deno.chownSync(`${state}/installation.json.part`, USER, USER);
      Deno.chmodSync(`${state}/installation.json.part`, 0);
      const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
      assert.deepEqual(await fix(program, asUser), [
        `warning: not fixed: ${STATE}/buffer.db.lock: permission denied -> ` +
        "run `doctor --fix` as root",
        `ok: set ${STATE}/installation.json.part to 0600; it was 0000`,
      ]);
    },
  });

  Deno.test(`${kind}: doctor --yes alone is refused`, async () => {
    await using program = await createProgram(kind);
    const { code, stderr } = await program.run(["doctor", "--yes"]);
    assert.deepEqual([code, stderr.replace(/^[^:]+: /, "")], [
      2,
      "--yes is for doctor --fix; add it\n",
    ]);
  });
}
