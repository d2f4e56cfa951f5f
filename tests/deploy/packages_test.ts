/**
 * The packages of `deploy/packages`, built from stand-ins for binaries: what they say of themselves and
 * what is in them. `package_install_test.ts` installs them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { packageVersion } from "../../deploy/packages/metadata.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { PROJECT, run } from "./wazuh_root.ts";

const { version } = JSON.parse(Deno.readTextFileSync(`${PROJECT}deno.json`)) as { version: string };
const SLOT = Deno.readTextFileSync(`${PROJECT}deploy/packages/host_slot`).trim();
const SCRIPT = `${PROJECT}deploy/packages/allow_hosts.sh`;

/** A file like a compiled binary: an ELF header for a machine, and the two places of the hosts. */
function standIn(machine: number): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.set([machine & 255, machine >> 8], 18);
  const text = `{"allow_net":["127.0.0.1:8787","${SLOT}"],"deny_net":null}\0` +
    `export default {"permissions":["--allow-net=127.0.0.1:8787,${SLOT}","--deny-ffi"]}\n`;
  return new Uint8Array([...header, ...new TextEncoder().encode(text)]);
}

const MACHINES = { x86_64: 62, aarch64: 183 };

/** Runs `deno task package`. */
const build = (...args: readonly string[]) =>
  run([
    ...[Deno.execPath(), "run", "--quiet", "-P=compile"],
    ...[`${PROJECT}deploy/packages/package.ts`, ...args],
  ], { clearEnv: false, cwd: PROJECT });

/** Builds packages of both machines. @returns their paths */
async function built(folder: string, format: string): Promise<readonly string[]> {
  const binaries = Object.entries(MACHINES).flatMap(([name, machine]) => {
    Deno.writeFileSync(`${folder}/${name}`, standIn(machine));
    return ["--binary", `${folder}/${name}`];
  });
  const { code, stdout, stderr } = await build(...binaries, "--format", format, "--output", folder);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n");
}

/** What both formats have; only zsh's folder differs. */
const files = (zsh: string) =>
  [
    "/etc/custom-misp/hosts root/root 644",
    "/etc/logrotate.d/custom-misp root/root 644",
    "/usr/bin/custom-misp root/root 755",
    "/usr/lib/custom-misp/allow_hosts.sh root/root 644",
    `/usr/lib/custom-misp/${PROGRAM} root/root 755`,
    "/usr/lib/custom-misp/example.json root/root 644",
    "/usr/lib/custom-misp/host_slot root/root 644",
    "/usr/lib/custom-misp/install.sh root/root 644",
    "/usr/lib/custom-misp/systemd root/root 777",
    "/usr/lib/custom-misp/wazuh4/ossec.conf root/root 644",
    "/usr/lib/systemd/system/custom-misp-flush.service root/root 644",
    "/usr/lib/systemd/system/custom-misp-flush.timer root/root 644",
    "/usr/lib/systemd/system/custom-misp-follow.service root/root 644",
    "/usr/lib/systemd/system/custom-misp-serve.service root/root 644",
    "/usr/sbin/custom-misp-hosts root/root 755",
    "/usr/share/bash-completion/completions/custom-misp root/root 644",
    `/usr/share/bash-completion/completions/${PROGRAM} root/root 777`,
    "/usr/share/doc/custom-misp/changelog.gz root/root 644",
    "/usr/share/doc/custom-misp/copyright root/root 644",
    "/usr/share/doc/custom-misp/examples/alerts.yml root/root 644",
    "/usr/share/doc/custom-misp/examples/dashboard.json root/root 644",
    "/usr/share/doc/custom-misp/examples/monitor.json root/root 644",
    "/usr/share/doc/custom-misp/examples/nginx.conf root/root 644",
    "/usr/share/doc/custom-misp/examples/upstream.conf root/root 644",
    "/usr/share/fish/vendor_completions.d/custom-misp.fish root/root 644",
    `/usr/share/fish/vendor_completions.d/${PROGRAM}.fish root/root 644`,
    "/usr/share/man/man1/custom-misp.1.gz root/root 777",
    `/usr/share/man/man1/${PROGRAM}.1.gz root/root 644`,
    `/usr/share/zsh/${zsh}/_custom_misp_ssh_bruteforce_publish root/root 644`,
  ].sort();

/** The lines of `ls -l`, as `path owner/group mode`, without folders and targets of links. */
const listed = (lines: string, path: (line: string) => string) =>
  lines.trim().split("\n").filter((line) => !line.startsWith("d")).map((line) => {
    const [modes, ...rest] = line.split(/\s+/);
    const bits = [...modes!.slice(1)].map((letter) => letter === "-" ? "0" : "1").join("");
    const owner = rest.join(" ").includes("root/root") ? "root/root" : rest.slice(1, 3).join("/");
    return `${path(line.replace(/ -> .*$/, ""))} ${owner} ${parseInt(bits, 2).toString(8)}`;
  }).sort();

