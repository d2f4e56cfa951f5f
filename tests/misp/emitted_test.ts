import assert from "node:assert/strict";
import type { Location, SourceRecord } from "../../src/model.ts";
import type { ListVerdict } from "../../src/guard/warninglists.ts";
import { buildDayEvent } from "../../src/misp/day_event.ts";
import { buildEvent, type EventRules } from "../../src/misp/event.ts";
import type { MispAttribute, MispEventAttribute, MispObject } from "../../src/misp/objects.ts";
import { checkValue } from "../fake_misp/values.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { hostileSession, SESSION } from "../support/session_evidence.ts";
import { sourceRecord } from "../support/source_record.ts";
import { PAIRS, type TemplateFacts, TEMPLATES } from "./misp_types.ts";

const RULES: EventRules = {
  ...PLAIN_SNAPSHOT_RULES,
  usernames: "all",
  sensorNames: "name",
  distribution: 1,
  tags: ["tlp:green"],
};

const SOURCE = sourceRecord({
  usernames: { root: 2, pi: 1 },
  sensors: [{ sensor: "007@m", name: "honeypot-fra1", alerts: 7, firstSeen: 0, lastSeen: 0 }],
  techniques: [{ id: "T1110.001", name: "Password Guessing" }],
});

const RECORDS: readonly SourceRecord[] = [
  SOURCE,
  { ...SOURCE, session: SESSION },
  { ...SOURCE, session: hostileSession() },
  { ...SOURCE, sourceIp: "2001:db8:bad:cafe::17" },
  { ...SOURCE, services: ["telnet"] },
  { ...SOURCE, services: ["ssh", "telnet"], techniques: [], usernames: {}, furtherUsernames: 9 },
  { ...SOURCE, compromisedAt: Date.UTC(2026, 7, 23, 6, 30), reports: 2 },
];

const VERDICTS: readonly (ListVerdict | undefined)[] = [
  undefined,
  { action: "publish", lists: [], tags: [] },
  { action: "publish", lists: ["hetzner"], tags: ['false-positive:risk="low"'] },
  { action: "no_ids", lists: ["shodan-scanning"], tags: ['false-positive:risk="high"'] },
  { action: "drop", lists: ["rfc1918"], tags: [] },
];

const PLACES: readonly Location[] = [
  { country: "Germany" },
  { countryCode: "DE" },
  { region: "Hesse" },
  { city: "Frankfurt am Main" },
  { latitude: 50.1188, longitude: -8.6843 },
  { asn: 49505, organisation: "Selectel" },
];

/** Each thing known of a place alone, and each with any others: also none, and no look-up at all. */
function locations(): readonly (Location | undefined)[] {
  const subsets = Array.from(
    { length: 2 ** PLACES.length },
    (_, bits) => PLACES.filter((_, index) => (bits >> index & 1) === 1),
  );
  return [undefined, { asn: 1 }, ...subsets.map((places) => Object.assign({}, ...places))];
}

/** The objects of every kind of event there is. */
function emitted(): readonly MispObject[] {
  return RECORDS.flatMap((record) =>
    VERDICTS.flatMap((verdict) =>
      locations().flatMap((location) =>
        [buildEvent, buildDayEvent].flatMap((build) => {
          const event = build(record, RULES, { verdict, location });
          assert.deepEqual(event.Attribute.flatMap(pairProblems), []);
          return event.Object;
        })
      )
    )
  );
}

/** What MISP's templates and types would not have of an object. */
function problemsOf(object: MispObject): readonly string[] {
  const template = TEMPLATES.find(({ uuid }) => uuid === object.template_uuid);
  if (template === undefined) return [`template ${object.template_uuid}`];
  const { name, version, metaCategory, required, requiredOneOf, multiple = [] } = template;
  const relations = object.Attribute.map(({ object_relation }) => object_relation);
  const once = relations.filter((relation) => !multiple.includes(relation));
  const uuids = object.Attribute.map(({ uuid }) => uuid);
  return [
    ...object.name === name ? [] : [`name ${object.name}`],
    ...object.template_version === String(version) ? [] : [`version ${object.template_version}`],
    ...object["meta-category"] === metaCategory ? [] : [`meta ${object["meta-category"]}`],
    ...required.filter((wanted) => !relations.includes(wanted)).map((wanted) => `no ${wanted}`),
    ...requiredOneOf.some((wanted) => relations.includes(wanted))
      ? []
      : [`none of ${requiredOneOf}`],
    ...new Set(once).size === once.length ? [] : [`twice in ${relations}`],
    ...new Set(uuids).size === uuids.length ? [] : [`a uuid twice in ${relations}`],
    ...object.Attribute.flatMap((attribute) => attributeProblems(template, attribute)),
  ];
}

