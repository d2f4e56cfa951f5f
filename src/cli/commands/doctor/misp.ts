/**
 * The checks of `doctor` in MISP.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { MINUTE } from "../../../clock.ts";
import { TooLong } from "../../../http.ts";
import { MispClient, Unreachable } from "../../../misp/client.ts";
import { CLOSED_TAG } from "../../../misp/day_event.ts";
import { techniqueTags } from "../../../misp/galaxy/techniques.ts";
import type { QueuedEvent } from "../../../misp/published/publication_queue.ts";
import { isGalaxyTag, taxonomiesOf } from "../../../misp/setup/make_missing.ts";
import { unfitting } from "../../../misp/sharing/markings.ts";
import {
  findGroup,
  groupsOf,
  SHARING_GROUPS,
  sharingGroupOf,
} from "../../../misp/sharing/sharing_group.ts";
import { forMisp } from "../../../misp/usernames.ts";
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
import { lacksGroupUuid, mispAccess } from "../../wiring/publisher.ts";

/** Older versions were never tested; 2.4.167 answers as 2.5.1, which was. */
const OLDEST = "2.4.167";

/** Times of events and sightings are ours: a clock this far off misorders them, milliseconds. */
const FARTHEST_CLOCK_MS = 60_000;

/** ATT&CK techniques of Wazuh's SSH rules (docs/contracts/misp.md 4). */
const TECHNIQUES = ["T1110", "T1110.001", "T1021.004", "T1078"];

const KNOWN_PROBLEMS: Readonly<Record<ProblemKind, string>> = {
  unreachable: "check misp.url, the network and the firewall; alerts are kept meanwhile",
  tls: "name the authority that signed its certificate in misp.ca_file",
  proxy: "check misp.proxy and misp.proxy_auth_file, or ask whoever runs the proxy",
  not_permitted:
    "compile the binary for these hosts: --misp-host, and --misp-proxy with misp.proxy",
  wrong_key: "put a valid key into the file that misp.api_key_file names",
  user_disabled: "ask an admin of MISP to enable the user of this key",
  wrong_address: "ask an admin of MISP to allow this machine's address for the key",
  no_right: "ask an admin of MISP what the role of this key may do",
  login: "check the key; if it is right, MISP is under maintenance",
  moved: "set misp.url to the address where MISP really is",
  not_misp:
    "check misp.url: it is the address of MISP's start page, with its path where MISP has one; " +
    "if a proxy or a portal answers instead, have it let this machine through to MISP",
  php_notice: "ask an admin of MISP to set display_errors to Off in php.ini of its web server",
  failing: "look at MISP's own log; reports wait and are tried again",
};

/** Checks the instance that is configured. */
export async function checkMisp(config: Config): Promise<readonly Check[]> {
  const { url } = config.misp;
  const ofFeed = lacksGroupUuid(config)
    ? [failure("sharing group", "a name, which a feed cannot look up", "use the uuid of the group")]
    : [];
  if (url === undefined) {
    return [ok("MISP", "not configured: events go to the feed folder"), ...ofFeed];
  }
  try {
    const access = mispAccess(config)!;
    using client = new MispClient(access);
    const look = await lookAtInstance(client, wantedTags(config), Date.now);
    const plain = checkEncryption("misp.url", url, "key");
    if (look.kind === "seen") {
      const { instance } = look;
      const owner = checkOwner(instance, config.buffer.path);
      const group = await checkSharingGroup(client, config);
      return [...plain, ...checkInstance(instance, config), ...group, ...owner, ...ofFeed];
    }
    const { kind, reason } = look.problem;
    return [...plain, failure("MISP", `${url}: ${reason}`, KNOWN_PROBLEMS[kind])];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure("MISP", error.what, error.hint ?? "see `help config`")];
  }
}

/** The tags that events have: those of the configuration, and those of techniques. */
export function wantedTags({ misp }: Config): readonly string[] {
  const closing = misp.eventPer === "day" ? [CLOSED_TAG.name] : [];
  const techniques = techniqueTags(TECHNIQUES.map((id) => ({ id, name: undefined })));
  return [...misp.tags, ...closing, ...techniques];
}

/** Workers of MISP publish within seconds, unless none runs. */
const LONGEST_QUEUED_MS = 10 * MINUTE;

