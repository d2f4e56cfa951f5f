/**
 * What an integration call needs of the buffer, and no more: what publishes, shows and forwards is
 * loaded with `sqlite_buffer.ts`.
 *
 * @module
 */
import type { IntakeBuffer } from "../buffer.ts";
import { type Opened, openReady } from "./connect.ts";
import { Database } from "./database.ts";
import { SqliteIntake } from "./intake/intake.ts";
import { SqliteLeases } from "./leases.ts";
import { SqliteSettings } from "./settings.ts";

/**
 * Opens the file for an integration call, or makes it.
 *
 * @param now milliseconds UTC
 * @throws {BufferError} it cannot be used
 */
export async function openIntake(path: string, now: number): Promise<IntakeBuffer> {
  const ready = openReady(path);
  if (ready !== undefined) return intakeOf(path, { db: ready, movedAside: undefined });
  const { openDatabase } = await import("./open.ts");
  return intakeOf(path, openDatabase(path, now));
}

function intakeOf(path: string, opened: Opened): IntakeBuffer {
  const db = new Database(path, opened);
  return {
    intake: new SqliteIntake(db),
    leases: new SqliteLeases(db),
    settings: new SqliteSettings(db),
    get movedAside() {
      return db.movedAside;
    },
    [Symbol.dispose]: () => db[Symbol.dispose](),
  };
}
