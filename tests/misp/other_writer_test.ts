import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { MispClient } from "../../src/misp/client.ts";
import { buildEvent, type MispEvent } from "../../src/misp/event.ts";
import { keepHigher, OTHER_WRITER_NOTE } from "../../src/misp/published/other_writer.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { uuidV5 } from "../../src/misp/uuid.ts";
import { asEarlierRelease } from "../support/earlier_release.ts";
import { firstReport } from "../support/source_record.ts";
import { record, RULES, TAGS, UUID } from "./rest_sink_rig.ts";

const FIRST = Date.UTC(2026, 10, 23, 0, 4, 11);
const LAST = Date.UTC(2026, 10, 23, 7, 41, 2);
const HOUR = 60 * 60_000;
const FALSE_POSITIVE = 'false-positive:risk="high"';

/** What one of two installations of the same name knows of the source. */
interface Known {
  readonly attempts: number;
  readonly firstSeen?: number;
  readonly lastSeen?: number;
  readonly sensor?: string;
  readonly retractedAt?: number;
}

/** One MISP with a clock that is moved by hand. */
class Place implements AsyncDisposable {
  now = LAST + HOUR;
  readonly misp: FakeMisp;

  constructor(misp: FakeMisp) {
    this.misp = misp;
  }

  static async open(): Promise<Place> {
    const place: { it?: Place } = {};
    const misp = await FakeMisp.start({
      tags: [...TAGS, FALSE_POSITIVE],
      now: () => place.it?.now ?? LAST,
    });
    return place.it = new Place(misp);
  }

  /** An installation that publishes by the same name as the others. */
  installation() {
    let lastPublished: string | undefined;
    return async (
      known: Known,
      change: (made: Report) => Report = (made) => made,
    ): Promise<readonly string[]> => {
      this.now += HOUR;
      const about = { ...record(known.attempts, "198.51.100.7"), ...known };
      const sensor = known.sensor ?? "001/honeypot-fra1";
      const sensors = [{ ...about, sensor, name: sensor, alerts: 1 }];
      const { misp } = this;
      using client = new MispClient({
        ...{ url: misp.url, apiKey: misp.keys.publisher, caCertificate: undefined },
        timeoutMs: 10_000,
      });
      const sink = new RestSink(client, { publish: true, maxParallel: 1 });
      const report = change(firstReport(about, buildEvent({ ...about, sensors }, RULES), {
        isKnownThere: lastPublished !== undefined,
        lastPublished: lastPublished ?? "",
      }));
      for await (const { outcome } of sink.deliver([report], () => this.now)) {
        assert.equal(outcome.kind, "delivered", JSON.stringify(outcome));
        if (outcome.kind !== "delivered") continue;
        lastPublished = outcome.lastPublished;
        return outcome.notes;
      }
      throw new Error("nothing was delivered");
    };
  }

