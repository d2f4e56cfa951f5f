/**
 * What the compiled binary may do; nothing else decides it. Described in docs/security.md,
 * "What it may do".
 *
 * @module
 */
import { RUNTIME_VARIABLES } from "../src/cli/wiring/runtime_variables.ts";
import { ossecConf, writtenBySetup } from "../src/cli/ossec_conf.ts";
import { PROGRAM } from "../src/config/defaults.ts";

/** What a binary is compiled for. */
export interface Site {
  /** Wazuh's folder. */
  readonly root: string;
  /** MISP's `HOST` or `HOST:PORT`; undefined: events go to the feed folder only. */
  readonly mispHost: string | undefined;
  /** `HOST:PORT` of `misp.proxy`; undefined: MISP is reached directly. */
  readonly mispProxy?: string | undefined;
  /** `HOST` or `HOST:PORT` of `forward.url`; undefined: nothing is forwarded. */
  readonly forwardHost?: string | undefined;
  /** `HOST` or `HOST:PORT` of `buffer.url`, by default with port 5432; undefined: the buffer is a file. */
  readonly bufferHost?: string | undefined;
  /** Folder in which a Cowrie writes; undefined: `follow --format cowrie` reads `logs/alerts` only. */
  readonly cowrieFolder?: string | undefined;
  /** `HOST` or `HOST:PORT` of `notify.webhook_url`; undefined: no login is reported. */
  readonly notifyHost?: string | undefined;
  /** Where `serve` listens, `HOST:PORT`. */
  readonly listen: string;
}

/** The configuration, and what the program deletes (docs/security.md, "The environment"). */
export const ALLOW_ENV = `--allow-env=${["WM_*", ...RUNTIME_VARIABLES].join(",")}`;

/** The permission flags of a binary for a site. */
export function permissionFlags(site: Site): readonly string[] {
  const { root, mispHost, mispProxy, forwardHost, notifyHost, bufferHost, cowrieFolder, listen } =
    site;
  const state = `${root}/queue/custom-misp`;
  const settings = [`${root}/etc/${PROGRAM}.json`, `${root}/etc/custom-misp`];
  const log = `${root}/logs/integrations.log`;
  const conf = ossecConf(root);
  const logs = [`${root}/logs/alerts`, cowrieFolder].filter((folder) => folder !== undefined);
  const hosts = [listen, mispHost, mispProxy, forwardHost, notifyHost, withPort(bufferHost)]
    .filter((host) => host !== undefined);
  return [
    "--no-prompt",
    // integratord writes alert files to /tmp (docs/contracts/wazuh.md 1.3)
    // the log, to see whether it is a link
    // ossec.conf for `doctor` and `setup` alone: every other start drops that
    `--allow-read=${["/tmp", state, ...settings, ...logs, log, conf].join(",")}`,
    // etc/ for `setup`, and its folder of secrets for `serve token`: every other start drops that
    `--allow-write=${[state, log, ...writtenBySetup(root)].join(",")}`,
    `--allow-net=${hosts.join(",")}`,
    ALLOW_ENV,
    // itself, wherever it is, for the background publisher
    "--allow-run=/proc/self/exe",
    "--deny-import",
    "--deny-ffi",
    "--deny-sys",
  ];
}

/** A database listens on a port of its own: no other one is needed. */
function withPort(host: string | undefined): string | undefined {
  return host === undefined || /:\d+$/.test(host) ? host : `${host}:5432`;
}

/** The file that the build writes. */
export const OUTPUT = `dist/${PROGRAM}`;
