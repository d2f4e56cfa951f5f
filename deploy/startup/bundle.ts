/**
 * Bundles the program: as modules, and as the start script that README.md describes.
 *
 * @module
 */
import { deno, fail, PROJECT } from "../deno.ts";
import { startModules } from "./modules.ts";
import { GIVEN, START_SCRIPT, wrapped } from "./start_script.ts";

/** The source of the start script. */
const PROGRAM_MODULE = `${PROJECT}src/cli/program.ts`;

/** Names that `import()` has in the script. */
const LATE = /\bimport\("([^"]+)"\)/g;

const BUNDLE = ["bundle", "--quiet", "--platform", "deno", "--minify"];

/** Writes `main.js` and the modules that it loads later. @param folder it is made */
export async function bundleModules(folder: string): Promise<void> {
  await deno([...BUNDLE, "--code-splitting", "--outdir", folder, `${PROJECT}main.ts`]);
}

/** Writes the start script, and what runs it. @param folder where `bundleModules` has written */
export async function bundleStart(folder: string): Promise<void> {
  for (const entry of ["start", "warm"]) {
    const module = `${PROJECT}deploy/startup/${entry}.ts`;
    await deno([...BUNDLE, "--output", `${folder}/${entry}.js`, module]);
  }
  const script = `${folder}/${START_SCRIPT}`;
  const external = (await startModules(PROGRAM_MODULE)).late.flatMap((one) => ["--external", one]);
  await deno([...BUNDLE, "--format", "cjs", ...external, "--output", script, PROGRAM_MODULE]);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const text = Deno.readTextFileSync(script).trimEnd();
  for (const [call, name] of text.matchAll(/\brequire\(("[^"]*")?/g)) {
    if (name === undefined || !Object.hasOwn(GIVEN, JSON.parse(name))) {
      fail(`${call}) in the start script: add the module to GIVEN in start_script.ts`);
    }
  }
  const late = text.replaceAll(LATE, (_, name: string) => `late("./${bundled(name, names)}")`);
  if (/\bimport\(/.test(late)) fail("import() in the start script needs its name as a text");
  Deno.writeTextFileSync(script, wrapped(late));
}

/** The file that the bundler made of a module: eight letters and digits stand behind its name. */
function bundled(module: string, names: readonly string[]): string {
  const stem = module.slice(module.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const found = names.filter((name) =>
    name.startsWith(`${stem}-`) && /^[A-Z\d]{8}\.js$/.test(name.slice(stem.length + 1))
  );
  if (found.length !== 1) fail(`${module}: ${found.length} files of the bundle have its name`);
  return found[0]!;
}