  /** What a colleague does by the same API, some time later. */
  async asAnalyst(path: string, body: unknown = {}): Promise<void> {
    this.now += HOUR;
    const response = await fetch(this.misp.url + path, {
      method: "POST",
      headers: { Authorization: this.misp.keys.orgadmin, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    await response.body?.cancel();
    assert.equal(response.status, 200);
  }

  /** The times of the address of the event itself. */
  get address() {
    const [own] = this.misp.event(UUID)!.Attribute;
    return [Date.parse(own!.first_seen!), Date.parse(own!.last_seen!)];
  }

  /** Total, times and title, as an analyst sees them. */
  seen() {
    const event = this.misp.event(UUID)!;
    const [object] = event.Object;
    const total = object!.Attribute.find((one) => one.object_relation === "total");
    return [Number(total!.value), Date.parse(object!.first_seen!), Date.parse(object!.last_seen!)];
  }

  get info(): string | undefined {
    return this.misp.event(UUID)?.info;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.misp[Symbol.asyncDispose]();
  }
}

Deno.test("RestSink never lowers what another installation of the same name counted, and says so", async () => {
  await using place = await Place.open();
  const [one, other] = [place.installation(), place.installation()];
  assert.deepEqual(await one({ attempts: 5 }), []);
  const later = { firstSeen: FIRST + HOUR, lastSeen: LAST + HOUR, sensor: "001/honeypot-ams2" };
  assert.deepEqual(await other({ attempts: 7, ...later }), [OTHER_WRITER_NOTE]);
  assert.deepEqual(place.seen(), [7, FIRST, LAST + HOUR]);
  assert.deepEqual(await one({ attempts: 6 }), [OTHER_WRITER_NOTE]);
  assert.deepEqual(place.seen(), [7, FIRST, LAST + HOUR]);
  assert.match(place.info ?? "", /7 attempts/);
  assert.deepEqual(await other({ attempts: 8, ...later }), [OTHER_WRITER_NOTE]);
  assert.deepEqual(place.seen(), [8, FIRST, LAST + HOUR]);
  assert.deepEqual(place.address, [FIRST, LAST + HOUR]);
  assert.equal(place.misp.event(UUID)?.published, true);
});

Deno.test("RestSink keeps a higher count of a buffer that was lost, and says so", async () => {
  await using place = await Place.open();
  await place.installation()({ attempts: 9 });
  const info = place.info;
  assert.deepEqual(await place.installation()({ attempts: 4 }), [OTHER_WRITER_NOTE]);
  assert.deepEqual([place.seen()[0], place.info], [9, info]);
});

Deno.test("RestSink says nothing of another installation after a lost answer, nor of a lost buffer that is whole again", async () => {
  await using place = await Place.open();
  const one = place.installation();
  assert.deepEqual(await one({ attempts: 5 }), []);
  assert.deepEqual(await place.installation()({ attempts: 5 }), []);
  assert.deepEqual(await one({ attempts: 6, lastSeen: LAST + HOUR }), []);
  assert.deepEqual(place.seen(), [6, FIRST, LAST + HOUR]);
});

Deno.test("RestSink needs one request for an update that nobody else touched, a second one after an analyst", async () => {
  await using place = await Place.open();
  const one = place.installation();
  await one({ attempts: 5 });
  const before = place.misp.requests.length;
  assert.deepEqual(await one({ attempts: 6 }), []);
  assert.equal(place.misp.requests.length - before, 1);
  const { uuid, Attribute } = place.misp.event(UUID)!.Object[0]!;
  const total = Attribute.find((attribute) => attribute.object_relation === "total")!;
  const changed = { uuid, Attribute: [{ uuid: total.uuid, value: "1" }] };
  await place.asAnalyst(`/events/edit/${UUID}`, { Event: { published: true, Object: [changed] } });
  assert.equal(place.seen()[0], 1);
  assert.deepEqual(await one({ attempts: 7 }), []);
  assert.deepEqual([place.seen()[0], place.misp.requests.length - before], [7, 4]);
});

Deno.test("RestSink withdraws an address although the answer to a try before was lost", async () => {
  await using place = await Place.open();
  const one = place.installation();
  await one({ attempts: 5 });
  const lost = place.installation();
  await lost({ attempts: 5 });
  // The answer to this one is not known to the next: both are the first after the same delivery.
  const event = place.misp.event(UUID)!;
  const last = JSON.stringify({
    ...{ tags: TAGS, threatLevel: "3", toIds: true, objects: [event.Object[0]!.uuid] },
    writtenAt: Number(event.Object[0]!.timestamp),
  });
  const known = (made: Report) => ({ ...made, isKnownThere: true, lastPublished: last });
  await one({ attempts: 6 }, known);
  assert.deepEqual(await one({ attempts: 6, retractedAt: place.now }, known), []);
  const stored = place.misp.event(UUID)!;
  const toIds = [stored, ...stored.Object].flatMap(({ Attribute }) =>
    Attribute.map((attribute) => attribute.to_ids)
  );
  assert.equal(toIds.includes(true), false);
});

const OBJECT = uuidV5(UUID, "object/authentication-failure-report/198.51.100.7");
const TOTAL = uuidV5(OBJECT, "attr/total");
const COPY = uuidV5(OBJECT, "attr/ip-src");
const OWN = uuidV5(UUID, "attr/ip-src/198.51.100.7");
const stays = (what: string) => `somebody deleted this in MISP, and it stays deleted: ${what}`;

/** Each visible part: its uuid, or its count. */
function visible({ misp }: Place): readonly string[] {
  const event = misp.event(UUID)!;
  const objects = event.Object.filter(({ deleted }) => !deleted);
  return [event, ...objects].flatMap(({ Attribute }) => Attribute)
    .filter(({ deleted }) => !deleted)
    .map(({ uuid, value }) => uuid === TOTAL ? value : uuid);
}

for (const [how, end] of [["softly", ""], ["for good", "/1"]] as const) {
  for (
    const [what, path, note] of [
      ["an attribute of the object", `attributes/delete/${TOTAL}`, "total 6"],
      ["the copy of the address", `attributes/delete/${COPY}`, "ip-src 198.51.100.7"],
      ["the address", `attributes/delete/${OWN}`, "ip-src 198.51.100.7"],
      ["the object", `objects/delete/${OBJECT}`, "object authentication-failure-report"],
    ] as const
  ) {
    Deno.test(`RestSink leaves ${what} deleted ${how}, though MISP skips an object that is newer`, async () => {
      await using place = await Place.open();
      const one = place.installation();
      await one({ attempts: 5 });
      await place.asAnalyst(`/${path}${end}`);
      const left = visible(place);
      assert.deepEqual(await one({ attempts: 6 }), [stays(note)]);
      const now = left.map((part) => part === "5" ? "6" : part);
      assert.deepEqual(visible(place), now);
      assert.deepEqual(await one({ attempts: 6 }), []);
      assert.deepEqual(visible(place), now);
      assert.equal(place.misp.event(UUID)?.published, true);
    });
  }
}

Deno.test("RestSink keeps what another installation counted, and leaves deleted what somebody deleted", async () => {
  await using place = await Place.open();
  const [one, other] = [place.installation(), place.installation()];
  await one({ attempts: 5 });
  await other({ attempts: 9, lastSeen: LAST + HOUR });
  await place.asAnalyst(`/attributes/delete/${OWN}`);
  assert.deepEqual(await one({ attempts: 6 }), [stays("ip-src 198.51.100.7"), OTHER_WRITER_NOTE]);
  assert.deepEqual(place.seen(), [9, FIRST, LAST + HOUR]);
  assert.equal(visible(place).includes(OWN), false);
  assert.deepEqual(await other({ attempts: 9, lastSeen: LAST + HOUR }), [
    stays("ip-src 198.51.100.7"),
  ]);
  assert.equal(visible(place).includes(OWN), false);
});

Deno.test("RestSink moves the address of an earlier release although an analyst touched its object", async () => {
  await using place = await Place.open();
  const one = place.installation();
  await one({ attempts: 5 }, asEarlierRelease);
  const [object] = place.misp.event(UUID)!.Object;
  const lastPublished = JSON.stringify({
    ...{ tags: TAGS, threatLevel: "3", toIds: true, objects: [OBJECT] },
    writtenAt: Number(object!.timestamp),
  });
  await place.asAnalyst(`/attributes/edit/${COPY}`, { comment: "a scanner" });
  assert.deepEqual(await one({ attempts: 6 }, (made) => ({ ...made, lastPublished })), []);
  const event = place.misp.event(UUID)!;
  const copy = event.Object[0]!.Attribute.find(({ uuid }) => uuid === COPY)!;
  assert.deepEqual([event.Attribute[0]!, copy].map((part) => [part.to_ids, part.comment]), [
    [true, "a scanner"],
    [false, ""],
  ]);
  assert.equal(place.seen()[0], 6);
});

Deno.test("keepHigher() gives an address beside its object the times of the object", () => {
  const about = record(5, "198.51.100.7");
  const event = buildEvent(about, RULES);
  const [object] = event.Object;
  const { first_seen, last_seen } = object!;
  const address = { uuid: "a", type: "ip-src", value: about.sourceIp, first_seen, last_seen };
  const sent = { ...event, Attribute: [address] } as unknown as MispEvent;
  const longer = "2026-11-22T00:00:00.000000+00:00";
  const stored = {
    Attribute: [address],
    Object: [{ ...object!, first_seen: longer, Attribute: [] }],
  };
  const kept = keepHigher(sent, stored);
  const [found] = kept.sent.Attribute as unknown as readonly { readonly first_seen: string }[];
  assert.deepEqual([kept.isOther, found?.first_seen], [true, longer]);
  assert.deepEqual(kept.sent.Object[0]?.first_seen, longer);
});
