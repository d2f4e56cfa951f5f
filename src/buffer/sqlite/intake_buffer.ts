/**
 * What an integration call needs of the buffer, and no more: what publishes, shows and forwards is
 * loaded with `sqlite_buffer.ts`.
 *
 * @module
 */
import type { IntakeBuffer } from "../buffer.ts";
import { spillFiles, spillFolder } from "../spill/files.ts";
import { type Opened, type OpenOptions, openReady } from "./connect.ts";
import { Database } from "./database.ts";
import { SqliteIntake } from "./intake/intake.ts";
import { SqliteLeases } from "./leases.ts";
import { SqliteSettings } from "./settings.ts";

/** How long a call waits for a lock for which another call waited in vain, milliseconds. */
const SHORT_LOCK_TIMEOUT_MS = 250;
/** For so long a spill file says that the lock is probably still held, milliseconds. */
const SPILLED_LATELY_MS = 30_000;

/**
 * Opens the file for an integration call, or makes it. Integratord makes one call after the other: where
 * each of them waited for a long lock, Wazuh's queue would overflow. So only the first one does.
 *
 * @param now milliseconds UTC
 * @throws {BufferError} it cannot be used
 */
export async function openIntake(path: string, now: number): Promise<IntakeBuffer> {
  const options = hasSpilledLately(path, now) ? await shortWait() : {};
  const ready = openReady(path);
  if (ready !== undefined) return intakeOf(path, { db: ready, movedAside: undefined }, options);
  const { openDatabase } = await import("./open.ts");
  return intakeOf(path, openDatabase(path, now), options);
}

function hasSpilledLately(path: string, now: number): boolean {
  // The newest one may be of a clock that was set back since.
  const isRecent = (at: number) => Math.abs(now - at) < SPILLED_LATELY_MS;
  try {
    // A new file changes the time of its folder, which costs less to read than the folder.
    const changed = Deno.statSync(spillFolder(path)).mtime;
    if (changed !== null && !isRecent(changed.getTime())) return false;
    return spillFiles(path).some(({ at }) => isRecent(at));
  } catch {
    // Opening the buffer meets the same error, and reports it.
    return false;
  }
}

async function shortWait(): Promise<OpenOptions> {
  const { LockWait } = await import("./lock_wait.ts");
  return { lockWait: new LockWait(SHORT_LOCK_TIMEOUT_MS) };
}

function intakeOf(path: string, opened: Opened, options: OpenOptions): IntakeBuffer {
  const db = new Database(path, opened, options);
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
