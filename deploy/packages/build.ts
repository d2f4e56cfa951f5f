/**
 * Builds a package from a binary with the tools of its format, `dpkg-deb` and `rpmbuild`. The same input
 * gives the same bytes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PROGRAM } from "../../src/config/defaults.ts";
import { output, PROJECT } from "../deno.ts";
import {
  type Format,
  LIBRARY,
  PACKAGE,
  PACKAGE_LINKS,
  packageFiles,
  packageScripts,
  type Source,
} from "./contents.ts";
import { controlFile, type Machine, packageVersion, specFile } from "./metadata.ts";

/** How hard to compress: `none` is for tests. */
export type Compression = "xz" | "none";

/** What to build. */
export interface Order {
  readonly version: string;
  readonly machine: Machine;
  /** The path of the binary. */
  readonly binary: string;
  /** When the source was last changed, seconds since 1970: the time of every file. */
  readonly epoch: number;
  readonly compression: Compression;
  /** The folder of the package; it must exist. */
  readonly folder: string;
}

/** Builds one package. @returns its path */
export async function buildPackage(format: Format, order: Order): Promise<string> {
  const work = await Deno.makeTempDir({ dir: "/tmp", prefix: "package-" });
  try {
    return await (format === "deb" ? buildDeb : buildRpm)(order, work);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

const sourceOf = ({ version, epoch }: Order): Source => ({
  version,
  date: new Date(epoch * 1000).toISOString(),
  read: (path) => Deno.readTextFileSync(PROJECT + path),
});

/** Writes every file below a folder, with its mode. @returns the text files' records */
async function stage(format: Format, order: Order, folder: string) {
  const files = packageFiles(format, sourceOf(order));
  const write = async (path: string, mode: number, make: (to: string) => Promise<void>) => {
    const to = folder + path;
    await makeFolder(to.slice(0, to.lastIndexOf("/")), folder);
    await make(to);
    await Deno.chmod(to, mode);
  };
  for (const { path, mode, text, gzip } of files) {
    const bytes = new TextEncoder().encode(text);
    await write(path, mode, (to) => Deno.writeFile(to, gzip ? gzipSync(bytes) : bytes));
  }
  const binary = `${LIBRARY}/${PROGRAM}`;
  await write(binary, 0o755, (to) => Deno.copyFile(order.binary, to));
  for (const { path, target } of PACKAGE_LINKS) await Deno.symlink(target, folder + path);
  return { files, others: [binary, ...PACKAGE_LINKS.map(({ path }) => path)] };
}

/** Makes a folder and those above it, whatever the umask. */
async function makeFolder(path: string, top: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  for (let one = path; one.length >= top.length; one = one.slice(0, one.lastIndexOf("/"))) {
    await Deno.chmod(one, 0o755);
  }
}

async function buildDeb(order: Order, work: string): Promise<string> {
  const { version, machine, epoch, compression, folder } = order;
  const tree = `${work}/tree`;
  const { files, others } = await stage("deb", order, tree);
  const control = `${tree}/DEBIAN`;
  const { afterInstall, beforeRemoval, purge } = packageScripts(sourceOf(order));
  const checked = [...files.map(({ path }) => path), others[0]!]
    .map((path) => ({ path, bytes: Deno.readFileSync(tree + path) }));
  const size = checked.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const conffiles = files.filter(({ isConfiguration }) => isConfiguration);
  const sums = checked.map(({ path, bytes }) =>
    `${createHash("md5").update(bytes).digest("hex")}  ${path.slice(1)}\n`
  );
  await makeFolder(control, tree);
  const parts: readonly (readonly [name: string, mode: number, text: string])[] = [
    ["control", 0o644, controlFile(version, machine, size)],
    ["conffiles", 0o644, conffiles.map(({ path }) => `${path}\n`).join("")],
    ["md5sums", 0o644, sums.join("")],
    ["postinst", 0o755, afterInstall],
    ["prerm", 0o755, beforeRemoval],
    ["postrm", 0o755, purge],
  ];
  for (const [name, mode, text] of parts) {
    await Deno.writeTextFile(`${control}/${name}`, text);
    await Deno.chmod(`${control}/${name}`, mode);
  }
  const path = `${folder}/${PACKAGE}_${packageVersion(version)}_${machine.deb}.deb`;
  await output("dpkg-deb", "dpkg-deb", {
    args: ["--root-owner-group", `-Z${compression}`, "--build", tree, path],
    env: { SOURCE_DATE_EPOCH: `${epoch}`, LC_ALL: "C" },
  });
  return path;
}

async function buildRpm(order: Order, work: string): Promise<string> {
  const { version, machine, epoch, compression, folder } = order;
  const staged = `${work}/tree`;
  const { files, others } = await stage("rpm", order, staged);
  const scripts = packageScripts(sourceOf(order));
  const payload = compression === "xz" ? "w6.xzdio" : "w.ufdio";
  const spec = specFile({ version, machine, files, others, scripts, staged, payload });
  await Deno.writeTextFile(`${work}/package.spec`, spec);
  await output("rpmbuild", "rpmbuild", {
    args: [
      ...["-bb", "--quiet", "--target", `${machine.name}-linux`],
      ...["--define", `_topdir ${work}/rpm`, "--define", `_tmppath ${work}`],
      `${work}/package.spec`,
    ],
    env: { SOURCE_DATE_EPOCH: `${epoch}`, LC_ALL: "C", HOME: work },
  });
  const name = `${PACKAGE}-${packageVersion(version)}-1.${machine.name}.rpm`;
  await Deno.copyFile(`${work}/rpm/RPMS/${machine.name}/${name}`, `${folder}/${name}`);
  return `${folder}/${name}`;
}
