/**
 * The checks of `doctor` on lists: whether they can be written, and whether they were.
 *
 * @module
 */
import { dirname } from "node:path";
import type { SettingStore } from "../../../buffer/settings.ts";
import type { Config } from "../../../config/config.ts";
import { listFolder } from "../../../list_query.ts";
import { listFiles } from "../../../lists/file.ts";
import { statesOf } from "../../../lists/states.ts";
import { type Check, ok, warning } from "../../terminal/checks.ts";
import { checkFolder, statOf } from "./files.ts";

/** Checks the folder of each list. The one beside the buffer is made when it is needed. */
export function checkListFolders({ lists, buffer }: Config, root: string): readonly Check[] {
  const own = listFolder(buffer.path);
  const folders = listFiles(lists, buffer.path).map(({ path }) => dirname(path));
  return [...new Set(folders)].map((folder) =>
    folder === own && statOf(own) === undefined
      ? ok("lists", `${folder}, not made yet`)
      : checkFolder("lists", folder, "the file of the list", root)
  );
}

/** Checks whether each list has its newest content. */
export async function checkLists(
  { lists }: Config,
  settings: SettingStore,
): Promise<readonly Check[]> {
  const states = await statesOf(lists, settings);
  return states.map(({ name, addresses, problem }) =>
    problem === undefined
      ? ok(`list ${name}`, `${addresses ?? 0} addresses`)
      : warning(`list ${name}`, problem, "its file keeps what it has")
  );
}
