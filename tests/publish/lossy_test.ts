/**
 * The fake MISP closes its connections after each answer here (`keepAlive` is off, its default): on a
 * kept connection Deno's fetch sends a request whose answer was lost again on its own, a POST too, and
 * nothing of the loss would be seen.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { FakeMisp, Fault } from "../fake_misp/server.ts";
import { seededRandom } from "../support/random.ts";
import { type Day, liveADay } from "./lossy_rig.ts";

let clean: Promise<Day> | undefined;
const cleanDay = () => clean ??= liveADay(() => {});

Deno.test("publishDue() over a clean network leaves one event a source, and a sighting a return", async () => {
  const { picture, extraRounds, refused } = await cleanDay();
  assert.deepEqual(
    [picture.events.length, picture.sightings.length, extraRounds, refused],
    [60, 260, 0, 0],
  );
});

Deno.test("publishDue() of the same 1,000 alerts sent through a network that loses every third answer leaves exactly the events, objects, attributes and sightings of a clean run", async () => {
  const [{ picture, requests }, lossy] = await Promise.all([
    cleanDay(),
    liveADay((misp, round) => {
      if (round === 1) misp.failEvery(3, { kind: "lost-answer" });
    }),
  ]);
  assert.deepEqual(lossy.picture, picture);
  assert.equal(lossy.refused, 0);
  assert.ok(lossy.requests > requests, `${lossy.requests} requests, ${requests} without losses`);
  assert.ok(
    lossy.requests <= 3 * requests,
    `${lossy.requests} requests, ${requests} without losses`,
  );
  assert.ok(lossy.extraRounds <= 2, `${lossy.extraRounds} rounds more`);
});

const MIXTURE: readonly Fault[] = [
  { kind: "lost-answer" },
  { kind: "close" },
  { kind: "cut-body" },
  { kind: "gateway", status: 503 },
];
/** Requests between two answers that hang, and how many do: each takes the client's whole patience. */
const BETWEEN_HANGING = 150;
const MOST_HANGING = 5;
const LOCK_TIMEOUT_MS = 100;

/** Faults for the requests to come: about one in three, each kind by chance. */
function mixture(): (misp: FakeMisp) => void {
  const random = seededRandom(3);
  const byChance = (): Fault =>
    random(3) === 0 ? MIXTURE[random(MIXTURE.length)]! : { kind: "slow", ms: 0 };
  let ordered = 0;
  const next = (): Fault => {
    ordered++;
    const hangs = ordered % BETWEEN_HANGING === 0 && ordered <= MOST_HANGING * BETWEEN_HANGING;
    return hangs ? { kind: "hang-body" } : byChance();
  };
  return (misp) => {
    if (misp.faultsLeft < 100) misp.fail(...Array.from({ length: 200 }, next));
  };
}

Deno.test("publishDue() through a network that loses, cuts and refuses by chance leaves the same, too", async () => {
  const [{ picture }, lossy] = await Promise.all([
    cleanDay(),
    liveADay(mixture(), LOCK_TIMEOUT_MS),
  ]);
  assert.deepEqual(lossy.picture, picture);
  assert.equal(lossy.refused, 0);
});
