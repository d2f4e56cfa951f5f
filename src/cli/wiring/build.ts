/**
 * What a compiled binary knows of how it was made.
 *
 * @module
 */

/** How a binary was made. */
export interface BuildInfo {
  /** The commit, with `+` behind it when files were changed since; undefined: it is not known. */
  readonly commit?: string;
  /** Of the commit, ISO 8601: the same source gives the same binary. */
  readonly date?: string;
  /** The flags that say what it may do. */
  readonly permissions?: readonly string[];
}

/** The module that `deploy/compile.ts` puts beside the bundle. */
export const BUILD_MODULE = "build_info.js";

/** What is baked in; nothing where nothing was compiled. */
export async function buildInfo(): Promise<BuildInfo> {
  if (!Deno.build.standalone) return {};
  // A name that is put together is not looked for when the program is bundled: it comes later.
  const module = new URL(BUILD_MODULE, import.meta.url).href;
  try {
    return (await import(module)).default as BuildInfo;
  } catch {
    return {};
  }
}
