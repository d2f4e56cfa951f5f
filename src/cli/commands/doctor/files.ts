/**
 * The checks of `doctor` on this machine: files, folders, the buffer.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { BufferStatus } from "../../../buffer/views.ts";
import { spillFiles } from "../../../buffer/spill/files.ts";
import { bufferExists, openDatabase } from "../../../buffer/sqlite/open.ts";
import { PROBE_BYTES, spaceProblem } from "../../../buffer/sqlite/error_text.ts";
import { BufferError } from "../../../buffer/sqlite/errors.ts";
import { MIGRATIONS } from "../../../buffer/sqlite/schema.ts";
import type { Config } from "../../../config/config.ts";
import type { Loaded } from "../../../config/load.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { createLookups } from "../../wiring/lookups.ts";
import { feedDirectory } from "../../wiring/publisher.ts";
import { fileReason } from "../../../errors.ts";
import { followed } from "../../../file_owner.ts";
import { shellWord } from "../../../text.ts";
import { adviceOn } from "./advice.ts";

/** Permission bits of other users: read, write, execute. */
const OTHERS = 0o007;

/** Checks the configuration file, and the files that hold secrets. */
export function checkSecrets({ config, file, fileFound }: Loaded): readonly Check[] {
  const found = fileFound ? file : `${file} does not exist; defaults are used`;
  const { apiKeyFile, proxyAuthFile } = config.misp;
  const { tokenFile } = config.forward;
  const { passwordFile } = config.buffer;
  const isSecret = fileFound && config.misp.apiKey !== undefined;
  return [
    ok("configuration", found),
    ...(isSecret ? openFile("configuration file", file) : []),
    ...(apiKeyFile === undefined ? [] : openFile("misp.api_key_file", apiKeyFile)),
    ...(proxyAuthFile === undefined ? [] : openFile("misp.proxy_auth_file", proxyAuthFile)),
    ...(passwordFile === undefined ? [] : openFile("buffer.password_file", passwordFile)),
    ...(tokenFile === undefined ? [] : openFile("forward.token_file", tokenFile)),
  ];
}

function openFile(name: string, path: string): readonly Check[] {
  const mode = statOf(path)?.mode ?? 0;
  if ((mode & OTHERS) === 0) return [];
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  const found = `${path} has mode ${shown}: every user may read it`;
  return [warning(name, found, `chmod 640 ${shellWord(path)}`)];
}

/** Checks the buffer's folder and file. Neither makes a buffer nor repairs one. */
export function checkBuffer(config: Config, root: string): readonly Check[] {
  const { path } = config.buffer;
  const writable = checkFolder("buffer folder", dirname(path), "buffer.path", root);
  if (writable.state === "failure") return [writable];
  return [writable, checkDatabase(path), ...checkSpilled(path)];
}

/** Checks for alerts that wait beside the buffer. */
function checkSpilled(path: string): readonly Check[] {
  const { length } = spillFiles(path);
  if (length === 0) return [];
  return [warning("spill files", `${length} waiting`, "`flush` takes them in, or says why not")];
}

/** Checks every page: other commands read only the pages that they need. */
function checkDatabase(path: string): Check {
  try {
    if (!bufferExists(path)) return ok("buffer", `${path}, not made yet`);
    openDatabase(path, Date.now(), { keepDamaged: true, fullCheck: true }).db.close();
    return ok("buffer", `${path}, schema ${MIGRATIONS.length}`);
  } catch (error) {
    if (!(error instanceof BufferError)) throw error;
    return failure("buffer", `${path}: ${error.what}`, error.hint);
  }
}

/** Checks for refused reports and paused sinks. */
export function checkReports(status: BufferStatus): readonly Check[] {
  return [
    status.refused === 0
      ? ok("reports", `${status.delivered} delivered, ${status.waiting} waiting`)
      : warning(
        "reports",
        `${status.refused} refused`,
        "`report list` says why; `report retry` sends one again, `report drop` removes it",
      ),
    ...status.paused.map(({ sink, reason }) =>
      warning(`sink ${sink}`, `paused: ${reason}`, "`flush --now` tries it at once")
    ),
  ];
}

/** Checks the log file, and the feed folder where one is used. */
export function checkOutputs(config: Config, root: string): readonly Check[] {
  const directory = feedDirectory(config);
  return [
    checkLog(config.log.file, root),
    ...(directory === undefined ? [] : [checkFeed(directory, root)]),
  ];
}

function checkLog(path: string, root: string): Check {
  try {
    if (followed(path) === undefined) return ok("log", `${path}, not made yet`);
    Deno.openSync(path, { append: true }).close();
    return ok("log", path);
  } catch (error) {
    const found = `${path}: ${fileReason(error)}`;
    return failure("log", found, adviceOn({ key: "log.file", path, root, error }));
  }
}

function checkFeed(directory: string, root: string): Check {
  try {
    Deno.statSync(directory);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return ok("feed folder", `${directory}, not made yet`);
    }
  }
  return checkFolder("feed folder", directory, "feed.directory", root);
}

/** Makes a file in a folder, and removes it again. */
export function checkFolder(name: string, folder: string, key: string, root: string): Check {
  const probe = join(folder, `.doctor-${Deno.pid}`);
  try {
    try {
      // A full disk still takes an empty file.
      Deno.writeFileSync(probe, new Uint8Array(PROBE_BYTES), { createNew: true, mode: 0o600 });
    } finally {
      removeIfThere(probe);
    }
    return ok(name, folder);
  } catch (error) {
    const full = spaceProblem(error);
    if (full !== undefined) return failure(name, `${folder}: ${full.what}`, full.hint);
    const found = `${folder} cannot be written: ${folderReason(error)}`;
    return failure(name, found, adviceOn({ key, path: folder, root, error }));
  }
}

/** Checks warning lists and GeoIP databases, where they are configured. */
export async function checkLookups(config: Config): Promise<readonly Check[]> {
  const { warninglistsDirectory } = config.guard;
  const sources = [
    ...(warninglistsDirectory === undefined ? [] : [warninglistsDirectory]),
    ...config.geoip.databases,
  ];
  if (sources.length === 0) return [];
  const problems: string[] = [];
  await createLookups(config, (_level, message) => void problems.push(message)).prepare();
  if (problems.length === 0) return [ok("look-ups", sources.join(", "))];
  return problems.map((problem) =>
    warning("look-ups", problem, "put the file where this program may read it, or unset the key")
  );
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What is there; undefined: nothing that can be looked at. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

const folderReason = (error: unknown) =>
  error instanceof Deno.errors.NotFound ? "there is no such folder" : fileReason(error);
