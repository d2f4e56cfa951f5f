import assert from "node:assert/strict";
import { canonicalAddress } from "../../src/address.ts";
import { allowList, ownNames } from "../../src/guard/allow_list.ts";
import { createGuard, type GuardRules } from "../../src/guard/guard.ts";

function guardOf(
  { allowNetworks, ...changes }: Partial<GuardRules> & { allowNetworks?: readonly string[] } = {},
) {
  return createGuard(
    { agentPrefixes: ["honeypot-"], agentLabels: [], publishPrivate: false, ...changes },
    allowNetworks === undefined ? undefined : allowList(allowNetworks),
  );
}

/** As the intake asks: canonical addresses only. */
function refusal(guard: ReturnType<typeof guardOf>, address: string) {
  const canonical = canonicalAddress(address);
  assert.ok(canonical, address);
  return guard.refusal(canonical);
}

/** First and last address of each special range. */
const SPECIAL = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "239.255.255.255"],
  ["240.0.0.0", "255.255.255.255"],
  ["::", "::ffff:ffff"],
  ["::1", "::1"],
  ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
  ["100::", "100::ffff:ffff:ffff:ffff"],
  ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
] as const;

for (const [first, last] of SPECIAL) {
  Deno.test(`refusal() knows the special range from ${first} to ${last}`, () => {
    const guard = guardOf();
    assert.equal(refusal(guard, first), "special_address");
    assert.equal(refusal(guard, last), "special_address");
  });
}

/** The neighbours of the special ranges, and addresses anywhere on the internet. */
const PUBLIC = [
  ...["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"],
  ...["128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"],
  ...["191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0"],
  ...["192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255"],
  ...["198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8"],
  ...["2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2606:4700::1111"],
  ...["3fff:1000::", "5eff:ffff::", "5f01::", "fbff::", "100:0:0:2::", "64:ff9a::1"],
] as const;

Deno.test("refusal() lets every other address through", () => {
  const guard = guardOf();
  assert.deepEqual(PUBLIC.filter((address) => refusal(guard, address) !== undefined), []);
});

Deno.test("refusal() sees through addresses that carry a private IPv4 address", () => {
  const guard = guardOf();
  for (
    const address of [
      ...["::ffff:10.0.0.1", "::ffff:7f00:1", "::10.0.0.1", "2002:c0a8:0101::1", "2002:a00::"],
      ...["2002:7f00:1:1:2:3:4:5", "64:ff9b::10.1.2.3", "64:ff9b::c0a8:101", "64:ff9b::5"],
    ]
  ) assert.equal(refusal(guard, address), "special_address", address);
});

Deno.test("refusal() lets addresses through that carry a public IPv4 address", () => {
  const guard = guardOf();
  for (const address of ["::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"]) {
    assert.equal(refusal(guard, address), undefined, address);
  }
});

Deno.test("refusal() keeps addresses and networks on the allow list, inside other forms too", () => {
  const guard = guardOf({
    allowNetworks: ["82.202.219.155", "192.241.0.0/16", "2606:4700::/32", "2a00::1"],
  });
  for (
    const address of [
      ...["82.202.219.155", "192.241.0.0", "192.241.255.255", "2606:4700::1111", "2a00::1"],
      ...["::ffff:192.241.3.4", "2002:c0f1:0304::1", "64:ff9b::192.241.3.4"],
    ]
  ) assert.equal(refusal(guard, address), "allow_listed", address);
  for (const address of ["82.202.219.154", "192.240.255.255", "192.242.0.0", "2a00::2"]) {
    assert.equal(refusal(guard, address), undefined, address);
  }
});

Deno.test("refusal() says allow_listed of a private address that is on the list", () => {
  const guard = guardOf({ allowNetworks: ["10.20.0.0/16"] });
  assert.equal(refusal(guard, "10.20.0.7"), "allow_listed");
  assert.equal(refusal(guard, "10.21.0.7"), "special_address");
});

Deno.test("refusal() publishes special ranges when the rules say so, but not those on the list", () => {
  const guard = guardOf({ publishPrivate: true, allowNetworks: ["10.0.0.0/8"] });
  assert.equal(refusal(guard, "192.168.1.5"), undefined);
  assert.equal(refusal(guard, "2001:db8::1"), undefined);
  assert.equal(refusal(guard, "10.0.0.1"), "allow_listed");
});

Deno.test("refusal() takes a network of length 0 for every address of its family", () => {
  const guard = guardOf({ allowNetworks: ["0.0.0.0/0"] });
  assert.equal(refusal(guard, "8.8.8.8"), "allow_listed");
  assert.equal(refusal(guard, "2606:4700::1111"), undefined);
});

