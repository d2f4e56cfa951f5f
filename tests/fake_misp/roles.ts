/**
 * Who may do what: the keys, users, roles and organisations of the fake MISP.
 *
 * @module
 */
import type { Organisation } from "./wire.ts";

/** What a key stands for. The last four never get in, or only to read. */
export type Role =
  | "admin"
  | "orgadmin"
  | "publisher"
  | "user"
  | "notagger"
  | "readonly"
  | "sync"
  | "other"
  | "readonlykey"
  | "expired"
  | "disabled"
  | "iprestricted";

/** All role names, in the order of their user ids. */
export const ROLES: readonly Role[] = [
  "admin",
  "orgadmin",
  "publisher",
  "user",
  "notagger",
  "readonly",
  "sync",
  "other",
  "readonlykey",
  "expired",
  "disabled",
  "iprestricted",
];

/** The flags of a role as `/users/view/me` shows them, in that order. */
export interface Permissions {
  perm_add: boolean;
  perm_modify: boolean;
  perm_modify_org: boolean;
  perm_publish: boolean;
  perm_delegate: boolean;
  perm_sync: boolean;
  perm_admin: boolean;
  perm_audit: boolean;
  perm_auth: boolean;
  perm_site_admin: boolean;
  perm_regexp_access: boolean;
  perm_tagger: boolean;
  perm_template: boolean;
  perm_sharing_group: boolean;
  perm_tag_editor: boolean;
  perm_sighting: boolean;
  perm_object_template: boolean;
  perm_publish_zmq: boolean;
  perm_publish_kafka: boolean;
  perm_decaying: boolean;
  perm_galaxy_editor: boolean;
  perm_warninglist: boolean;
  perm_view_feed_correlations: boolean;
  perm_analyst_data: boolean;
  perm_skip_otp: boolean;
}

/** A role with some flags turned. */
export interface CustomRole {
  readonly role: Role;
  readonly permissions: Partial<Permissions>;
}

/** The user behind a key. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly roleId: string;
  readonly roleName: string;
  readonly organisation: Organisation;
  /** What the key may do. */
  readonly permissions: Permissions;
  /** What `/users/view/me` shows: the role's flags, also for a key that only reads. */
  readonly rolePermissions: Permissions;
}

/** The instance's organisations: the site admin's, the client's, a foreign one. */
export const ORGANISATIONS: readonly Organisation[] = [
  { id: "1", name: "ADMIN-ORG", uuid: "5f0f1a52-0000-4000-8000-000000000000", local: true },
  { id: "2", name: "SOC-ORG", uuid: "5f0f1a52-0000-4000-8000-000000000001", local: true },
  { id: "3", name: "OTHER-ORG", uuid: "5f0f1a52-0000-4000-8000-000000000002", local: true },
];

const READ_ONLY: Permissions = {
  perm_add: false,
  perm_modify: false,
  perm_modify_org: false,
  perm_publish: false,
  perm_delegate: false,
  perm_sync: false,
  perm_admin: false,
  perm_audit: false,
  perm_auth: true,
  perm_site_admin: false,
  perm_regexp_access: false,
  perm_tagger: false,
  perm_template: false,
  perm_sharing_group: false,
  perm_tag_editor: false,
  perm_sighting: false,
  perm_object_template: false,
  perm_publish_zmq: false,
  perm_publish_kafka: false,
  perm_decaying: false,
  perm_galaxy_editor: false,
  perm_warninglist: false,
  perm_view_feed_correlations: false,
  perm_analyst_data: false,
  perm_skip_otp: false,
};

const PUBLISHER: Permissions = {
  ...READ_ONLY,
  perm_add: true,
  perm_modify: true,
  perm_modify_org: true,
  perm_publish: true,
  perm_delegate: true,
  perm_audit: true,
  perm_tagger: true,
  perm_sighting: true,
  perm_publish_zmq: true,
  perm_publish_kafka: true,
  perm_decaying: true,
  perm_galaxy_editor: true,
  perm_analyst_data: true,
};

const USER: Permissions = {
  ...PUBLISHER,
  perm_publish: false,
  perm_delegate: false,
  perm_publish_zmq: false,
  perm_publish_kafka: false,
};

const ORG_ADMIN: Permissions = {
  ...PUBLISHER,
  perm_admin: true,
  perm_template: true,
  perm_sharing_group: true,
  perm_tag_editor: true,
  perm_view_feed_correlations: true,
};

const ADMIN: Permissions = {
  ...ORG_ADMIN,
  perm_sync: true,
  perm_site_admin: true,
  perm_regexp_access: true,
  perm_object_template: true,
  perm_warninglist: true,
};

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly permissions: Permissions;
}

function rowOf(role: Role): RoleRow {
  switch (role) {
    case "admin":
      return { id: "1", name: "admin", permissions: ADMIN };
    case "orgadmin":
      return { id: "2", name: "Org Admin", permissions: ORG_ADMIN };
    case "user":
      return { id: "3", name: "User", permissions: USER };
    case "sync":
      return { id: "5", name: "Sync user", permissions: { ...ORG_ADMIN, perm_sync: true } };
    case "readonly":
      return { id: "6", name: "Read Only", permissions: READ_ONLY };
    case "notagger":
      return { id: "7", name: "No Tagger", permissions: { ...PUBLISHER, perm_tagger: false } };
    case "readonlykey":
      return { id: "4", name: "Publisher", permissions: READ_ONLY };
    default:
      return { id: "4", name: "Publisher", permissions: PUBLISHER };
  }
}

/**
 * The key that stands for a role.
 *
 * @param role The role.
 * @returns Forty characters, as MISP's keys have.
 */
export function keyOf(role: Role): string {
  return role.padEnd(40, "0");
}

/**
 * The user behind a key.
 *
 * @param given A role, or a role with some flags turned.
 * @returns The user.
 */
export function userOf(given: Role | CustomRole): User {
  const role = typeof given === "string" ? given : given.role;
  const turned = typeof given === "string" ? {} : given.permissions;
  const row = rowOf(role);
  const record = role === "admin" ? 0 : role === "other" ? 2 : 1;
  const organisation = ORGANISATIONS[record];
  if (organisation === undefined) throw new Error(`No organisation for role '${role}'`);
  return {
    id: String(ROLES.indexOf(role) + 1),
    email: `${role}@${role === "other" ? "other" : "soc"}.test`,
    role,
    roleId: row.id,
    roleName: row.name,
    organisation,
    permissions: { ...row.permissions, ...turned },
    rolePermissions: { ...(role === "readonlykey" ? PUBLISHER : row.permissions), ...turned },
  };
}
