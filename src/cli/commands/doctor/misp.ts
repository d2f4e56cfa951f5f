/**
 * The checks of `doctor` in MISP.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { MispClient } from "../../../misp/client.ts";
import { techniqueTags } from "../../../misp/techniques.ts";
import {
  type Instance,
  isOlder,
  lookAtInstance,
  type ProblemKind,
  type Rights,
} from "../../../misp/instance.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { checkEncryption } from "./encryption.ts";
import { checkOwner } from "./owner.ts";
import { counted } from "../../terminal/counted.ts";
import { mispAccess } from "../../wiring/publisher.ts";

/** Older versions were never tested; 2.4.167 answers as 2.5.1, which was. */
const OLDEST = "2.4.167";

/** Times of events and sightings are ours: a clock this far off misorders them, milliseconds. */
const FARTHEST_CLOCK_MS = 60_000;

/** ATT&CK techniques of Wazuh's SSH rules (docs/contracts/misp.md 4). */
const TECHNIQUES = ["T1110", "T1110.001", "T1021.004", "T1078"];

const KNOWN_PROBLEMS: Readonly<Record<ProblemKind, string>> = {
  unreachable: "check misp.url, the network and the firewall; alerts are kept meanwhile",
  tls: "name the authority that signed its certificate in misp.ca_file",
  not_permitted: "compile the binary with --misp-host for this host",
  wrong_key: "put a valid key into the file that misp.api_key_file names",
  user_disabled: "ask an admin of MISP to enable the user of this key",
  wrong_address: "ask an admin of MISP to allow this machine's address for the key",
  no_right: "ask an admin of MISP what the role of this key may do",
  login: "check the key; if it is right, MISP is under maintenance",
  moved: "set misp.url to the address where MISP really is",
  not_misp: "check misp.url: it must be MISP's own address, without a path behind it",
  failing: "look at MISP's own log; reports wait and are tried again",
};

/** Checks the instance that is configured. */
export async function checkMisp(config: Config): Promise<readonly Check[]> {
  const { url } = config.misp;
  if (url === undefined) return [ok("MISP", "not configured: events go to the feed folder")];
  try {
    const access = mispAccess(config)!;
    using client = new MispClient(access);
    const wanted = [
      ...config.misp.tags,
      ...techniqueTags(TECHNIQUES.map((id) => ({ id, name: undefined }))),
    ];
    const look = await lookAtInstance(client, wanted, Date.now);
    const plain = checkEncryption("misp.url", url, "key");
    if (look.kind === "seen") {
      const { instance } = look;
      const owner = checkOwner(instance, config.buffer.path);
      return [...plain, ...checkInstance(instance, config), ...owner];
    }
    const { kind, reason } = look.problem;
    return [...plain, failure("MISP", `${url}: ${reason}`, KNOWN_PROBLEMS[kind])];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure("MISP", error.what, error.hint ?? "see `help config`")];
  }
}

/** Checks an instance, and the key's role there. Pure. */
export function checkInstance(instance: Instance, config: Config): readonly Check[] {
  const { version, role, organisation, rights, isReadOnly } = instance;
  const about = `${version}, role ${role} of ${organisation.name}`;
  return [
    isOlder(version, OLDEST)
      ? warning(
        "MISP",
        `${about}: older than ${OLDEST}`,
        "update it: this program was never tested with it",
      )
      : ok("MISP", about),
    ...(isReadOnly
      ? [failure("key", "it is a read-only key", "make another key for this user")]
      : checkRights(rights, config)),
    ...checkTags(instance),
    ...checkClock(instance),
  ];
}

function checkRights(rights: Rights, config: Config): readonly Check[] {
  const lack = (flag: string) => `ask a site admin of MISP for a role with ${flag}`;
  const checks: Check[] = [];
  if (!rights.perm_add) {
    checks.push(failure("right to add", "missing: nothing can be stored", lack("perm_add")));
  }
  if (!rights.perm_publish && config.misp.publish) {
    const found = "missing: events are stored, but not published";
    checks.push(warning("right to publish", found, lack("perm_publish")));
  }
  if (!rights.perm_sighting) {
    checks.push(warning("right to add sightings", "missing: no sightings", lack("perm_sighting")));
  }
  return checks.length > 0 ? checks : [ok("rights", "add, publish, sightings")];
}

function checkTags({ missingTags, rights }: Instance): readonly Check[] {
  if (missingTags === null) {
    return [warning("tags", "MISP did not list its tags", "the log names those that are left out")];
  }
  if (missingTags.length === 0) return [ok("tags", "MISP has all of them")];
  if (rights.perm_tag_editor) {
    return [ok("tags", `${counted(missingTags.length, "tag")} missing; the role may create tags`)];
  }
  const hint = 'enable their taxonomies in MISP (Event Actions > Taxonomies) and there "enable ' +
    'all tags"; those of the galaxy come with a role that has perm_tag_editor';
  return [warning("tags", `MISP leaves out: ${missingTags.join(", ")}`, hint)];
}

function checkClock({ clockAheadMs }: Instance): readonly Check[] {
  if (clockAheadMs === null || Math.abs(clockAheadMs) <= FARTHEST_CLOCK_MS) return [];
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const found = `MISP's clock is ${seconds} s ${clockAheadMs > 0 ? "ahead" : "behind"}`;
  return [warning("clock", found, "synchronise both machines by NTP")];
}
