/**
 * A .deb and an .rpm on a copy of this machine: installed, allowed a host, called as integratord calls,
 * upgraded, removed and purged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { fixturePaths, sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { type CopiedMachine, copyMachine } from "./copied_machine.ts";
import { createManager } from "./manager.ts";
import { compile, listing, makeWazuh, PROJECT, run } from "./wazuh_root.ts";

const ROOT = "/var/ossec";
const TARGET = `${ROOT}/integrations/${PROGRAM}`;
const CONFIGURATION = `${ROOT}/etc/${PROGRAM}.json`;
const HOSTS = "/etc/custom-misp/hosts";
const AS_WAZUH = ["setpriv", "--reuid", "wazuh", "--regid", "wazuh", "--clear-groups"];
const SLOT = Deno.readTextFileSync(`${PROJECT}deploy/packages/host_slot`).trim();

const NEEDED = [
  ...["root", "perl", "setpriv", "dpkg-deb", "rpm", "rpmbuild"],
  ...["a Deno that compiles (COMPILE_DENO)", "an overlay over this machine's files (root)"],
] as const;

/** Everything in Wazuh's folder after an installation. */
const INSTALLED = [
  `etc/${PROGRAM}.json root:wazuh 640`,
  "etc/custom-misp root:wazuh 750",
  `integrations/${PROGRAM} root:wazuh 750`,
  "logs/integrations.log wazuh:wazuh 640",
  "queue/custom-misp wazuh:wazuh 750",
].sort();

const SETTINGS = JSON.stringify({
  honeypot: { agent_prefixes: ["honeypot-"] },
  buffer: { period_minutes: 0 },
  guard: { publish_private: true },
});

/** Builds both packages of the project in a folder. @returns their paths, and the version in them */
async function packagesOf(project: string, binary: string, output: string) {
  const { code, stdout, stderr } = await run([
    ...[Deno.execPath(), "run", "--quiet", "-P=compile", `${project}deploy/packages/package.ts`],
    ...["--binary", binary, "--compression", "none", "--output", output],
  ], { clearEnv: false, cwd: project });
  assert.equal(code, 0, stderr);
  const [deb, rpm] = stdout.trim().split("\n");
  return { deb: deb!, rpm: rpm! };
}

/** Commands on the copy. */
function shellOf({ via }: CopiedMachine) {
  const run_ = async (line: readonly string[], input?: string) =>
    await run([...via, ...line], {}, input);
  return {
    run: run_,
    /** The output of a command that must succeed. */
    said: async (...line: readonly string[]) => {
      const { code, stdout, stderr } = await run_(line);
      assert.equal(code, 0, `${line.join(" ")}: ${stdout}${stderr}`);
      return stdout;
    },
    exists: async (path: string) => (await run_(["test", "-e", path])).code === 0,
    write: async (path: string, text: string) => {
      await run_(["sh", "-c", 'cat >"$1"', "sh", path], text);
    },
    files: () => listing(ROOT, via),
  };
}

