/**
 * `version`: what this binary is.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { PROGRAM } from "../../config/defaults.ts";
import { buildInfo, type BuiltInCode } from "../wiring/build.ts";
import type { Start } from "../wiring/context.ts";
import { EXIT } from "../exit.ts";
import { parse } from "../terminal/options.ts";
import settings from "../../../deno.json" with { type: "json" };

/** Runs `version [--json]`. */
export async function version(start: Start): Promise<number> {
  const { values } = parse("version", start.args);
  const { commit, date, permissions } = await buildInfo();
  const found = {
    program: PROGRAM,
    version: settings.version,
    commit: commit ?? null,
    date: date ?? null,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    sqlite: sqliteVersion(),
    target: Deno.build.target,
    code: start.code ?? "none",
    permissions: permissions ?? null,
  };
  console.log(values.json ? JSON.stringify(found, undefined, 2) : describe(found));
  return EXIT.ok;
}

function sqliteVersion(): string {
  const db = new DatabaseSync(":memory:");
  try {
    return String(db.prepare("SELECT sqlite_version() AS version").get()?.version);
  } finally {
    db.close();
  }
}

interface Found {
  readonly version: string;
  readonly commit: string | null;
  readonly date: string | null;
  readonly deno: string;
  readonly v8: string;
  readonly sqlite: string;
  readonly target: string;
  readonly code: BuiltInCode;
  readonly permissions: readonly string[] | null;
}

/** What the code in the binary means for its start (deploy/startup/README.md). */
const CODE: Readonly<Record<BuiltInCode, string>> = {
  accepted: "V8 uses the code in the binary",
  rejected: "V8 rejected the code in the binary, so that each start is slower; compile it again",
  none: "none is built in",
};

function describe(found: Found): string {
  const { commit, date, deno, v8, sqlite, target, code, permissions } = found;
  return [
    `${PROGRAM} ${found.version}`,
    `commit  ${commit ?? "unknown"}${date === null ? "" : `, ${date}`}`,
    `Deno    ${deno}, V8 ${v8}, ${target}`,
    `SQLite  ${sqlite}`,
    `code    ${CODE[code]}`,
    permissions === null
      ? "may do  what its start allows: it was not compiled"
      : `may do  ${permissions.join("\n        ")}`,
  ].join("\n");
}
