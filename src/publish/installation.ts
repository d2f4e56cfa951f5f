/**
 * Whose events are published: decided once, before the first of them, and kept in the buffer and in a
 * file beside it. Where one of the two is lost, it is made again of the other.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { BufferStatus } from "../buffer/views.ts";
import { DAY } from "../clock.ts";
import { OTHER_WRITER, OTHER_WRITER_NOTE } from "../misp/published/other_writer.ts";
import type { Installation } from "../misp/uuid.ts";
import { messageOf } from "../errors.ts";
import {
  type InstallationFile,
  installationPath,
  installationText,
  parseInstallation,
  readInstallation,
  writeInstallation,
} from "./installation_file.ts";
import { COPY_LOGGED, INSTALLATION, LOGGED_NOTES } from "./names.ts";

/** What an installation is decided by. */
export interface OwnershipParts {
  readonly buffer: Pick<Buffer, "settings" | "views">;
  /** Path of the buffer, or `:memory:`. */
  readonly path: string;
  /** Asks MISP for the uuid of the key's organisation; undefined: there is no answer, or no MISP. */
  readonly organisation: () => Promise<string | undefined>;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: (level: "warning", message: string) => void;
}

/** Whose events a process publishes. */
export class Ownership {
  readonly #parts: OwnershipParts;
  #installation: Installation | undefined;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
  }

  /**
   * Finds the installation. While there is none, one is made as soon as there is an attack to publish:
   * until then MISP may still name the organisation.
   *
   * @throws {Error} the file cannot be read or written
   */
  async prepare(): Promise<void> {
    if (this.#installation !== undefined) return;
    const { buffer: { settings, views }, path } = this.#parts;
    const file = installationPath(path);
    const stored = parseInstallation(await settings.get(INSTALLATION) ?? "");
    const known = stored ?? readInstallation(file)?.installation;
    const installation = known ?? await this.#make(await views.status());
    if (installation === undefined) return;
    if (!isSame(wholeFile(file)?.installation, installation)) writeInstallation(file, installation);
    if (stored === undefined) await settings.put(INSTALLATION, installationText(installation));
    await this.#logCopy(file);
    this.#installation = installation;
  }

  /** Of a buffer that no version with installations has used; undefined: it is too early. */
  async #make({ knownSources, pendingAttacks }: BufferStatus): Promise<Installation | undefined> {
    if (knownSources > 0) return FORMER;
    if (pendingAttacks === 0) return undefined;
    return { id: crypto.randomUUID(), organisation: await this.#parts.organisation() };
  }

  /** @throws {Error} the first attack of all came after {@link prepare}; the next round publishes it */
  current(): Installation {
    if (this.#installation === undefined) {
      throw new Error("the first attack arrived during this round; the next one publishes it");
    }
    return this.#installation;
  }

  async #logCopy(file: string | undefined): Promise<void> {
    const { buffer: { settings }, now, log } = this.#parts;
    const problem = copyProblem(file);
    if (problem === undefined) return;
    const loggedAt = Number(await settings.get(COPY_LOGGED) ?? -Infinity);
    if (Math.abs(now() - loggedAt) < DAY) return;
    await settings.put(COPY_LOGGED, String(now()));
    log("warning", `${problem.found}; ${problem.hint}`);
  }
}

/**
 * Puts into a buffer what only the file beside it knows, so that a copy of the buffer knows it, too.
 *
 * @param path of the buffer
 * @throws {Error} the file cannot be read
 */
export async function storeInstallation(settings: Buffer["settings"], path: string): Promise<void> {
  if (parseInstallation(await settings.get(INSTALLATION) ?? "") !== undefined) return;
  const known = readInstallation(installationPath(path))?.installation;
  if (known !== undefined) await settings.put(INSTALLATION, installationText(known));
}

/** The namespace of the versions before there were ids: the publisher's name alone. */
const FORMER: Installation = { id: undefined, organisation: undefined };

/** A file that is damaged is made again of the buffer. */
function wholeFile(file: string | undefined): InstallationFile | undefined {
  try {
    return readInstallation(file);
  } catch {
    return undefined;
  }
}

const isSame = (one: Installation | undefined, other: Installation) =>
  one?.id === other.id && one?.organisation === other.organisation && one !== undefined;

/** A problem, and the next step. */
export interface OwnershipProblem {
  readonly found: string;
  readonly hint: string;
}

/**
 * Whether the file beside a buffer was copied there: then two installations may write the same events.
 *
 * @throws {Error} the file cannot be read
 */
export function copyProblem(file: string | undefined): OwnershipProblem | undefined {
  if (readInstallation(file)?.isCopy !== true) return undefined;
  return {
    found: `${file} is a copy: another installation may publish the same events`,
    hint: "if the other one is gone, delete this file, and it is made again; if both run, delete " +
      "this file and the buffer beside it",
  };
}

/**
 * What shows that another installation writes the same events: a copied folder, or an event in which
 * MISP knew more.
 *
 * @param path of the buffer
 */
export async function ownershipProblems(
  settings: Buffer["settings"],
  path: string,
): Promise<readonly OwnershipProblem[]> {
  const notes = await settings.get(LOGGED_NOTES) ?? "[]";
  return [
    ...fileProblems(path),
    ...(notes.includes(JSON.stringify(OTHER_WRITER_NOTE)) ? [OTHER_WRITER] : []),
  ];
}

function fileProblems(path: string): readonly OwnershipProblem[] {
  try {
    const problem = copyProblem(installationPath(path));
    return problem === undefined ? [] : [problem];
  } catch (error) {
    return [{ found: messageOf(error), hint: "let Wazuh's user own and read it" }];
  }
}
