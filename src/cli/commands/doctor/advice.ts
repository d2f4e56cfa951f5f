/**
 * What to do about a path that cannot be written. A command is printed only for what is this program's
 * own: `install -d` and `chown` take a folder away from whoever has it.
 *
 * @module
 */
import { shellWord } from "../../../text.ts";

/** A path that could not be written. */
export interface Unwritable {
  /** The configuration key that names it. */
  readonly key: string;
  readonly path: string;
  /** Wazuh's folder. */
  readonly root: string;
  readonly error: unknown;
}

/** The next step, in one line. */
export function adviceOn({ key, path, root, error }: Unwritable): string {
  const own = `${root}/queue/custom-misp`;
  if (error instanceof Deno.errors.NotCapable) {
    return `set ${key} to a path in ${own}, or compile the binary with --root for another folder`;
  }
  const isOurs = (path === own || path.startsWith(`${own}/`)) && !/(^|\/)\.\.?(\/|$)/.test(path);
  if (!isOurs) {
    return `let Wazuh's user write there, or set ${key} to a path in ${own}`;
  }
  const command = error instanceof Deno.errors.NotFound
    ? `install -o wazuh -g wazuh -m 750 -d ${shellWord(path)}`
    : `chown -R wazuh:wazuh ${shellWord(path)}`;
  return path === own ? `run \`doctor --fix\` as root, or \`${command}\`` : command;
}
