/**
 * `deploy/install.sh`: owners and modes, upgrades, and a hundred alerts through what it installed, called
 * as integratord calls.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { loadConfig } from "../../src/config/load.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { fixturePaths, sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { createManager } from "./manager.ts";
import {
  AS_USER,
  compile,
  GROUP,
  HAS_WAZUH,
  install,
  listing,
  makeWazuh,
  OWNER,
  PROJECT,
  refusal,
  run,
  said,
  USER,
} from "./wazuh_root.ts";

if (!HAS_WAZUH) {
  console.log(`no user wazuh: install.sh is tested with --owner ${USER}:${GROUP}`);
}

/** Alerts that no fixture has, from sources that no fixture has. */
function numberedAlerts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => {
    const source = `45.83.64.${1 + number % 8}`;
    return JSON.stringify(sshdAlert({
      id: `1787465999.${number}`,
      pid: 30_000 + number,
      message: `Failed password for root from ${source} port ${40_000 + number} ssh2`,
    }));
  });
}

const EVENTS = [
  "SSH Brute Force Attack from 192.241.237.101 (7 attempts)",
  "SSH Brute Force Attack from 2001:db8:bad:cafe::17 (1 attempt)",
  "SSH Brute Force Attack from 212.64.151.233 (3 attempts)",
  "SSH Brute Force Attack from 218.92.0.112 (1 attempt)",
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `SSH Brute Force Attack from 45.83.64.${n} (10 attempts)`),
  "SSH Brute Force Attack from 82.202.219.155 (6 attempts)",
];

