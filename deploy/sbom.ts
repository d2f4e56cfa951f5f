/**
 * What the binary is made of, as CycloneDX 1.6: `deno run --allow-read=. deploy/sbom.ts >sbom.cdx.json`.
 * The same sources give the same bytes.
 *
 * @module
 */
import { uuidV5 } from "../src/misp/uuid.ts";
import { PROGRAM } from "../src/config/defaults.ts";

/** The part of `deno.lock`, version 5, that is used. */
interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<
    Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>
  >;
}

/** The input of a bill of materials. */
export interface Materials {
  readonly version: string;
  readonly license: string;
  /** From `deno.json`: names in the sources, and their packages. */
  readonly imports: Readonly<Record<string, string>>;
  readonly lock: Lock;
  /** The version of the Deno that compiles, which is part of the binary. */
  readonly deno: string;
  /** The text of every module that goes into the binary. */
  readonly modules: readonly string[];
}

/** A part of the binary; `excluded`: only tests and tools use it. */
interface Component {
  readonly type: "library" | "platform";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly scope: "required" | "excluded";
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** Namespace of the serial numbers. */
const SBOMS = "d5560cac-63e2-4a13-96e0-3e22d08a51a0";

/**
 * Builds the bill of materials.
 *
 * @throws {RangeError} the lock file is of another version, or has no such package
 */
export function billOfMaterials(materials: Materials) {
  const { version, license, lock, deno } = materials;
  if (lock.version !== "5") {
    throw new RangeError(`deno.lock has version ${lock.version}; only 5 is known here`);
  }
  const direct = directKeys(materials);
  const shipped = reachedFrom(direct, lock);
  const root = `${PROGRAM}@${version}`;
  const runtime = `pkg:github/denoland/deno@v${deno}`;
  const keys = Object.keys(lock.npm).toSorted();
  const components: readonly Component[] = [
    {
      ...{ type: "platform", "bom-ref": runtime, name: "deno", version: deno },
      ...{ scope: "required", purl: runtime },
    },
    ...keys.map((key) => componentOf(key, lock, shipped.has(key))),
  ];
  const dependencies = [
    { ref: root, dependsOn: [runtime, ...direct.map(purlOf)].toSorted() },
    { ref: runtime, dependsOn: [] },
    ...keys.map((key) => ({
      ref: purlOf(key),
      dependsOn: dependenciesOf(key, lock).map(purlOf).toSorted(),
    })),
  ];
  const content = {
    metadata: {
      component: {
        ...{ type: "application", "bom-ref": root, name: PROGRAM, version },
        licenses: [{ license: { id: license } }],
      },
      tools: { components: [{ type: "application", name: "deploy/sbom.ts", version }] },
    },
    components,
    dependencies,
  };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidV5(SBOMS, JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
}

/** The packages that the program's own modules import. */
function directKeys({ imports, lock, modules }: Materials): readonly string[] {
  const named = modules.flatMap((text) =>
    [...text.matchAll(/(?:\bfrom |\bimport\()"([^"./][^"]*)"/g)].map(([, name]) => name!)
  );
  const used = Object.entries(imports).filter(([name]) =>
    named.some((one) => one === name || one.startsWith(`${name}/`))
  );
  return [
    ...new Set(used.map(([name, target]) => {
      const resolved = lock.specifiers[target];
      if (resolved === undefined) throw new RangeError(`${name} is not in deno.lock as ${target}`);
      return `${target.slice("npm:".length, target.lastIndexOf("@"))}@${resolved}`;
    })),
  ];
}

function reachedFrom(keys: readonly string[], lock: Lock): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...keys];
  for (let key = next.pop(); key !== undefined; key = next.pop()) {
    if (reached.has(key)) continue;
    reached.add(key);
    next.push(...dependenciesOf(key, lock));
  }
  return reached;
}

/** deno.lock names a dependency without its version where there is one only. */
function dependenciesOf(key: string, lock: Lock): readonly string[] {
  const { dependencies = [] } = lock.npm[key] ?? {};
  return dependencies.map((name) => {
    if (name in lock.npm) return name;
    const found = Object.keys(lock.npm).filter((one) => partsOf(one).path === name);
    if (found.length !== 1) {
      throw new RangeError(
        `${key} needs ${name}, and deno.lock has ${found.length} packages of that name`,
      );
    }
    return found[0]!;
  });
}

function componentOf(key: string, lock: Lock, isShipped: boolean): Component {
  const { group, name, version } = partsOf(key);
  const [, digest] = /^sha512-(.+)$/.exec(lock.npm[key]!.integrity) ?? [];
  const content = digest === undefined ? undefined : Uint8Array.fromBase64(digest).toHex();
  return {
    ...{ type: "library", "bom-ref": purlOf(key) },
    ...(group === undefined ? {} : { group }),
    ...{ name, version, scope: isShipped ? "required" : "excluded", purl: purlOf(key) },
    ...(content === undefined ? {} : { hashes: [{ alg: "SHA-512", content }] }),
  };
}

/** `@scope/name@1.2.3_peer@4.5.6`: the peer is not part of its version. */
function partsOf(key: string) {
  const [, path, group, name, version] = /^((?:(@[^/]+)\/)?([^@/]+))@([^_]+)/.exec(key) ?? [];
  if (path === undefined || name === undefined || version === undefined) {
    throw new RangeError(`"${key}" of deno.lock is not a package with a version`);
  }
  return { path, group, name, version };
}

function purlOf(key: string): string {
  const { group, name, version } = partsOf(key);
  return `pkg:npm/${group === undefined ? "" : `${encodeURIComponent(group)}/`}${name}@${version}`;
}

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

/** The materials of this project. */
export function ownMaterials(): Materials {
  const { version, license, imports } = JSON.parse(read("deno.json")) as Materials;
  const modules = [read("main.ts"), ...modulesBelow("src/")];
  const lock = JSON.parse(read("deno.lock")) as Lock;
  return { version, license, imports, lock, deno: read(".dvmrc").trim(), modules };
}

function modulesBelow(folder: string): readonly string[] {
  return [...Deno.readDirSync(new URL(folder, PROJECT))].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? modulesBelow(`${folder}${name}/`)
      : name.endsWith(".ts")
      ? [read(folder + name)]
      : []
  );
}

if (import.meta.main) console.log(JSON.stringify(billOfMaterials(ownMaterials()), undefined, 2));
