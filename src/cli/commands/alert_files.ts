/**
 * What is wrong with files of alerts that people name: for the commands that read them.
 *
 * @module
 */
import type { IgnoreReason } from "../../model.ts";
import { NotAFile } from "../../intake/file_start.ts";
import { DamagedStream } from "../../intake/files.ts";
import { EXIT, Failure } from "../exit.ts";
import { oneLine } from "../../text.ts";

/** What is wrong with an item that nobody understands; an empty file is not wrong. */
const WRONG: Readonly<Partial<Record<IgnoreReason, string>>> = {
  not_json: "is not JSON",
  malformed: "is neither an alert nor a finding",
  text_format: "is not JSON but text; set <alert_format>json</alert_format>",
  too_large: "is too long for an alert",
};

/** Items that nobody understands, with their places. */
export class NotUnderstood {
  static readonly #MOST_SHOWN = 10;
  readonly #lines: string[] = [];
  #count = 0;

  /** Adds an item, if its reason says that nobody understood it. */
  add(file: string, where: string, reason: IgnoreReason): void {
    const wrong = WRONG[reason];
    if (wrong === undefined) return;
    this.#count++;
    if (this.#lines.length < NotUnderstood.#MOST_SHOWN) {
      this.#lines.push(`${oneLine(file)}: ${where} ${wrong}`);
    }
  }

  /** Shows the places. @returns the exit code */
  report(): number {
    if (this.#count === 0) return EXIT.ok;
    for (const line of this.#lines) console.error(line);
    const more = this.#count - this.#lines.length;
    if (more > 0) console.error(`${more} more items were not understood`);
    return EXIT.notJson;
  }
}

/** The failure of a command that cannot read a file; any other error as it is. */
export function unreadable(file: string, error: unknown, command: string): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new Failure(EXIT.noFile, `${file}: no such file`);
  }
  if (error instanceof Deno.errors.NotCapable) {
    const line = `${file}: this binary may not read there; use \`${command} - <FILE\``;
    return new Failure(EXIT.noFile, line);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const line = `${file}: permission denied; use \`${command} - <FILE\` as a user who may read it`;
    return new Failure(EXIT.noFile, line);
  }
  if (error instanceof NotAFile) return new Failure(EXIT.noFile, error.message);
  if (error instanceof DamagedStream) {
    return new Failure(
      EXIT.notJson,
      `${file}: ends in damaged data; the alerts before it were read`,
    );
  }
  return error;
}
