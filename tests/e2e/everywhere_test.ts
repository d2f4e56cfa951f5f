/**
 * One scene over all outputs at once: sources of every state, and each of them where it belongs, and nowhere
 * else (docs/lists.md, "Where an address is, and where not").
 */
import assert from "node:assert/strict";
import { seededRandom } from "../support/random.ts";
import { DAY, HOUR, MINUTE } from "../../src/clock.ts";
import {
  addressesOfCsv,
  addressesOfJson,
  type Attempts,
  Everywhere,
  type SiteConfig,
} from "./everywhere_rig.ts";

/** Where a source of a kind is. */
interface Place {
  /** Its event gives it to detection, does not, or there is none. */
  readonly event: "offers" | "flags" | "none";
  readonly inLists?: true;
  /** In the lists of pages, and in the tables of commands. */
  readonly shown?: true;
  /** In CSV and JSON for other programs that ask for no state. */
  readonly exported?: true;
  readonly ranked?: true;
  /** What its own page says; undefined: there is none. */
  readonly page?: RegExp;
}

const HERE = { event: "offers", inLists: true, shown: true, exported: true, ranked: true } as const;
const FLAGGED = { event: "flags", shown: true, ranked: true } as const;
const REFUSED = /Nothing is published about this address/;
const DROPPED = /is on a warning list of false positives/;
const ANY = /<h1/;

/** Every kind of source, by what becomes of it. */
const KINDS = {
  ordinary: { ...HERE, page: ANY },
  compromised: { ...HERE, page: /logged in after failures/ },
  // Its address expired, and it attacked again.
  returned: { ...HERE, page: ANY },
  // The same, and the attack is not reported yet: MISP offers it again in a quarter of an hour.
  returning: { event: "flags", shown: true, exported: true, ranked: true, page: /collecting/ },
  open: { event: "none", shown: true, exported: true, ranked: true, page: /collecting/ },
  expired: { event: "flags", shown: true, page: /expired after silence/ },
  withdrawn: { event: "flags", shown: true, page: /withdrawn by an operator/ },
  allowed: { event: "none" },
  // Allow-listed between its attack and the report of it.
  allowedOpen: { event: "none", page: REFUSED },
  // Allow-listed after its event was published: only `retract` changes an event.
  allowedLate: { event: "offers", page: REFUSED },
  special: { event: "none" },
  dropped: { event: "none", page: DROPPED },
  droppedLate: { event: "offers", page: DROPPED },
  droppedAgain: { event: "flags", page: DROPPED },
  droppedCompromised: { event: "flags", shown: true, page: DROPPED },
  scanner: { ...FLAGGED, page: /is on a warning list of shared hosts or of scanners/ },
  cloud: { ...HERE, inLists: undefined, page: ANY },
} as const;

type Kind = keyof typeof KINDS;
const placeOf = (kind: Kind) => KINDS[kind] as Place;

/** Sources of each kind in networks of their own, so that a whole network can be on a list. */
interface Scene {
  readonly sources: ReadonlyMap<Kind, readonly Attempts[]>;
  /** A network, or the addresses, of each kind. */
  readonly networks: (...kinds: readonly Kind[]) => readonly string[];
  readonly site: Pick<SiteConfig, "eventPer" | "reopenDays" | "publishPrivate">;
}

const SPECIAL = [
  "10.9.8.7",
  "192.168.1.5",
  "127.0.0.9",
  "169.254.3.3",
  "fd00::5",
  "2002:a09:801::1",
];

