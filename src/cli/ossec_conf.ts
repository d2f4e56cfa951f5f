/**
 * The permission to read the manager's `ossec.conf`, which holds keys of other integrations.
 *
 * @module
 */

/** The path of `ossec.conf` below Wazuh's folder. */
export const ossecConf = (root: string): string => `${root}/etc/ossec.conf`;

/** Gives the permission up, before anything that an attacker wrote is read. */
export function giveUpOssecConf(root: string): void {
  // Under `deno run` a folder above it is permitted, and that cannot be taken apart.
  if (Deno.build.standalone) Deno.permissions.revokeSync({ name: "read", path: ossecConf(root) });
}