Deno.test({
  name:
    "install.sh installs a binary that stores 100 alerts of integratord, upgrades it, and removes it",
  ...needs("root", "setpriv", "perl", "a Deno that compiles (COMPILE_DENO)"),
  fn: async (t) => {
    await using misp = await FakeMisp.start();
    using folder = tempFolder();
    await Deno.chmod(folder.path, 0o755);
    const root = folder.file("ossec");
    const units = folder.file("units");
    await Deno.mkdir(units);
    await makeWazuh(root);
    const target = `${root}/integrations/${PROGRAM}`;
    const buffer = `${root}/queue/custom-misp/buffer.db`;
    const configuration = `${root}/etc/${PROGRAM}.json`;
    const common = ["--root", root, "--units", units, ...OWNER];
    const host = new URL(misp.url).host;
    const [now, later] = [
      await compile(folder.path, root, host),
      await compile(folder.path, root, host, "99.1.2"),
    ];
    const { version } = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.json`)) as {
      version: string;
    };

    const { integratord, published } = createManager(root, AS_USER, misp);
    const titles = () => misp.events().map((event) => event.info).sort();
    const uuids = () => misp.events().map((event) => event.uuid).sort();

    await t.step("a dry run says what it would do, and does nothing", async () => {
      const before = await listing(root);
      const { code, stdout, stderr } = await install(...common, "--binary", now, "--dry-run");
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stdout.trim().split("\n"), [
        `would: makes ${root}/queue/custom-misp (${USER}:${GROUP} 0750)`,
        `would: makes ${root}/etc/custom-misp (root:${GROUP} 0750)`,
        `would: makes ${configuration} (root:${GROUP} 0640)`,
        `would: makes ${root}/logs/integrations.log (${USER}:${GROUP} 0640)`,
        `would: installs ${target} (root:${GROUP} 0750), version ${version}`,
      ]);
      assert.deepEqual(await listing(root), before);
    });

    await t.step("a binary of another folder is refused", async () => {
      const other = folder.file("other");
      await makeWazuh(other);
      assert.equal(
        await refusal("--root", other, ...OWNER, "--binary", now),
        `${now} was compiled for ${root}; compile it with --root ${other}; ` +
          "nothing was changed",
      );
      assert.deepEqual(await listing(other), []);
    });

    await t.step("every file has its owner and its mode", async () => {
      const { code, stdout, stderr } = await install(...common, "--binary", now);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(
        await listing(root),
        [
          `etc/${PROGRAM}.json root:${GROUP} 640`,
          `etc/custom-misp root:${GROUP} 750`,
          `integrations/${PROGRAM} root:${GROUP} 750`,
          `logs/integrations.log ${USER}:${GROUP} 640`,
          `queue/custom-misp ${USER}:${GROUP} 750`,
        ].sort(),
      );
      assert.deepEqual(JSON.parse(await Deno.readTextFile(configuration)), {
        honeypot: { agent_prefixes: ["honeypot-"] },
      });
      const block = /<ossec_config>[\s\S]*<\/ossec_config>/.exec(stdout)?.[0];
      const given = await Deno.readTextFile(`${PROJECT}deploy/wazuh4/ossec.conf`);
      assert.equal(block, given.replaceAll(/ *<!--.*-->\n/g, "").trim());
    });

    // As an administrator would: in the file, since integratord passes no environment.
    const settings = {
      honeypot: { agent_prefixes: ["honeypot-"] },
      buffer: { period_minutes: 0 },
      guard: { publish_private: true },
    };
    await Deno.writeTextFile(configuration, JSON.stringify(settings));

    const fixtures = fixturePaths().map((path) => Deno.readTextFileSync(path).trim());
    await t.step("100 alerts are stored, and a background publisher publishes them", async () => {
      const calls = await integratord([...fixtures, ...numberedAlerts(80)]);
      assert.deepEqual(calls, Array(100).fill("0\t"));
      const { alerts, reports } = await published();
      // The end of a session counts only while its attack is not published, which depends on time.
      const { not_an_attempt: ends = 0, ...ignored } = alerts.ignored;
      assert.deepEqual(ignored, { host_name: 1, not_honeypot: 1 });
      assert.deepEqual([alerts.accepted + ends, alerts.duplicate, reports.refused], [98, 0, 0]);
      assert.deepEqual(titles(), EVENTS);
      assert.ok(misp.events().every((event) => event.published));
    });

    await t.step(
      "an upgrade in the midst of alerts keeps buffer, configuration and events",
      async () => {
        const [events, { ino }] = [uuids(), await Deno.stat(buffer)];
        const [calls, { code, stdout, stderr }] = await Promise.all([
          integratord([...fixtures, ...numberedAlerts(20)]),
          install(...common, "--binary", later),
        ]);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.ok(
          stdout.includes(`upgrades ${target} from version ${version} to 99.1.2\n`),
          stdout,
        );
        assert.ok(stdout.includes(`keeps ${configuration}\n`), stdout);
        assert.deepEqual(calls, Array(40).fill("0\t"));
        assert.equal(await said(target, "version").then((text) => text.split(/\s/)[1]), "99.1.2");
        const { alerts } = await published();
        assert.equal(alerts.duplicate, 38);
        assert.equal((await Deno.stat(buffer)).ino, ino);
        assert.deepEqual(JSON.parse(await Deno.readTextFile(configuration)), settings);
        assert.deepEqual([uuids(), titles()], [events, EVENTS]);
      },
    );

    await t.step("what has just started when the file is replaced goes on", async () => {
      const before = await listing(root);
      const changes = Deno.watchFs(`${root}/integrations`, { recursive: false });
      const replaced = (async () => {
        for await (const { kind, paths } of changes) {
          if (kind === "rename" && paths.includes(target)) return;
        }
      })();
      const started = new Deno.Command(target, {
        ...{ args: ["version"], env: {}, clearEnv: true, cwd: "/" },
        ...{ stdout: "piped", stderr: "piped" },
      }).spawn();
      started.kill("SIGSTOP");
      const upgrade = install(...common, "--binary", now);
      await replaced;
      started.kill("SIGCONT");
      const { code, stdout, stderr } = await started.output();
      const printed = `${code}: ${new TextDecoder().decode(stdout)}${
        new TextDecoder().decode(stderr)
      }`;
      // It may have stopped when it knew its path and had not opened it, which is the new one then.
      assert.ok(/^0: \S+ (99\.1\.2|0\.1\.0)\s/.test(printed), printed);
      assert.equal((await upgrade).code, 0);
      assert.deepEqual(await listing(root), before);
      assert.equal((await install(...common, "--binary", later)).code, 0);
    });

    await t.step("an alert after the upgrade updates its event", async () => {
      const events = uuids();
      const [next] = numberedAlerts(81).slice(80);
      assert.deepEqual(await integratord([next!]), ["0\t"]);
      await published();
      assert.deepEqual(uuids(), events);
      assert.equal(titles()[4], "SSH Brute Force Attack from 45.83.64.1 (11 attempts)");
    });

    await t.step("the same again changes nothing, and the block is not shown twice", async () => {
      await Deno.writeTextFile(
        `${root}/etc/ossec.conf`,
        `<ossec_config>\n<name>${PROGRAM}</name>\n</ossec_config>\n`,
      );
      const before = await listing(root);
      const { code, stdout } = await install(...common, "--binary", later);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`${target} is version 99.1.2 already\n`), stdout);
      assert.ok(!stdout.includes("<rule_id>"), stdout);
      assert.deepEqual(await listing(root), before);
    });

    await t.step("units get the folder and the user, and are installed", async () => {
      const args = [...common, "--binary", later, "--systemd", "serve", "--systemd", "flush"];
      assert.equal((await install(...args)).code, 0);
      const { stdout } = await run(["find", units, "-type", "f", "-printf", "%f %u:%g %m\\n"]);
      assert.deepEqual(stdout.trim().split("\n").sort(), [
        "custom-misp-flush.service root:root 644",
        "custom-misp-flush.timer root:root 644",
        "custom-misp-serve.service root:root 644",
      ]);
      const unit = await Deno.readTextFile(`${units}/custom-misp-serve.service`);
      assert.ok(unit.includes(`\nExecStart=${target} serve\n`));
      assert.ok(unit.includes(`\nUser=${USER}\nGroup=${GROUP}\n`));
      assert.ok(unit.includes(`\nReadWritePaths=${root}/queue/custom-misp\n`));
      assert.doesNotMatch(unit, /\/var\/ossec/);
      await Deno.writeTextFile(`${units}/custom-misp-serve.service`, `${unit}# by hand\n`);
      assert.match(
        (await install(...args)).stdout,
        /the old unit is kept as custom-misp-serve\.service\.before/,
      );
      assert.equal(await Deno.readTextFile(`${units}/custom-misp-serve.service`), unit);
      const kept = await Deno.readTextFile(`${units}/custom-misp-serve.service.before`);
      assert.equal(kept, `${unit}# by hand\n`);
      await Deno.remove(`${units}/custom-misp-serve.service.before`);
    });

    await t.step(
      "changed owners and modes are corrected",
      async () => {
        await run(["chown", `${USER}:${GROUP}`, target, `${root}/etc/custom-misp`]);
        await run(["chmod", "777", target, `${root}/queue/custom-misp`]);
        assert.equal((await install(...common, "--binary", later)).code, 0);
        const list = await listing(root);
        for (
          const line of [
            `etc/custom-misp root:${GROUP} 750`,
            `integrations/${PROGRAM} root:${GROUP} 750`,
            `queue/custom-misp ${USER}:${GROUP} 750`,
          ]
        ) assert.ok(list.includes(line), line);
      },
    );

    await t.step(
      "an uninstall keeps the data, and the next installation uses it",
      async () => {
        const events = uuids();
        const { code, stderr } = await install(...common, "--uninstall");
        assert.deepEqual([code, stderr], [0, ""]);
        assert.deepEqual([...Deno.readDirSync(units)], []);
        assert.deepEqual(
          await listing(root),
          [
            `etc/${PROGRAM}.json root:${GROUP} 640`,
            `etc/custom-misp root:${GROUP} 750`,
            "etc/ossec.conf root:root 644",
            `logs/integrations.log ${USER}:${GROUP} 640`,
            `queue/custom-misp ${USER}:${GROUP} 750`,
            `queue/custom-misp/buffer.db ${USER}:${GROUP} 640`,
            `queue/custom-misp/installation.json ${USER}:${GROUP} 640`,
          ].sort(),
        );
        assert.equal((await install(...common, "--uninstall")).code, 0);
        assert.equal((await install(...common, "--binary", now)).code, 0);
        assert.deepEqual(await integratord(fixtures), Array(20).fill("0\t"));
        await published();
        assert.deepEqual(uuids(), events);
      },
    );

    await t.step("--purge removes the data, too, and follows no link in it", async () => {
      const outside = folder.file("outside");
      await Deno.mkdir(outside);
      await Deno.writeTextFile(`${outside}/mine`, "mine");
      await run(["ln", "-s", outside, `${root}/queue/custom-misp/link`]);
      const dry = await install(...common, "--uninstall", "--purge", "--dry-run");
      assert.deepEqual(dry.stdout.trim().split("\n").slice(0, 4), [
        `would: removes ${target}, version ${version}`,
        `would: removes ${root}/queue/custom-misp`,
        `would: removes ${configuration}`,
        `would: removes ${root}/etc/custom-misp`,
      ]);
      const { code, stdout, stderr } = await install(...common, "--uninstall", "--purge");
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /still has the block of .*; remove it, and restart the manager\n$/);
      assert.deepEqual(await listing(root), [
        "etc/ossec.conf root:root 644",
        `logs/integrations.log ${USER}:${GROUP} 640`,
      ]);
      assert.equal(await Deno.readTextFile(`${outside}/mine`), "mine");
    });

    await t.step(
      "--misp-url goes into the configuration, and the program reads it",
      async () => {
        const args = [...common, "--binary", now, "--misp-url", misp.url];
        const { code, stdout } = await install(...args);
        assert.equal(code, 0);
        assert.match(stdout, /Put the key of a MISP user into \S+\/etc\/custom-misp\/api-key:/);
        const { config } = loadConfig({
          ...{ root, environment: () => undefined, readTextFile: Deno.readTextFileSync },
        });
        assert.equal(config.misp.url, misp.url);
        assert.equal(config.misp.apiKeyFile, `${root}/etc/custom-misp/api-key`);
      },
    );

    await t.step("a script of that name is kept beside it", async () => {
      await Deno.remove(target);
      await Deno.writeTextFile(target, "#!/bin/sh\n");
      const { stdout } = await install(...common, "--binary", now);
      assert.ok(stdout.includes(`another program, by version ${version}; it is kept as`), stdout);
      assert.equal(await Deno.readTextFile(`${target}.original`), "#!/bin/sh\n");
    });
  },
});