function sceneOf(seed: number): Scene {
  const random = seededRandom(seed);
  const sources = new Map<Kind, readonly Attempts[]>();
  const networks = new Map<Kind, readonly string[]>();
  for (const [at, kind] of (Object.keys(KINDS) as Kind[]).entries()) {
    const isSix = random(3) === 0;
    const isPlain = placeOf(kind).inLists === true;
    const own = Array.from({ length: 1 + random(3) }, (_, n): Attempts => ({
      source: kind === "special"
        ? SPECIAL[(seed + n) % SPECIAL.length]!
        : isSix
        ? `2a02:6b8:${(at + 1).toString(16)}::${n + 1}`
        : `81.2.${60 + at}.${10 + n * 3 + random(3)}`,
      // What must not come first would come first.
      attempts: isPlain ? 1 + random(3) : 4 + random(4),
      isLogin: kind === "compromised" || kind === "droppedCompromised",
    }));
    sources.set(kind, own);
    const whole = isSix ? `2a02:6b8:${(at + 1).toString(16)}::/64` : `81.2.${60 + at}.0/24`;
    networks.set(kind, random(2) === 0 ? [whole] : own.map(({ source }) => source));
  }
  return {
    sources,
    networks: (...kinds) => kinds.flatMap((kind) => networks.get(kind)!),
    site: {
      eventPer: random(2) === 0 ? "source" : "day",
      // Attackers return into their event, or into a new one.
      reopenDays: random(2) === 0 ? 7 : 30,
      publishPrivate: random(2) === 0,
    },
  };
}

/** Lives through two weeks, in which the configuration changes. */
async function live(site: Everywhere, { sources, networks, site: given }: Scene): Promise<void> {
  const attack = async (...kinds: readonly Kind[]) => {
    return await site.attack(kinds.flatMap((kind) => sources.get(kind)!));
  };
  const at = (time: number) => site.now = site.end - time;
  const before: SiteConfig = {
    ...given,
    allowed: networks("allowed"),
    warned: {
      "our-partners": networks("dropped", "droppedCompromised"),
      "acme-scanning": networks("scanner"),
      "amazon-aws": networks("cloud"),
    },
  };
  await site.configure(before);
  at(12 * DAY);
  await attack("expired", "returned", "returning");
  await site.publish();
  at(6 * DAY);
  await site.publish();
  at(3 * DAY);
  await attack("allowedLate", "droppedLate", "droppedAgain", "withdrawn", "ordinary", "cloud");
  await site.publish();
  at(2 * DAY);
  for (const { source } of sources.get("withdrawn")!) await site.retract(source);
  await site.publish();
  at(3 * HOUR);
  await attack("ordinary", "returned", "compromised", "scanner", "dropped", "droppedCompromised");
  await attack("special", "allowedOpen", "withdrawn");
  assert.equal(await attack("allowed"), 0);
  // From now on more is known.
  await site.configure({
    ...before,
    publishPrivate: false,
    allowed: [...before.allowed, ...networks("allowedOpen", "allowedLate")],
    warned: {
      ...before.warned,
      "more-partners": networks("droppedLate", "droppedAgain"),
    },
  });
  await attack("droppedAgain");
  await site.publish();
  at(MINUTE);
  await attack("open", "returning");
  await site.writeLists();
  at(0);
}

const found = (addresses: Iterable<string>) => [...addresses].sort();

