/**
 * What a module loads at once, and what it loads by `import()` when it needs it. The bundle and
 * `tests/main_test.ts` both ask here, so that the test names what the start script contains.
 *
 * @module
 */
import { deno } from "../deno.ts";

/** What `deno info --json` says about a module; the part that is used. */
interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** The modules behind one module. */
export interface StartModules {
  /** Full specifiers of what it loads at once, itself among them. */
  readonly atOnce: readonly string[];
  /** The names, as they are written, by which these load others with `import()`. */
  readonly late: readonly string[];
}

/**
 * Finds what a module loads. Imports of types alone are not loaded, and do not count.
 *
 * @param main the module's path
 */
export async function startModules(main: string): Promise<StartModules> {
  const { modules } = JSON.parse(await deno(["info", "--json", main])) as {
    readonly modules: readonly ModuleInfo[];
  };
  const bySpecifier = new Map(modules.map((one) => [one.specifier, one]));
  const atOnce = new Set<string>();
  const late = new Set<string>();
  const visit = (specifier: string) => {
    if (atOnce.has(specifier)) return;
    atOnce.add(specifier);
    for (const one of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (one.isDynamic) late.add(one.specifier);
      else if (one.code?.specifier !== undefined) visit(one.code.specifier);
    }
  };
  visit(new URL(main, "file:").href);
  return { atOnce: [...atOnce], late: [...late] };
}