function attributeProblems(template: TemplateFacts, attribute: MispAttribute): readonly string[] {
  const { object_relation: relation, type } = attribute;
  const problems = pairProblems(attribute).map((problem) => `${relation}: ${problem}`);
  return template.relations[relation] === type
    ? problems
    : [`${relation} is a ${type}`, ...problems];
}

/** What MISP would not have of an attribute, whatever object it is in. */
function pairProblems({ type, category, value, to_ids }: MispEventAttribute): readonly string[] {
  const pair = PAIRS.find((one) => one.type === type && one.category === category);
  if (pair === undefined) return [`${type} in ${category}`];
  return [
    ...to_ids && !pair.detects && !pair.mayDetect ? ["to_ids"] : [],
    ...checkValue(type, value).value === value ? [] : [`value ${value}`],
  ];
}

Deno.test("buildDayEvent() emits the very objects of a source's own event", () => {
  for (const record of RECORDS) {
    assert.deepEqual(buildDayEvent(record, RULES, {}).Object, buildEvent(record, RULES).Object);
  }
});

Deno.test("buildEvent() emits only what MISP's types and templates allow", () => {
  const problems = emitted().flatMap((object) =>
    problemsOf(object).map((problem) => `${object.name}: ${problem}`)
  );
  assert.deepEqual([...new Set(problems)], []);
});

Deno.test("buildEvent() emits every relation and pair that is written down, and no other", () => {
  const attributes = emitted().flatMap(({ name, Attribute }) =>
    Attribute.map((attribute) => ({ name, ...attribute }))
  );
  const ofEvents = RECORDS.flatMap((record) => buildEvent(record, RULES).Attribute);
  const pairs = new Set(
    [...attributes, ...ofEvents].map(({ type, category }) => `${type} in ${category}`),
  );
  assert.deepEqual([...pairs].sort(), PAIRS.map((p) => `${p.type} in ${p.category}`).sort());
  const relations = new Set(
    attributes.map((one) => `${one.name} ${one.object_relation} ${one.type}`),
  );
  const written = TEMPLATES.flatMap(({ name, relations }) =>
    Object.entries(relations).map(([relation, type]) => `${name} ${relation} ${type}`)
  );
  assert.deepEqual([...relations].sort(), written.sort());
});

Deno.test("problemsOf() finds each thing that MISP would not have", () => {
  const [good] = buildEvent(SOURCE, RULES).Object;
  const [address, total, type] = good!.Attribute;
  const without = (...Attribute: readonly MispAttribute[]) => problemsOf({ ...good!, Attribute });
  assert.deepEqual(problemsOf(good!), []);
  assert.deepEqual(problemsOf({ ...good!, template_uuid: "x" }), ["template x"]);
  assert.deepEqual(problemsOf({ ...good!, name: "x", template_version: "3" }), [
    "name x",
    "version 3",
  ]);
  assert.deepEqual(problemsOf({ ...good!, "meta-category": "misc" }), ["meta misc"]);
  assert.deepEqual(without(address!, type!), ["no total"]);
  assert.deepEqual(without(total!, type!), ["none of ip-src,ip-dst,username"]);
  assert.deepEqual(without(address!, total!, type!, type!), [
    "twice in ip-src,total,type,type",
    "a uuid twice in ip-src,total,type,type",
  ]);
  assert.deepEqual(without(address!, { ...total!, category: "Network activity" }, type!), [
    "total: counter in Network activity",
  ]);
  assert.deepEqual(without(address!, { ...total!, type: "text" }, type!), ["total is a text"]);
  assert.deepEqual(without(address!, { ...total!, to_ids: true }, type!), ["total: to_ids"]);
  assert.deepEqual(without(address!, { ...total!, value: "three" }, type!), ["total: value three"]);
});
