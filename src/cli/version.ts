/**
 * `version`: what this binary is.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { PROGRAM } from "../config/keys.ts";
import { EXIT } from "./exit.ts";
import settings from "../../deno.json" with { type: "json" };

/** Runs `version`. */
export function version(): Promise<number> {
  const db = new DatabaseSync(":memory:");
  const sqlite = db.prepare("SELECT sqlite_version() AS version").get()?.version;
  db.close();
  console.log(`${PROGRAM} ${settings.version}`);
  console.log(`Deno ${Deno.version.deno}, SQLite ${sqlite}, ${Deno.build.target}`);
  return Promise.resolve(EXIT.ok);
}
