/**
 * Notes on deliveries. What a sink leaves out of one event it leaves out of all events: each note is logged
 * once a day.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import { DAY } from "../clock.ts";
import type { Report } from "../model.ts";
import { LOGGED_NOTES } from "./names.ts";

const LOG_AGAIN_MS = DAY;

/** Where notes go, and where it is kept which of them did. */
export interface NoteParts {
  readonly buffer: Pick<Buffer, "settings">;
  readonly log: (level: "warning", message: string) => void;
}

/** Logs the notes on a report that were not logged within a day. @param now milliseconds UTC */
export async function logNotes(
  { buffer, log }: NoteParts,
  report: Report,
  notes: readonly string[],
  now: number,
): Promise<void> {
  if (notes.length === 0) return;
  const logged = await loggedNotes(buffer, now);
  const fresh = notes.filter((note) => !logged.has(note));
  if (fresh.length === 0) return;
  for (const note of fresh) {
    logged.set(note, now);
    log("warning", `${report.sourceIp}: ${note}`);
  }
  await buffer.settings.put(LOGGED_NOTES, JSON.stringify([...logged]));
}

async function loggedNotes(buffer: NoteParts["buffer"], now: number): Promise<Map<string, number>> {
  const text = await buffer.settings.get(LOGGED_NOTES);
  const logged = JSON.parse(text ?? "[]") as readonly (readonly [note: string, at: number])[];
  return new Map(logged.filter(([, at]) => Math.abs(now - at) < LOG_AGAIN_MS));
}