/**
 * Checks whether events wait for a worker of MISP that does not run.
 *
 * @param now milliseconds UTC
 */
export function checkQueue(queued: readonly QueuedEvent[], now: number): readonly Check[] {
  const [oldest] = queued;
  if (oldest === undefined || now - oldest.at < LONGEST_QUEUED_MS) return [];
  const since = new Date(oldest.at).toISOString();
  return [warning(
    "publication",
    `${counted(queued.length, "event")} queued since ${since}, and not published yet`,
    "see in MISP whether its workers run (Administration > Server Settings > Workers)",
  )];
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
    ...checkMarkings(config),
    ...checkClock(instance),
  ];
}

/** Whether the key may use the sharing group of the configuration. */
async function checkSharingGroup(
  client: MispClient,
  { misp: { sharingGroup } }: Config,
): Promise<readonly Check[]> {
  if (sharingGroup === undefined) return [];
  const answer = await client.request("GET", SHARING_GROUPS).catch((error: unknown) => {
    if (error instanceof Unreachable || error instanceof TooLong) return undefined;
    throw error;
  });
  const groups = answer?.status === 200 ? groupsOf(answer.json) : undefined;
  if (groups === undefined) {
    const hint = "look at MISP's own log; events wait until it lists them";
    return [warning("sharing group", "MISP did not list its sharing groups", hint)];
  }
  const found = findGroup(groups, sharingGroupOf(sharingGroup));
  if (found !== undefined) return [ok("sharing group", `the key may use ${cleaned(found.name)}`)];
  const names = groups.map(({ name, uuid }) => `${cleaned(name)} (${uuid})`).join(", ");
  const hint = groups.length === 0
    ? "ask an admin of MISP to add your organisation to the group; now it is in none"
    : `name one of these by its uuid, or ask its owner to add your organisation: ${names}`;
  return [
    failure("sharing group", `the key may not use "${sharingGroup}": nothing is stored`, hint),
  ];
}

/** A name from MISP, on one line. */
const cleaned = (name: string) => forMisp(name, 100);

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
  const techniques = missingTags.filter(isGalaxyTag);
  const others = missingTags.filter((tag) => !isGalaxyTag(tag));
  return [
    ...(others.length === 0
      ? []
      : [warning("tags", `MISP leaves out: ${others.join(", ")}`, clicksFor(others))]),
    ...(techniques.length === 0 ? [] : [checkTechniques(techniques, rights)]),
  ];
}

/** What an admin clicks. A tag that no taxonomy has is added by itself. */
function clicksFor(tags: readonly string[]): string {
  const names = taxonomiesOf(tags).join(", ");
  return `as an admin of MISP: Event Actions > List Taxonomies, and in the rows ${names} "enable", ` +
    'then the eye and "Enable all"; or Event Actions > Add Tag for each; then they come with the ' +
    "next update; `doctor --fix` does it with a key that may";
}

/** A fresh instance has no tags of clusters, and no taxonomy makes them. */
function checkTechniques(tags: readonly string[], { perm_tagger }: Rights): Check {
  const missing = `${counted(tags.length, "technique")} without a tag: ${tags.join(", ")}`;
  return perm_tagger
    ? ok("technique tags", `${missing}; the first event that has one attaches its cluster`)
    : warning(
      "technique tags",
      `${missing}; the role may neither make tags nor attach clusters`,
      "ask a site admin of MISP for a role with perm_tagger or perm_tag_editor",
    );
}

function checkMarkings({ misp: { tags, distribution } }: Config): readonly Check[] {
  const contradicting = unfitting(tags, distribution);
  if (contradicting.length === 0) return [];
  const found = `${contradicting.join(", ")} does not fit misp.distribution ${distribution}`;
  return [warning("marking", found, 'change one of the two; docs/misp.md, "Tags", has the pairs')];
}

function checkClock({ clockAheadMs }: Instance): readonly Check[] {
  if (clockAheadMs === null || Math.abs(clockAheadMs) <= FARTHEST_CLOCK_MS) return [];
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const found = `MISP's clock is ${seconds} s ${clockAheadMs > 0 ? "ahead" : "behind"}`;
  return [warning("clock", found, "synchronise both machines by NTP")];
}
