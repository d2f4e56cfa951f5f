import assert from "node:assert/strict";
import { eventUuid, namespaceOf, publisherUuid, uuidV5 } from "../../src/misp/uuid.ts";

// All of these were computed by Python's uuid.uuid5().

Deno.test("uuidV5() gives what RFC 9562 and other programs give", () => {
  const dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  assert.equal(uuidV5(dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  assert.equal(uuidV5(dns, "müller"), "3c4b64b8-2971-5adf-a399-f6a2009b69af");
});

Deno.test("publisherUuid() never changes", () => {
  assert.equal(publisherUuid("wazuh-manager-01"), "53d39714-4c49-5736-8413-58388a38d860");
  assert.equal(publisherUuid("honeypot.example"), "372029bf-485a-504c-8f75-0ba5cf9baddf");
});

Deno.test("eventUuid() never changes", () => {
  assert.equal(
    eventUuid("wazuh-manager-01", "82.202.219.155", "2026-08-23"),
    "fa04dc62-89e1-5024-b207-249034a5af55",
  );
  assert.equal(
    eventUuid("honeypot.example", "2001:db8:bad:cafe::17", "2026-11-23"),
    "9bdf33f3-486b-5235-9192-3a52c8e3944c",
  );
});

Deno.test("eventUuid() differs by publisher, address and day", () => {
  const uuids = [
    eventUuid("a", "82.202.219.155", "2026-08-23"),
    eventUuid("b", "82.202.219.155", "2026-08-23"),
    eventUuid("a", "82.202.219.15", "2026-08-23"),
    eventUuid("a", "82.202.219.155", "2026-08-24"),
  ];
  assert.equal(new Set(uuids).size, 4);
});

const ID = "5f0f1a52-0000-4000-8000-0000000000aa";
const ORGANISATION = "5f0f1a52-0000-4000-8000-000000000001";
const NAME = "wazuh.manager";

Deno.test("namespaceOf() never changes", () => {
  const installation = { id: ID, organisation: ORGANISATION };
  assert.equal(namespaceOf(installation, NAME, false), "a23147c7-a431-524b-83b9-93345e787b9a");
  assert.equal(namespaceOf(installation, NAME, true), "9ab713b4-4061-5932-933c-d44d45685480");
  assert.equal(
    namespaceOf({ ...installation, organisation: undefined }, NAME, false),
    "6dedf154-3f52-54f6-8ed4-717de813803b",
  );
});

Deno.test("namespaceOf() is the manager's name where events were made by that alone", () => {
  const former = { id: undefined, organisation: undefined };
  assert.equal(namespaceOf(former, NAME, false), publisherUuid(NAME));
  assert.equal(namespaceOf(former, NAME, true), publisherUuid(NAME));
});

Deno.test("namespaceOf() differs by organisation, and by installation unless a name is configured", () => {
  const one = { id: ID, organisation: ORGANISATION };
  const twin = { ...one, id: "5f0f1a52-0000-4000-8000-0000000000bb" };
  const other = { ...one, organisation: "5f0f1a52-0000-4000-8000-000000000002" };
  const all = [one, twin, other];
  assert.equal(new Set(all.map((each) => namespaceOf(each, NAME, false))).size, 3);
  assert.equal(namespaceOf(one, NAME, true), namespaceOf(twin, NAME, true));
  assert.notEqual(namespaceOf(one, NAME, true), namespaceOf(other, NAME, true));
});