const BAD_NETWORKS = [
  ...["", "honeypot", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/-1"],
  ...["10.0.0.0/x", "10.0.0.0/8.5", "10.0.0.0/", "10.0.0.0/8/9", "10.0.0.0/ 8", "10.0.0.0/0x8"],
  ...["2001:db8::/129", "2001:db8::/", "2001:db8:::/32", "1:2:3/48", "10.0.0.0-10.0.0.9"],
];

Deno.test("ownNames() takes names out of the list, and allowList() the networks", () => {
  const list = ["192.0.2.0/24", "Mail.example.org", "cafe.be", "2001:db8::/32"];
  assert.deepEqual(ownNames(list), ["mail.example.org", "cafe.be"]);
  const guard = createGuard(
    { agentPrefixes: [], agentLabels: [], publishPrivate: true },
    allowList(list),
    ownNames(list),
  );
  assert.equal(guard.refusal("192.0.2.7"), "allow_listed");
  assert.deepEqual(
    ["cafe.be", "a.cafe.be", "xcafe.be", "be"].map((host) => guard.isOwnName(host)),
    [true, true, false, false],
  );
});

for (const network of BAD_NETWORKS) {
  Deno.test(`allowList() refuses the network "${network}" and names it`, () => {
    assert.throws(
      () => guardOf({ allowNetworks: ["192.0.2.0/24", network] }),
      new RangeError(
        `"${network}" is not a valid network; use a form such as 192.0.2.0/24 or 2001:db8::/32`,
      ),
    );
  });
}

Deno.test("allowList() keeps the IPv4 addresses of a network in IPv4-mapped form, or refuses it", () => {
  let guard;
  try {
    guard = guardOf({ allowNetworks: ["::ffff:82.202.0.0/112"] });
  } catch (error) {
    assert.ok(error instanceof RangeError);
    return;
  }
  assert.equal(refusal(guard, "82.202.219.155"), "allow_listed");
});

Deno.test("isHoneypot() goes by the prefix in any case", () => {
  const guard = guardOf();
  const none = new Map<string, string>();
  assert.equal(guard.isHoneypot("honeypot-fra1", none), true);
  assert.equal(guard.isHoneypot("HONEYPOT-fra1", none), true);
  assert.equal(guard.isHoneypot("my-honeypot-1", none), false);
  assert.equal(guard.isHoneypot("honeypot", none), false);
  assert.equal(guard.isHoneypot("", none), false);
});

Deno.test("isHoneypot() goes by labels, with their value when one is wanted", () => {
  const labels = new Map([["honeypot.type", "cowrie=2"], ["site", ""]]);
  const is = (...agentLabels: string[]) =>
    guardOf({ agentPrefixes: [], agentLabels }).isHoneypot("web-01", labels);
  assert.equal(is("honeypot.type"), true);
  assert.equal(is("honeypot.type=cowrie=2"), true);
  assert.equal(is("honeypot.type=cowrie"), false);
  assert.equal(is("site="), true);
  assert.equal(is("other", "site"), true);
  assert.equal(is("other"), false);
  assert.equal(is(), false);
});

const NONE = new Map<string, string>();

Deno.test("isHoneypot() goes by patterns for names of agents", () => {
  const is = (name: string, ...agentPrefixes: string[]) =>
    guardOf({ agentPrefixes }).isHoneypot(name, NONE);
  assert.equal(is("hp-1", "hp-*"), true);
  assert.equal(is("HP-ams", "hp-*"), true);
  assert.equal(is("ams-hp", "*-hp"), true);
  assert.equal(is("ams-hp-web", "*-hp"), false);
  assert.equal(is("web-01", "*"), true);
  assert.equal(is("hp-1", "hp-[0-9]"), false);
  assert.equal(is("hpx1", "hp.1"), false);
});

Deno.test("isHoneypot() goes by patterns for labels and their values, in any case", () => {
  const labels = new Map([["honeypot.type", "Cowrie-2"], ["site", "ams"]]);
  const is = (...agentLabels: string[]) =>
    guardOf({ agentPrefixes: [], agentLabels }).isHoneypot("web-01", labels);
  assert.equal(is("honeypot.*"), true);
  assert.equal(is("honeypot.type=cowrie-*"), true);
  assert.equal(is("*=ams"), true);
  assert.equal(is("honeypot.*=openssh"), false);
  assert.equal(is("cowrie*"), false);
});

Deno.test("isHoneypot() goes by the host that sent syslog without an agent, and by the location", () => {
  const guard = guardOf({
    agentPrefixes: [],
    hostnames: ["hp-*", "decoy.example.org"],
    locations: ["198.51.100.*", "/var/log/decoys/*.log"],
  });
  const is = (hostname?: string, location = "journald") =>
    guard.isHoneypot("manager-1", NONE, hostname, location);
  assert.equal(is("hp-1"), true);
  assert.equal(is("HP-1.example.org"), true);
  assert.equal(is("Decoy.example.org"), true);
  assert.equal(is("decoy-example-org"), false);
  assert.equal(is("xhp-1"), false);
  assert.equal(is(undefined), false);
  assert.equal(is(undefined, "198.51.100.7"), true);
  assert.equal(is("web-01", "198.51.100.7"), true);
  assert.equal(is("web-01", "1198.51.100.7"), false);
  assert.equal(is("web-01", "/var/log/decoys/a.log"), true);
  assert.equal(is("web-01", "/var/log/auth.log"), false);
});
