/**
 * What the compiled binary may do: the one place that says so. docs: README, "What it may do".
 *
 * @module
 */
import { PROGRAM } from "../src/config/keys.ts";

/** What a binary is compiled for. */
export interface Site {
  /** Wazuh's folder. */
  readonly root: string;
  /** MISP's `HOST` or `HOST:PORT`; undefined: events go to the feed folder only. */
  readonly mispHost: string | undefined;
  /** `HOST` or `HOST:PORT` of `forward.url`; undefined: nothing is forwarded. */
  readonly forwardHost?: string | undefined;
  /** Where `serve` listens, `HOST:PORT`. */
  readonly listen: string;
  /** systemd's socket, which is told how `serve` is; {@link NOTIFY_SOCKET} by default. */
  readonly notifySocket?: string;
}

/** Where systemd listens to its services. */
export const NOTIFY_SOCKET = "/run/systemd/notify";

/**
 * The permission flags of a binary for a site.
 *
 * @param namesSockets whether this Deno wants sockets of this machine named with hosts, too: 2.9 does,
 * 2.5 takes such a name for an error
 */
export function permissionFlags(site: Site, namesSockets = false): readonly string[] {
  const { root, mispHost, forwardHost, listen, notifySocket = NOTIFY_SOCKET } = site;
  const state = `${root}/queue/custom-misp`;
  const settings = [`${root}/etc/${PROGRAM}.json`, `${root}/etc/custom-misp`];
  const sockets = [`unix:${notifySocket}`, `unix:${state}/notify.sock`];
  const hosts = [listen, mispHost, forwardHost].filter((host) => host !== undefined)
    .concat(namesSockets ? sockets : []);
  return [
    "--no-prompt",
    // integratord writes alert files to /tmp (contracts/wazuh.md 1.3)
    `--allow-read=${["/tmp", state, ...settings, `${root}/logs/alerts`].join(",")}`,
    // sending to a socket counts as writing it
    `--allow-write=${[state, `${root}/logs/integrations.log`, notifySocket].join(",")}`,
    `--allow-net=${hosts.join(",")}`,
    // the latter two are systemd's
    "--allow-env=WM_*,NOTIFY_SOCKET,WATCHDOG_USEC",
    // itself, wherever it lies, for the detached publisher
    "--allow-run=/proc/self/exe",
    "--deny-import",
    "--deny-ffi",
    "--deny-sys",
  ];
}

/** The file that is compiled to. */
export const OUTPUT = `dist/${PROGRAM}`;
