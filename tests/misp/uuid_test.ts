import assert from "node:assert/strict";
import { eventUuid, publisherUuid, uuidV5 } from "../../src/misp/uuid.ts";

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
