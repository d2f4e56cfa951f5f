/**
 * How a fake MISP is set up.
 *
 * @module
 */
import type { CustomRole, Role } from "./roles.ts";
import type { SharingGroupRow, WarningList } from "./state.ts";

/** How the instance is set up. */
export interface FakeMispOptions {
  /** Further keys. */
  readonly keys?: Readonly<Record<string, Role | CustomRole>>;
  /** Tags that exist already. */
  readonly tags?: readonly string[];
  /** Sharing groups that every key may use. */
  readonly sharingGroups?: readonly SharingGroupRow[];
  /** Namespaces of taxonomies, none of them enabled. */
  readonly taxonomies?: readonly string[];
  /** Whether the galaxies were imported. */
  readonly galaxies?: boolean;
  /** Warninglists that are enabled. */
  readonly warningLists?: readonly WarningList[];
  /** Publishing only queues a job, and no worker runs. */
  readonly backgroundJobs?: boolean;
  readonly maintenance?: boolean;
  /** Milliseconds every answer takes. */
  readonly latencyMs?: number;
  /** Milliseconds since the epoch; the real time by default. */
  readonly now?: () => number;
  /**
   * Keep connections open between requests, as Apache does. Off by default: Deno's fetch (2.9) sends
   * a request again on its own, a POST too, when a connection it had used before is cut before the
   * answer, and a test would not see the cut.
   *
   * @default {false}
   */
  readonly keepAlive?: boolean;
  /** Whether `FakeMisp.requests` has what was received: of a million it fills the memory. */
  readonly keepsRequests?: boolean;
  /** PEM texts; the server then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}