Deno.test({
  name: "packages install, run under integratord, upgrade, and purge",
  ...needs(...NEEDED),
  fn: async (t) => {
    using folder = tempFolder();
    await Deno.chmod(folder.path, 0o755);
    for (const name of ["deb", "rpm", "now", "next"]) await Deno.mkdir(folder.file(name));
    const now = await packagesOf(
      PROJECT,
      await compile(folder.path, ROOT, SLOT),
      folder.file("now"),
    );
    const later = await compile(folder.path, ROOT, SLOT, "99.1.2");
    const next = await packagesOf(`${folder.path}/later/`, later, folder.file("next"));
    const fixtures = fixturePaths().map((path) => Deno.readTextFileSync(path).trim());
    for (const format of ["deb", "rpm"] as const) {
      const isDeb = format === "deb";
      const install = isDeb
        ? ["dpkg", "--install", "--force-unsafe-io", "--no-triggers"]
        : ["rpm", "--nodeps", "--upgrade"];
      const remove = [...(isDeb ? ["dpkg", "--remove"] : ["rpm", "--erase"]), "custom-misp"];
      await using misp = await FakeMisp.start();
      const host = new URL(misp.url).host;
      const uuids = () => misp.events().map((event) => event.uuid).sort();
      await using machine = await copyMachine(folder.file(format));
      const { run, said, exists, write, files } = shellOf(machine);
      const { integratord, published } = createManager(ROOT, [...machine.via, ...AS_WAZUH], misp);

      await t.step(`${format}: without Wazuh it waits, and goes again`, async () => {
        assert.equal(
          await said(...install, now[format]).then((text) => text.split("\n").at(-2)),
          "custom-misp: there is no Wazuh in /var/ossec; after you have installed it, run: " +
            "custom-misp-hosts --apply",
        );
        const { code, stderr } = await run(["custom-misp", "status"]);
        assert.deepEqual([code, stderr], [
          1,
          `custom-misp: ${TARGET} is not there; install Wazuh, then run ` +
          "`custom-misp-hosts --apply`\n",
        ]);
        // A program that says who runs it, and what it was given.
        const program = '#!/bin/sh\nid -un\nprintf "<%s>" "$@"\nexit 7\n';
        await said("mkdir", `${ROOT}/integrations`);
        await write(TARGET, program);
        await said("chmod", "755", TARGET);
        for (
          const [user, ...args] of [
            ["wazuh", "report", "retry", "a b", "", "$(id)"],
            ["root", "setup", "--yes"],
            ["root", "serve", "token", "new", "setup"],
            ["wazuh", "serve", "--follow"],
            ["wazuh", "doctor", "setup"],
          ]
        ) {
          const { code, stdout } = await run(["custom-misp", ...args]);
          assert.deepEqual([code, stdout], [
            7,
            `${user}\n${args.map((one) => `<${one}>`).join("")}`,
          ]);
        }
        await said("rm", "-r", `${ROOT}/integrations`);
        await said(...(isDeb ? ["dpkg", "--purge", "custom-misp"] : remove));
        assert.equal(await exists("/etc/custom-misp"), false);
      });

      await makeWazuh(ROOT, machine.via, ["wazuh", "wazuh"]);
      await t.step(`${format}: the installation is that of install.sh`, async () => {
        const installed = await said(...install, now[format]);
        assert.deepEqual(await files(), INSTALLED);
        assert.match(installed, /<name>custom-misp_ssh_bruteforce-publish<\/name>/);
        assert.ok(
          installed.endsWith("  custom-misp-hosts misp.example.org\n  custom-misp setup\n"),
        );
        assert.match(await said("custom-misp", "version"), / --allow-net=127\.0\.0\.1:8787\n/);
        assert.equal(await said("custom-misp-hosts"), "");
      });

      await t.step(`${format}: the binary may connect to the hosts that root names`, async () => {
        await said("custom-misp-hosts", host, "misp.example.org");
        const shown = await said("custom-misp", "version");
        assert.ok(shown.includes(` --allow-net=127.0.0.1:8787,${host},misp.example.org\n`), shown);
        assert.equal(await said("custom-misp-hosts"), `${host}\nmisp.example.org\n`);
        assert.equal(await said("stat", "-c", "%U:%G %a", HOSTS), "root:root 644\n");
        assert.deepEqual(await files(), INSTALLED);
      });

      await t.step(`${format}: a host that the runtime does not know changes nothing`, async () => {
        const { code, stderr } = await run(["custom-misp-hosts", "misp.example.org:99999"]);
        assert.equal(code, 1);
        assert.match(stderr, /does not run here as wazuh: .*; nothing was changed\n$/);
        assert.equal(await said("custom-misp-hosts"), `${host}\nmisp.example.org\n`);
        assert.equal((await run(["custom-misp", "version"])).code, 0);
      });

      await t.step(`${format}: a hosts file that others can write is refused`, async () => {
        await said("chmod", "664", HOSTS);
        const { code, stderr } = await run(["custom-misp-hosts", "--apply"]);
        assert.deepEqual([code, stderr], [
          1,
          `custom-misp-hosts: ${HOSTS} must belong to root, and only root may write it; run: ` +
          `chown root:root ${HOSTS} && chmod 644 ${HOSTS}\n`,
        ]);
        await said("chmod", "644", HOSTS);
      });

      await t.step(
        `${format}: custom-misp-hosts says what it cannot do, and changes nothing`,
        async () => {
          const before = await said("custom-misp", "version");
          for (
            const [args, code, line] of [
              [
                ["custom-misp-hosts", "https://misp.example.org/"],
                1,
                'allow_hosts.sh: "https://misp.example.org/" is not a valid HOST or HOST:PORT; ' +
                "leave out https:// and the path",
              ],
              [
                ["setpriv", "--reuid", "nobody", "custom-misp-hosts", "misp.example.org"],
                1,
                "custom-misp-hosts: run it as root: it changes what the program may do",
              ],
            ] as const
          ) {
            const { code: exit, stderr } = await run(args);
            assert.deepEqual([exit, stderr], [code, `${line}\n`]);
          }
          const { code, stderr } = await run(["custom-misp-hosts", "--hosts"]);
          assert.deepEqual([code, stderr.split("\n")[0]], [
            2,
            "usage: custom-misp-hosts              prints the hosts",
          ]);
          assert.equal(await said("custom-misp", "version"), before);
        },
      );

      await t.step(`${format}: a machine without integratord gets the unit of serve`, async () => {
        await said("rm", `${ROOT}/bin/wazuh-integratord`);
        const unit = "/usr/lib/systemd/system/custom-misp-serve.service";
        assert.ok((await said("custom-misp-hosts", "--apply")).includes(`keeps ${unit}\n`));
        await said("touch", `${ROOT}/bin/wazuh-integratord`);
      });

      await t.step(`${format}: custom-misp runs as wazuh, and passes everything on`, async () => {
        const asked = ["custom-misp", "replay", "--dry-run", "-"];
        const alert = JSON.stringify(sshdAlert({ agent: "honeypot-fra1" }));
        const replayed = await run(asked, `${alert}\n`);
        assert.deepEqual([replayed.code, replayed.stderr], [0, ""]);
        assert.match(replayed.stdout, /82\.202\.219\.155/);
        assert.deepEqual(await run([...AS_WAZUH, ...asked], `${alert}\n`), replayed);
        // Wazuh's user cannot enter root's own folder.
        await said("sh", "-c", "cd /root && custom-misp status");
        const refused = await run(["custom-misp", "completions", "a b"]);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /completions takes one of bash, zsh, fish\n$/);
        const other = await run(["setpriv", "--reuid", "nobody", "custom-misp", "status"]);
        assert.deepEqual([other.code, other.stderr], [
          1,
          "custom-misp: nobody may not run it; run it as root or as wazuh, for example with sudo\n",
        ]);
      });

      await t.step(`${format}: custom-misp doctor --fix gives root's files to wazuh`, async () => {
        const state = `${ROOT}/queue/custom-misp`;
        await said("chown", "0:0", state);
        const { stdout } = await run(["custom-misp", "doctor", "--fix"]);
        const id = async (what: string) => (await said("id", what, "wazuh")).trim();
        const owner = `user ${await id("-u")}, group ${await id("-g")}`;
        const text = stdout.replaceAll(/\n {5}/g, " ");
        assert.ok(
          text.includes(`ok   files: gave ${state} to ${owner}; it was of user 0, group 0\n`),
          text,
        );
        assert.equal(await said("stat", "-c", "%U:%G %a", state), "wazuh:wazuh 750\n");
      });

      await write(CONFIGURATION, SETTINGS);
      await t.step(`${format}: alerts of integratord become events`, async () => {
        assert.deepEqual(await integratord(fixtures), Array(20).fill("0\t"));
        await published();
        assert.equal(misp.events().length, 5);
      });

      await t.step(`${format}: an upgrade keeps buffer, configuration and hosts`, async () => {
        const events = uuids();
        const upgraded = await said(...install, next[format]);
        assert.match(upgraded, /upgrades \S+ from version \S+ to 99\.1\.2\n/);
        assert.equal(await said("cat", CONFIGURATION), SETTINGS);
        const shown = await said("custom-misp", "version");
        assert.match(shown, /^custom-misp_ssh_bruteforce-publish 99\.1\.2\n/);
        assert.ok(shown.includes(` --allow-net=127.0.0.1:8787,${host},misp.example.org\n`), shown);
        assert.deepEqual(await integratord(fixtures), Array(20).fill("0\t"));
        assert.equal((await published()).alerts.duplicate, 18);
        assert.deepEqual(uuids(), events);
      });

      await t.step(`${format}: a removal keeps what an administrator made`, async () => {
        await said(...remove);
        const kept = [
          ...INSTALLED.filter((line) => !line.startsWith("integrations/")),
          "queue/custom-misp/buffer.db wazuh:wazuh 640",
          "queue/custom-misp/installation.json wazuh:wazuh 640",
        ].sort();
        assert.deepEqual(await files(), kept);
        assert.equal(await said("cat", CONFIGURATION), SETTINGS);
        // rpm keeps a changed file under another name.
        assert.ok(await exists(isDeb ? HOSTS : `${HOSTS}.rpmsave`));
        for (const path of ["/usr/bin/custom-misp", "/usr/lib/custom-misp"]) {
          assert.equal(await exists(path), false, path);
        }
      });

      if (!isDeb) continue;
      await t.step("deb: a purge leaves nothing but Wazuh's log", async () => {
        await said("dpkg", "--purge", "custom-misp");
        assert.deepEqual(await files(), ["logs/integrations.log wazuh:wazuh 640"]);
        const { stdout } = await run([
          "find",
          "/etc",
          "/usr",
          "/var/lib",
          "-path",
          "*/custom-misp*",
        ]);
        assert.equal(stdout, "");
      });

      await t.step(
        "deb: a binary that was compiled for its own host is installed as it is",
        async () => {
          const own = folder.file("own");
          const script = `${PROJECT}deploy/packages/allow_hosts.sh`;
          await run(["sh", script, folder.file("binary-now"), own, "misp.example.org"]);
          const built = await packagesOf(PROJECT, own, folder.file("next"));
          const installed = await said(...install, built.deb);
          assert.doesNotMatch(installed, /custom-misp-hosts/);
          assert.match(
            await said("custom-misp", "version"),
            / --allow-net=127\.0\.0\.1:8787,misp\.example\.org\n/,
          );
          for (const more of ["192.0.2.10", "--none"]) {
            const { code, stderr } = await run(["custom-misp-hosts", more]);
            assert.equal(code, 1);
            assert.match(stderr, /has no place for hosts; it was compiled for its own, which/);
          }
        },
      );
    }
  },
});