Deno.test({
  name: "a .deb says for which machine it is, and has every file with its owner and mode",
  ...needs("dpkg-deb"),
  fn: async () => {
    using folder = tempFolder();
    const packages = await built(folder.path, "deb");
    assert.deepEqual(packages, [
      folder.file(`custom-misp_${version}_amd64.deb`),
      folder.file(`custom-misp_${version}_arm64.deb`),
    ]);
    for (const [index, architecture] of ["amd64", "arm64"].entries()) {
      const path: string = packages[index]!;
      const names = ["Package", "Version", "Architecture", "Depends", "Recommends"];
      assert.deepEqual((await run(["dpkg-deb", "-f", path, ...names])).stdout.split("\n"), [
        "Package: custom-misp",
        `Version: ${version}`,
        `Architecture: ${architecture}`,
        "Depends: libc6 (>= 2.27), libgcc-s1 | libgcc1, util-linux, coreutils, grep, sed",
        "Recommends: logrotate",
        "",
      ]);
      const { stdout } = await run(["dpkg-deb", "-c", path]);
      assert.deepEqual(
        listed(stdout, (line) => line.replace(/^.* \./, "")),
        files("vendor-completions"),
      );
      assert.equal(
        (await run(["dpkg-deb", "-I", path, "conffiles"])).stdout,
        "/etc/logrotate.d/custom-misp\n/etc/custom-misp/hosts\n",
      );
    }
  },
});

