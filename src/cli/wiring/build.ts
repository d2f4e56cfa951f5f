/**
 * What a compiled binary knows about its build.
 *
 * @module
 */

/** How a binary was made. */
export interface BuildInfo {
  /** The commit, with `+` behind it when files have changed since; undefined: it is not known. */
  readonly commit?: string;
  /** The commit's date, ISO 8601: the same source gives the same binary. */
  readonly date?: string;
  /** The flags that say what it may do. */
  readonly permissions?: readonly string[];
}

/**
 * Whether V8 uses the code that is built into the binary (deploy/startup/README.md). `none`: there is
 * no code, as in a binary for another machine, or nothing was compiled.
 */
export type BuiltInCode = "accepted" | "rejected" | "none";

/** The module that `deploy/compile.ts` puts beside the bundle. */
export const BUILD_MODULE = "build_info.js";

/** What was built in; it is empty where nothing was compiled. */
export async function buildInfo(): Promise<BuildInfo> {
  if (!Deno.build.standalone) return {};
  // The bundler looks only for names that are written as a text; this module is made after it.
  const module = new URL(BUILD_MODULE, import.meta.url).href;
  try {
    return (await import(module)).default as BuildInfo;
  } catch {
    return {};
  }
}