/** Lives through a scene, and looks everywhere. */
async function look(t: Deno.TestContext, scene: Scene): Promise<void> {
  const kinds = new Map(
    scene.sources.entries().flatMap(([kind, own]) =>
      own.map(({ source }) => [source, kind] as const)
    ),
  );
  const those = (is: (place: Place) => boolean) =>
    found(kinds.entries().filter(([, kind]) => is(placeOf(kind))).map(([source]) => source));
  const ofKinds = (...some: readonly Kind[]) =>
    found(kinds.entries().filter(([, kind]) => some.includes(kind)).map(([source]) => source));
  const [inEvents, inLists] = [
    those(({ event }) => event === "offers"),
    those((place) => place.inLists === true),
  ];
  const shown = those((place) => place.shown === true);
  const exported = those((place) => place.exported === true);
  const ranked = those((place) => place.ranked === true);
  await using site = await Everywhere.start();
  await live(site, scene);

  await t.step("events in MISP", () => {
    assert.deepEqual(found(site.inMisp()), inEvents);
    for (const source of those(({ event }) => event === "none")) {
      assert.ok(!site.saidToMisp().includes(`"${source}"`), `${kinds.get(source)} ${source}`);
    }
  });
  await t.step("the feed", () => {
    assert.deepEqual(found(site.inFeed()), inEvents);
    for (const source of those(({ event }) => event === "none")) {
      assert.ok(!site.saidInFeed().includes(`"${source}"`), `${kinds.get(source)} ${source}`);
    }
    for (const [source, kind] of kinds) {
      const { event } = placeOf(kind);
      // What is on a list of scanners is no secret; what was taken back is not to be found.
      const isFound = event === "offers" || ["droppedAgain", "droppedCompromised", "scanner"]
        .includes(kind);
      assert.equal(site.isHashed(source), isFound, `${kind} ${source}`);
    }
  });
  await t.step("lists, in files and by HTTP", async () => {
    for (const [name, addresses] of await site.lists()) {
      assert.deepEqual(found(addresses), inLists, name);
    }
  });
  await t.step("pages", async () => {
    assert.deepEqual(found(await site.listed()), shown);
    for (const span of ["day", "week", "month"]) {
      const linked = await site.linkedFrom(`/?span=${span}`);
      assert.deepEqual(linked.filter((source) => !shown.includes(source)), [], span);
    }
    const top = await site.linkedFrom("/?span=month", "sources");
    assert.deepEqual(top.filter((source) => !ranked.includes(source)), []);
    assert.equal(top.length, Math.min(15, ranked.length));
    const ofSensor = await site.linkedFrom("/sensors/007%40wazuh-manager-01");
    assert.deepEqual(ofSensor.filter((source) => !shown.includes(source)), []);
    assert.ok(new Set(ofSensor).size >= Math.min(15, shown.length));
    for (const [source, kind] of kinds) {
      const isKnown = kind === "special" && scene.site.publishPrivate;
      const said = isKnown ? REFUSED : placeOf(kind).page ?? /knows nothing of/;
      assert.match(await site.pageOf(source), said, `${kind} ${source}`);
    }
    for (const source of ofKinds("expired", "withdrawn")) {
      assert.match(await site.rowOf(source), /badge (expired|withdrawn)/, source);
    }
  });
  await t.step("CSV and JSON of pages", async () => {
    assert.deepEqual(found(await site.csv()), exported);
    assert.deepEqual(found(await site.json()), exported);
    const STATES: readonly (readonly [state: string, addresses: readonly string[]])[] = [
      ["expired", ofKinds("expired")],
      ["withdrawn", ofKinds("withdrawn")],
      ["compromised", ofKinds("compromised", "droppedCompromised")],
      ["open", ofKinds("open", "returning")],
    ];
    for (const [state, addresses] of STATES) {
      const query = `?state=${state}`;
      assert.deepEqual(found(await site.listed(query)), addresses, state);
      assert.deepEqual(found(await site.csv(query)), addresses, state);
      assert.deepEqual(found(await site.json(query)), addresses, state);
    }
  });
  await t.step("commands", async () => {
    assert.deepEqual(found(addressesOfCsv(await site.run("sources", "--csv"))), exported);
    assert.deepEqual(found(addressesOfJson(await site.run("sources", "--json"))), exported);
    const expired = await site.run("sources", "--state", "expired", "--json");
    assert.deepEqual(found(addressesOfJson(expired)), ofKinds("expired"));
    const table = (await site.run("sources", "--limit", "1000")).split("\n").slice(1, -1);
    assert.deepEqual(found(table.map((line) => line.split(" ")[0]!)), shown);
    const top = JSON.parse(await site.run("top", "--span", "month", "--json"));
    const names = top.sources.map(({ name }: { readonly name: string }) => name);
    assert.deepEqual(found(names).filter((source) => !ranked.includes(source)), []);
    assert.equal(names.length, Math.min(10, ranked.length));
    assert.deepEqual(found((await site.run("list", "plain")).split("\n").slice(0, -1)), inLists);
  });
}

Deno.test("every output has the sources that belong there, and no other", async (t) => {
  for (const seed of [1, 2, 3, 4]) {
    await t.step(`scene ${seed}`, (inner) => look(inner, sceneOf(seed)));
  }
});
