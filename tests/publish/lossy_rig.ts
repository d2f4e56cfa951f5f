/**
 * A day of alerts through the real buffer, publisher and REST sink into a fake MISP, with a clock that
 * is moved by hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { publishDue, type PublisherParts } from "../../src/publish/publisher.ts";
import type { Decision } from "../../src/model.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import type { StoredAttribute } from "../fake_misp/wire.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { seededRandom } from "../support/random.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 7, 23);
const ROUND_MS = 5 * MINUTE;
const ROUNDS_OF_DAY = 24 * 60 * MINUTE / ROUND_MS;
/** Far more than any run needs: one that never ends is to fail, not to hang. */
const MOST_ROUNDS = 5000;

const ALERTS = 1000;
const SOURCES = 60;
const SENSORS = ["honeypot-fra1", "honeypot-ams2", "honeypot-nyc3", "honeypot-sgp4"];
const USERNAMES = ["root", "admin", "ubuntu", "git", "postgres", "oracle", "pi", "ftp", "test"];
const TAGS = [
  "tlp:green",
  'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
  'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
  'misp-galaxy:mitre-attack-pattern="Valid Accounts - T1078"',
];

const RULES = { ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"] };

/** What a day came to. */
export interface Day {
  readonly picture: Picture;
  /** Rounds after the day until nothing waited. */
  readonly extraRounds: number;
  readonly refused: number;
  readonly requests: number;
}

/** What analysts see in MISP, in order of uuids; its own ids and times are left out. */
export interface Picture {
  readonly events: readonly { readonly uuid: string; readonly info: string }[];
  readonly sightings: readonly unknown[];
}

/** An alert with the time of its arrival. */
interface Arrival {
  readonly at: number;
  readonly decision: Decision;
}

/** Bursts of one to five guesses of one source at one sensor; a few end in a login. */
function alertsOfDay(): readonly Arrival[] {
  const random = seededRandom(20260823);
  const arrivals: Arrival[] = [];
  while (arrivals.length < ALERTS) {
    const source = `82.202.219.${1 + random(SOURCES)}`;
    const sensor = random(SENSORS.length);
    const began = START + random(23 * 60) * MINUTE;
    const pid = 1000 + arrivals.length;
    const isCompromised = random(100) === 0;
    const guesses = Math.min(1 + random(5), ALERTS - arrivals.length);
    for (let guess = 0; guess < guesses; guess++) {
      const at = began + guess * 7000;
      const username = USERNAMES[random(USERNAMES.length)]!;
      const what = isCompromised && guess === 0 ? "Accepted" : "Failed";
      const alert = sshdAlert({
        id: `${Math.floor(at / 1000)}.${arrivals.length}`,
        time: new Date(at).toISOString().replace("Z", "+0000"),
        rule: what === "Accepted" ? "40112" : "5760",
        agent: SENSORS[sensor]!,
        agentId: `00${sensor + 1}`,
        pid,
        message: `${what} password for ${username} from ${source} port ${pid} ssh2`,
      });
      arrivals.push({ at, decision: decideDefault(alert) });
    }
  }
  return arrivals.sort((one, other) => one.at - other.at);
}

/**
 * Sends the day's alerts, and publishes until nothing waits.
 *
 * @param trouble called before each round: what goes wrong from now on
 */
export async function liveADay(
  problem: (misp: FakeMisp, round: number) => void,
  timeoutMs = 10_000,
): Promise<Day> {
  let now = START;
  await using misp = await FakeMisp.start({ tags: TAGS, now: () => now });
  using client = new MispClient({
    url: misp.url,
    apiKey: misp.keys.publisher,
    caCertificate: undefined,
    timeoutMs,
  });
  using buffer = new SqliteBuffer(":memory:", START);
  const parts: PublisherParts = {
    buffer,
    sinks: [new RestSink(client, { publish: true, maxParallel: 4 })],
    due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: ["misp"] },
    deliveryMs: 30_000,
    prepare: () => Promise.resolve(),
    close: () => [],
    snapshot: (attack, record, at) => snapshotAttack(attack, record, RULES, { now: at }),
    now: () => now,
    random: () => 0.5,
    log: () => {},
  };
  const arrivals = alertsOfDay();
  let sent = 0;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    now = START + round * ROUND_MS;
    const end = arrivals.findIndex(({ at }) => at > now);
    const batch = arrivals.slice(sent, end < 0 ? arrivals.length : end);
    sent += batch.length;
    await buffer.intake.accept(batch.map(({ decision }) => decision), { maxUsernames: 100 }, now);
    problem(misp, round);
    await publishDue(parts, "me");
    const { pendingAttacks, waiting, refused } = await buffer.views.status();
    if (round < ROUNDS_OF_DAY || pendingAttacks > 0 || waiting > 0) continue;
    assert.equal(sent, ALERTS);
    const requests = misp.requests.length;
    return { picture: pictureOf(misp), extraRounds: round - ROUNDS_OF_DAY, refused, requests };
  }
  throw new Error(`after ${MOST_ROUNDS} rounds there is still something that waits`);
}

/** What analysts see in a MISP. */
export function pictureOf(misp: FakeMisp): Picture {
  const attributes = new Map<string, string>();
  const pictured = (all: readonly StoredAttribute[]) =>
    all.map((attribute) => {
      attributes.set(attribute.id, attribute.uuid);
      const { uuid, object_relation, type, category, value, to_ids, comment } = attribute;
      const seen = [attribute.first_seen, attribute.last_seen];
      return { uuid, object_relation, type, category, value, to_ids, comment, seen };
    }).sort(byUuid);
  const events = misp.events().map((event) => ({
    uuid: event.uuid,
    info: event.info,
    date: event.date,
    published: event.published,
    threat: event.threat_level_id,
    analysis: event.analysis,
    distribution: event.distribution,
    tags: event.Tag.map(({ name }) => name).sort(),
    attributes: pictured(event.Attribute),
    objects: event.Object.map((object) => ({
      uuid: object.uuid,
      name: object.name,
      comment: object.comment,
      seen: [object.first_seen, object.last_seen],
      attributes: pictured(object.Attribute),
    })).sort(byUuid),
    reports: event.EventReport.map(({ uuid, name, content }) => ({ uuid, name, content })),
  })).sort(byUuid);
  const sightings = misp.sightings().map((sighting) => ({
    uuid: sighting.uuid,
    attribute: attributes.get(sighting.attribute_id),
    source: sighting.source,
    type: sighting.type,
    date: sighting.date_sighting,
  })).sort(byUuid);
  return { events, sightings };
}

function byUuid(one: { readonly uuid: string }, other: { readonly uuid: string }): number {
  return one.uuid < other.uuid ? -1 : 1;
}
