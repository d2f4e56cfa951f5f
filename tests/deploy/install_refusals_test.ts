/**
 * `deploy/install.sh`: what it refuses, and that it leaves nothing behind then.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import {
  AS_USER,
  GROUP,
  install,
  IS_ROOT,
  listing,
  makeWazuh,
  OWNER,
  refusal,
  run,
  SCRIPT,
  USER,
} from "./wazuh_root.ts";

Deno.test("install.sh refuses arguments that it does not know, before it looks at files", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--bin"], 'unknown argument "--bin"; --help lists them'],
    [["--root"], "--root needs a value"],
    [["--root", "var"], '"var" must be an absolute path of plain characters'],
    [["--root", "/a b"], '"/a b" must be an absolute path of plain characters'],
    [["--root", "/a/../b"], '"/a/../b" must be an absolute path of plain characters'],
    [["--units", "/a|b"], '"/a|b" must be an absolute path of plain characters'],
    [["--purge"], "--purge needs --uninstall"],
    [["--systemd", "all"], '--systemd "all" is not a unit; use serve, follow or flush'],
    [["--owner", "wazuh"], '--owner "wazuh" is not USER:GROUP'],
    [
      ["--misp-url", "misp.example.org"],
      '--misp-url "misp.example.org" must begin with https:// or http://',
    ],
    [
      ["--misp-url", 'https://x/", "y": "'],
      '--misp-url "https://x/", "y": "" must be an address such as https://misp.example.org',
    ],
  ];
  for (const [args, message] of cases) assert.equal(await refusal(...args), message);
  const { code, stdout } = await install("--help");
  assert.equal(code, 0);
  assert.match(stdout, /^usage: sh deploy\/install\.sh \[--binary FILE\]/);
});

Deno.test("install.sh refuses to run as another user than root", async () => {
  const drop = IS_ROOT ? AS_USER : [];
  // By standard input: the project may lie where only root reads.
  const { code, stderr } = await run([...drop, "sh", "-s"], {}, await Deno.readTextFile(SCRIPT));
  assert.equal(code, 1);
  assert.match(stderr, /: run it as root: integratord insists on the owners of the files\n$/);
});

/** The head of a program for another processor: 64-bit ARM. */
const UNTRUSTED = Uint8Array.from([
  ...[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...Array(8).fill(0)],
  ...[2, 0, 0xb7, 0, 1, 0, 0, 0, ...Array(40).fill(0)],
]);

Deno.test({
  name: "install.sh says why it cannot install, and leaves nothing behind",
  ...needs("root", "setpriv", "perl"),
  fn: async (t) => {
    using folder = tempFolder();
    await Deno.chmod(folder.path, 0o755);
    const root = folder.file("ossec");
    const common = ["--root", root, ...OWNER];
    const target = `${root}/integrations/${PROGRAM}`;
    await t.step("no Wazuh", async () => {
      assert.match(
        await refusal(...common),
        /^there is no folder .*; install Wazuh first, or name its folder by --root DIR$/,
      );
      await makeWazuh(root);
      await Deno.remove(`${root}/bin/wazuh-integratord`);
      assert.match(
        await refusal(...common),
        / has no bin\/wazuh-integratord, .*; for Wazuh 5 use /,
      );
      await Deno.writeTextFile(`${root}/bin/wazuh-integratord`, "");
    });
    await t.step("no such user or group", async () => {
      const last = (owner: string) => refusal("--root", root, "--owner", owner);
      assert.match(await last(`nobody-here:${GROUP}`), /^there is no user nobody-here; /);
      assert.match(await last(`${USER}:nobodies-here`), /^there is no group nobodies-here; /);
    });
    const file = folder.file("binary");
    await t.step("no binary, or one that does not run here", async () => {
      const last = () => refusal(...common, "--binary", file);
      assert.match(
        await last(),
        /^there is no binary .*; make it by `deno task compile`, or name it by/,
      );
      await Deno.writeTextFile(file, "#!/bin/sh\necho hello\n", { mode: 0o755 });
      assert.match(await last(), / is not a program for Linux; nothing was changed$/);
      await Deno.writeFile(file, UNTRUSTED);
      assert.match(
        await last(),
        / is for another processor, and this machine has \w+; nothing was changed$/,
      );
      await Deno.copyFile("/bin/true", file);
      assert.match(await last(), / does not run here as \w+: .*; nothing was changed$/);
    });
    await t.step("no space", async () => {
      await Deno.writeFile(file, new Uint8Array(2_000_000));
      const line = ["sh", SCRIPT, ...common, "--binary", file];
      const { code, stderr } = await run(["sh", "-c", 'ulimit -f 100; exec "$@"', "-", ...line]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        / needs \S+, and .* has \S+ free; make space there; nothing was changed$/m,
      );
    });
    await t.step("another one at work", async () => {
      const line = ["sh", SCRIPT, ...common, "--binary", file];
      const { code, stderr } = await run(["flock", `${root}/integrations`, ...line]);
      assert.deepEqual([code, stderr], [
        1,
        `install.sh: another install.sh is at work in ${root}; wait until it ends\n`,
      ]);
    });
    await t.step("links", async () => {
      const outside = folder.file("outside");
      await Deno.writeTextFile(outside, "mine");
      for (
        const path of [
          ...[`integrations/${PROGRAM}`, `etc/${PROGRAM}.json`, "logs/integrations.log"],
          ...["queue/custom-misp", "etc/custom-misp"],
        ]
      ) {
        await run(["ln", "-s", outside, `${root}/${path}`]);
        const message = await refusal(...common, "--binary", file);
        assert.match(
          message,
          /^\S+ is a link, and this script writes through no link; put the f\w+ itself there$/,
        );
        await Deno.remove(`${root}/${path}`);
      }
      assert.equal(await Deno.readTextFile(outside), "mine");
    });
    await assert.rejects(Deno.stat(target), Deno.errors.NotFound);
    assert.deepEqual(await listing(root), []);
  },
});
