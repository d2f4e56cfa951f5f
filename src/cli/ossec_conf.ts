/**
 * The permission to read the manager's `ossec.conf`, which holds keys of other integrations.
 *
 * @module
 */

/** The path of `ossec.conf` below Wazuh's folder. */
export const ossecConf = (root: string): string => `${root}/etc/ossec.conf`;

/**
 * Drops the permission, before anything that an attacker wrote is read.
 *
 * A permission for a folder above goes with it: not below `/tmp`, whose alert files are read, and not
 * under `deno run`, which has one for all of Wazuh's folder.
 */
export function dropOssecConf(root: string): void {
  if (!Deno.build.standalone || root.startsWith("/tmp/")) return;
  Deno.permissions.revokeSync({ name: "read", path: ossecConf(root) });
}
