import assert from "node:assert/strict";
import fc from "fast-check";
import { type GeolocationIo, openGeolocation } from "../../src/guard/geolocation.ts";
import { tempFolder } from "../support/temp.ts";
import { type MmdbLayout, type MmdbValue, writeMmdb } from "./mmdb_writer.ts";

/** A record as GeoLite2-City and DBIP-City have it. */
const BERLIN = {
  city: { geoname_id: 2950159, names: { de: "Berlin", en: "Berlin" } },
  continent: { code: "EU", names: { en: "Europe" } },
  country: { iso_code: "DE", names: { de: "Deutschland", en: "Germany" } },
  location: { latitude: 52.52, longitude: 13.405, time_zone: "Europe/Berlin" },
  registered_country: { iso_code: "US", names: { en: "United States" } },
  subdivisions: [{ iso_code: "BE", names: { en: "State of Berlin" } }],
};
const SYSTEM = {
  autonomous_system_number: 64496,
  autonomous_system_organization: "Example Networks",
};

/** Opens databases that are held in memory. */
async function open(...databases: readonly Uint8Array<ArrayBuffer>[]) {
  const warnings: string[] = [];
  const io: GeolocationIo = {
    readFile: (path) => Promise.resolve(databases[Number(path)]!),
    warn: (message) => void warnings.push(message),
  };
  const geolocation = await openGeolocation(databases.map((_, index) => String(index)), io);
  return { geolocation, warnings };
}

async function lookup(record: MmdbValue | Uint8Array, layout?: MmdbLayout) {
  const { geolocation, warnings } = await open(writeMmdb({ "192.0.2.0/24": record }, layout));
  assert.ok(geolocation !== undefined, warnings.join());
  return { location: geolocation.lookup("192.0.2.7"), warnings };
}

Deno.test("lookup() reads a city database", async () => {
  const { location, warnings } = await lookup(BERLIN);
  assert.deepEqual(location, {
    country: "Germany",
    countryCode: "DE",
    city: "Berlin",
    region: "State of Berlin",
    latitude: 52.52,
    longitude: 13.405,
  });
  assert.deepEqual(warnings, []);
});

Deno.test("lookup() reads a country database", async () => {
  const { location } = await lookup({ country: BERLIN.country });
  assert.deepEqual(location, { country: "Germany", countryCode: "DE" });
});

Deno.test("lookup() reads an ASN database", async () => {
  const { location } = await lookup(SYSTEM);
  assert.deepEqual(location, { asn: 64496, organisation: "Example Networks" });
});

Deno.test("lookup() reads the traits of an enterprise or ISP database", async () => {
  const { location } = await lookup({ country: BERLIN.country, traits: SYSTEM });
  assert.deepEqual(location, {
    country: "Germany",
    countryCode: "DE",
    asn: 64496,
    organisation: "Example Networks",
  });
});

Deno.test("lookup() reads a flat database", async () => {
  const { location } = await lookup({
    country_code: "de",
    city: "Berlin",
    state1: "State of Berlin",
    latitude: "52.52",
    longitude: "13.405",
  });
  assert.deepEqual(location, {
    countryCode: "DE",
    city: "Berlin",
    region: "State of Berlin",
    latitude: 52.52,
    longitude: 13.405,
  });
});

Deno.test("lookup() takes a record of any size of the tree", async () => {
  for (const recordSize of [24, 28, 32] as const) {
    assert.equal((await lookup(BERLIN, { recordSize })).location?.city, "Berlin");
  }
});

Deno.test("lookup() knows both families, and nothing of other addresses", async () => {
  const { geolocation } = await open(
    writeMmdb({ "192.0.2.0/24": BERLIN, "2001:db8::/32": { country: { iso_code: "FR" } } }),
  );
  assert.equal(geolocation?.lookup("192.0.2.255")?.countryCode, "DE");
  assert.equal(geolocation?.lookup("192.0.3.0"), undefined);
  assert.deepEqual(geolocation?.lookup("2001:db8::7"), { countryCode: "FR" });
  assert.equal(geolocation?.lookup("2001:db9::7"), undefined);
});

Deno.test("lookup() does not take IPv6 for IPv4 in a database of IPv4", async () => {
  const { geolocation } = await open(writeMmdb({ "32.0.0.0/4": BERLIN }, { ipVersion: 4 }));
  assert.equal(geolocation?.lookup("32.1.13.184")?.city, "Berlin");
  assert.equal(geolocation?.lookup("2001:db8::7"), undefined);
});

