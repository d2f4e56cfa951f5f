/**
 * The permissions in Wazuh's `etc/` that only setting up needs: to read the manager's `ossec.conf`, which
 * holds keys of other integrations, and to write there.
 *
 * @module
 */
import { PROGRAM } from "../config/defaults.ts";

/** The path of `ossec.conf` below Wazuh's folder. */
export const ossecConf = (root: string): string => `${root}/etc/ossec.conf`;

/** The folder of keys and other secrets. */
export const secretsFolder = (root: string): string => `${root}/etc/custom-misp`;

/** What `setup` may write below Wazuh's folder, and no other command but `serve token`. */
export const writtenBySetup = (root: string): readonly string[] => [
  secretsFolder(root),
  `${root}/etc/${PROGRAM}.json`,
  ossecConf(root),
];

/**
 * Drops these permissions but for the commands that need them, before anything that an attacker wrote is
 * read.
 *
 * A permission for a folder above goes with that to read: not below `/tmp`, whose alert files are read,
 * and neither under `deno run`, which has one for all of Wazuh's folder.
 *
 * @param name the command
 * @param word what follows it
 */
export function dropSetupRights(root: string, name: string, word: string | undefined): void {
  if (!Deno.build.standalone || name === "setup") return;
  const keepsSecrets = name === "serve" && word === "token";
  for (const path of writtenBySetup(root)) {
    if (keepsSecrets && path === secretsFolder(root)) continue;
    Deno.permissions.revokeSync({ name: "write", path });
  }
  if (name === "doctor" || root.startsWith("/tmp/")) return;
  Deno.permissions.revokeSync({ name: "read", path: ossecConf(root) });
}