Deno.test({
  name: "an .rpm says for which machine it is, and has every file with its owner and mode",
  ...needs("rpmbuild", "rpm"),
  fn: async () => {
    using folder = tempFolder();
    const packages = await built(folder.path, "rpm");
    assert.deepEqual(packages, [
      folder.file(`custom-misp-${version}-1.x86_64.rpm`),
      folder.file(`custom-misp-${version}-1.aarch64.rpm`),
    ]);
    for (const [index, architecture] of ["x86_64", "aarch64"].entries()) {
      const path: string = packages[index]!;
      const asked = async (...args: readonly string[]) =>
        (await run(["rpm", "-qp", "--nosignature", ...args, path])).stdout;
      assert.equal(
        await asked("--queryformat", "%{NAME} %{VERSION} %{ARCH} %{LICENSE}"),
        `custom-misp ${version} ${architecture} MIT`,
      );
      const lines = await asked("-lv");
      assert.deepEqual(
        listed(lines, (line) => line.replace(/^[^/]* \//, "/")),
        files("site-functions"),
      );
      assert.equal(await asked("-c"), "/etc/custom-misp/hosts\n/etc/logrotate.d/custom-misp\n");
      const required = new Set((await asked("-R")).split("\n"));
      for (const one of ["libc.so.6(GLIBC_2.27)(64bit)", "/usr/bin/setpriv", "/usr/bin/flock"]) {
        assert.ok(required.has(one), one);
      }
    }
  },
});

Deno.test({
  name: "the same binary gives the same bytes of a package",
  ...needs("dpkg-deb", "rpmbuild"),
  fn: async () => {
    using first = tempFolder();
    using second = tempFolder();
    for (const format of ["deb", "rpm"]) {
      const [one, other] = [await built(first.path, format), await built(second.path, format)];
      for (const [index, path] of one.entries()) {
        assert.deepEqual(Deno.readFileSync(path), Deno.readFileSync(other[index]!), path);
      }
    }
  },
});

Deno.test({
  name: "the scripts of packages are valid shell",
  ...needs("dpkg-deb", "shellcheck"),
  fn: async () => {
    using folder = tempFolder();
    const [path] = await built(folder.path, "deb");
    const control = folder.file("control");
    await run(["dpkg-deb", "-e", path!, control]);
    const own = ["custom-misp", "custom-misp-hosts", "allow_hosts.sh"]
      .map((name) => `${PROJECT}deploy/packages/${name}`);
    const made = ["postinst", "prerm", "postrm"].map((name) => `${control}/${name}`);
    assert.equal((await run(["shellcheck", ...own, ...made])).stdout, "");
  },
});

Deno.test({
  name: "the completions of a package complete custom-misp, and the program's own name",
  ...needs("dpkg-deb", "bash"),
  fn: async () => {
    using folder = tempFolder();
    const [path] = await built(folder.path, "deb");
    await run(["dpkg-deb", "-x", path!, folder.file("tree")]);
    const share = folder.file("tree/usr/share");
    const script = `. ${share}/bash-completion/completions/custom-misp && complete -p`;
    const { stdout } = await run(["bash", "--norc", "-c", script]);
    assert.deepEqual(stdout.trim().split("\n").sort(), [
      "complete -F _custom_misp_ssh_bruteforce_publish custom-misp",
      `complete -F _custom_misp_ssh_bruteforce_publish ${PROGRAM}`,
    ]);
    const zsh = Deno.readTextFileSync(
      `${share}/zsh/vendor-completions/_custom_misp_ssh_bruteforce_publish`,
    );
    assert.ok(zsh.startsWith(`#compdef ${PROGRAM} custom-misp\n`));
    assert.equal(
      Deno.readTextFileSync(`${share}/fish/vendor_completions.d/custom-misp.fish`),
      `complete -c custom-misp -w ${PROGRAM}\n`,
    );
  },
});

Deno.test("package.ts refuses what is not a binary, and values that it does not know", async () => {
  using folder = tempFolder();
  const text = folder.file("text");
  Deno.writeTextFileSync(text, "#!/bin/sh\n");
  const other = folder.file("other");
  Deno.writeFileSync(other, standIn(40));
  for (
    const [args, code, message] of [
      [
        ["--binary", text],
        1,
        `${text} is not a Linux program for x86_64 or aarch64; custom-misp has no package for it`,
      ],
      [
        ["--binary", other],
        1,
        `${other} is not a Linux program for x86_64 or aarch64; custom-misp has no package for it`,
      ],
      [
        ["--binary", `${text}.no`],
        1,
        `there is no binary ${text}.no; make it by \`deno task compile\``,
      ],
      [["--machine", "toaster"], 2, '--machine "toaster" is not one of x86_64, aarch64'],
      [["--format", "apk"], 2, '--format "apk" is not one of deb, rpm'],
    ] as const
  ) {
    const given = code === 1 ? [...args, "--format", "deb", "--output", folder.path] : args;
    const { code: ended, stderr } = await build(...given);
    assert.deepEqual([ended, stderr.trim().split("\n").at(-1)], [code, message]);
  }
});

Deno.test("packageVersion() sorts a preview before its release", () => {
  assert.deepEqual(["1.2.3", "1.2.3-rc.1"].map(packageVersion), ["1.2.3", "1.2.3~rc.1"]);
});

/** Runs allow_hosts.sh on a stand-in. */
async function allowed(folder: string, ...hosts: readonly string[]) {
  const [binary, output] = [`${folder}/binary`, `${folder}/output`];
  Deno.writeFileSync(binary, standIn(62));
  const { code, stderr } = await run(["sh", SCRIPT, binary, output, ...hosts]);
  if (code !== 0) return { code, message: stderr.trim() };
  const bytes = Deno.readFileSync(output);
  assert.equal(bytes.length, standIn(62).length);
  assert.deepEqual(bytes.subarray(0, 64), standIn(62).subarray(0, 64));
  const [list, module] = new TextDecoder().decode(bytes.subarray(64)).split("\0");
  const { allow_net } = JSON.parse(list!) as { allow_net: readonly string[] };
  const { permissions } = JSON.parse(module!.replace("export default ", "")) as {
    permissions: readonly string[];
  };
  return { code, hosts: allow_net, shown: permissions };
}

Deno.test("allow_hosts.sh puts hosts into a binary, and changes no length", async () => {
  using folder = tempFolder();
  for (
    const hosts of [
      [],
      ["misp.example.org"],
      ["misp.example.org:8443", "192.0.2.10", "[2001:db8::1]:443", "0.0.0.0:8787"],
    ]
  ) {
    const all = ["127.0.0.1:8787", ...hosts];
    assert.deepEqual(await allowed(folder.path, ...hosts), {
      code: 0,
      hosts: all,
      shown: [`--allow-net=${all.join(",")}`, "--deny-ffi"],
    });
  }
});

Deno.test("allow_hosts.sh refuses what is not a host, and more than there is space for", async () => {
  using folder = tempFolder();
  for (
    const host of [
      ...["https://misp.example.org", "misp.example.org/", "a,b", 'a"b', "a b", "a&b", "a\nb", ""],
      ...["\\1", "misp.example.org:123456", "[::1", "*"],
    ]
  ) {
    assert.deepEqual(await allowed(folder.path, "misp.example.org", host), {
      code: 1,
      message:
        `allow_hosts.sh: "${host}" is not a valid HOST or HOST:PORT; leave out https:// and the path`,
    });
  }
  const many = Array.from({ length: 20 }, (_, index) => `misp${index}.example.org`);
  assert.deepEqual(await allowed(folder.path, ...many), {
    code: 1,
    message: "allow_hosts.sh: the names of these hosts are longer than 200 characters; allow fewer",
  });
});

Deno.test("allow_hosts.sh refuses a binary that was compiled for its own hosts", async () => {
  using folder = tempFolder();
  const binary = folder.file("own");
  Deno.writeFileSync(binary, standIn(62).subarray(0, 64));
  const { code, stderr } = await run(["sh", SCRIPT, binary, folder.file("output"), "192.0.2.1"]);
  assert.deepEqual([code, stderr], [
    1,
    `allow_hosts.sh: ${binary} has no place for hosts; it was compiled for its own, which ` +
    "`version` shows\n",
  ]);
});