Deno.test("lookup() leaves out what has not the right form", async () => {
  const { location } = await lookup({
    country: { iso_code: "DEU", names: { en: 7 } },
    city: ["Berlin"],
    subdivisions: "Berlin",
    location: { latitude: 91.5, longitude: 13.405 },
    autonomous_system_number: 0,
    autonomous_system_organization: true,
  });
  assert.equal(location, undefined);
});

Deno.test("lookup() of several databases takes place and network from where they are known", async () => {
  const { geolocation } = await open(
    writeMmdb({ "192.0.2.0/24": BERLIN }),
    writeMmdb({ "192.0.2.0/24": SYSTEM, "198.51.100.0/24": SYSTEM }),
    writeMmdb({ "192.0.2.0/24": { country: { iso_code: "FR" }, ...SYSTEM } }),
  );
  assert.deepEqual(geolocation?.lookup("192.0.2.7"), {
    country: "Germany",
    countryCode: "DE",
    city: "Berlin",
    region: "State of Berlin",
    latitude: 52.52,
    longitude: 13.405,
    asn: 64496,
    organisation: "Example Networks",
  });
  assert.deepEqual(geolocation?.lookup("198.51.100.7"), {
    asn: 64496,
    organisation: "Example Networks",
  });
  assert.equal(geolocation?.lookup("203.0.113.7"), undefined);
});

Deno.test("lookup() warns once of a damaged record and knows nothing", async () => {
  // A pointer that points at itself.
  const { geolocation, warnings } = await open(
    writeMmdb({ "192.0.2.0/24": Uint8Array.of(0x20, 0x00), "198.51.100.0/24": BERLIN }),
  );
  assert.equal(geolocation?.lookup("192.0.2.7"), undefined);
  assert.equal(geolocation?.lookup("192.0.2.8"), undefined);
  assert.equal(geolocation?.lookup("198.51.100.7")?.city, "Berlin");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^geoip\.database 0: it is damaged: [^\n]+$/);
});

Deno.test("openGeolocation() warns of a file that is missing, empty, packed or no database", async () => {
  const whole = writeMmdb({ "192.0.2.0/24": BERLIN });
  for (
    const [bytes, reason] of [
      [
        new Uint8Array(),
        "it is not used: it is not a valid MMDB file, or it was cut off; fetch it again",
      ],
      [
        new Uint8Array(4096),
        "it is not used: it is not a valid MMDB file, or it was cut off; fetch it again",
      ],
      [
        whole.slice(0, 700),
        "it is not used: it is not a valid MMDB file, or it was cut off; fetch it again",
      ],
      [Uint8Array.of(0x1f, 0x8b, 8, 0), "it is not used: it is gzipped; unpack it first"],
    ] as const
  ) {
    const { geolocation, warnings } = await open(bytes);
    assert.equal(geolocation, undefined);
    assert.deepEqual(warnings, [`geoip.database 0: ${reason}`]);
  }
});

Deno.test("openGeolocation() opens a real file, and warns of one that is missing", async () => {
  using folder = tempFolder();
  Deno.writeFileSync(folder.file("city.mmdb"), writeMmdb({ "192.0.2.0/24": BERLIN }));
  const warnings: string[] = [];
  const io = { readFile: Deno.readFile, warn: (message: string) => void warnings.push(message) };
  const found = await openGeolocation(folder.file("city.mmdb"), io);
  assert.equal(found?.lookup("192.0.2.7")?.country, "Germany");
  assert.deepEqual(warnings, []);
  assert.equal(await openGeolocation(folder.file("none.mmdb"), io), undefined);
  assert.equal(warnings.length, 1);
  const both = [folder.file("none.mmdb"), folder.file("city.mmdb")];
  assert.equal((await openGeolocation(both, io))?.lookup("192.0.2.7")?.country, "Germany");
});

Deno.test("openGeolocation() and lookup() never throw, whatever byte is wrong", async () => {
  const whole = writeMmdb({ "192.0.2.0/24": BERLIN, "2001:db8::/32": SYSTEM });
  const damage = fc.array(
    fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })),
    { minLength: 1, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(damage, fc.integer({ min: 0, max: whole.length }), async (changes, length) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      for (const damaged of [bytes, bytes.slice(length)]) {
        const { geolocation } = await open(damaged);
        geolocation?.lookup("192.0.2.7");
        geolocation?.lookup("2001:db8::7");
      }
    }),
    { numRuns: 500 },
  );
});
