/**
 * The check of `doctor` whether the key is of the organisation whose events the buffer made.
 *
 * @module
 */
import type { Instance } from "../../../misp/instance.ts";
import type { Installation } from "../../../misp/uuid.ts";
import { installationPath, readInstallation } from "../../../publish/installation_file.ts";
import { type Check, warning } from "../../terminal/checks.ts";

/**
 * Compares the key's organisation with that of the installation.
 *
 * @param buffer path of the buffer
 */
export function checkOwner({ organisation }: Instance, buffer: string): readonly Check[] {
  const known = installationOf(buffer)?.organisation;
  if (known === undefined || known === organisation.uuid.toLowerCase()) return [];
  return [warning(
    "organisation",
    `the key is of ${organisation.name}, but the events of this buffer are of organisation ${known}`,
    "use a key of that organisation: MISP refuses updates of its events by another",
  )];
}

/** A file that cannot be read is reported by the check of the buffer. */
function installationOf(buffer: string): Installation | undefined {
  try {
    return readInstallation(installationPath(buffer))?.installation;
  } catch {
    return undefined;
  }
}
