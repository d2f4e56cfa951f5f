/**
 * The log: one line for each message, whatever an attacker wrote into it.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";
import { PROGRAM } from "../../config/defaults.ts";
import { oneLine } from "../../text.ts";
import { messageOf } from "../../errors.ts";
import { appendText } from "../../file_owner.ts";

export { oneLine };

/** The levels of messages, least important first. */
export const LEVELS = ["debug", "info", "warning", "error"] as const;

/** One of {@link LEVELS}. */
export type Level = typeof LEVELS[number];

/** Writes a message. */
export type Log = (level: Level, message: string) => void;

/**
 * Appends to the log file. A message that cannot be logged goes to standard error.
 *
 * @param onScreen write each message to standard error, too
 */
export function createLog(config: Config["log"], onScreen: boolean): Log {
  const least = LEVELS.indexOf(config.level);
  return (level, message) => {
    if (LEVELS.indexOf(level) < least) return;
    const text = oneLine(message).slice(0, 2000);
    const time = new Date().toISOString();
    const line = config.format === "json"
      ? JSON.stringify({ time, level, program: PROGRAM, message: text })
      : `${time} ${PROGRAM} ${level}: ${text}`;
    if (onScreen) console.error(text);
    try {
      appendText(config.file, `${line}\n`);
    } catch (error) {
      if (onScreen) return;
      const reason = messageOf(error);
      console.error(`${text} (not logged: ${oneLine(reason)})`);
    }
  };
}

/** Logs as an error that a damaged buffer was replaced. */
export function logMovedAside(log: Log, path: string): void {
  log(
    "error",
    `the buffer was damaged; it is kept as ${path}, a new one was started; ` +
      "`replay` of kept alert files fills it again",
  );
}
