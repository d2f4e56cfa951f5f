import assert from "node:assert/strict";
import { PAIRS, TEMPLATES } from "./misp_types.ts";

/** MISP's own files, where they lie beside the project. */
const ORIGINALS = new URL("../../../shared/misp/", import.meta.url);

interface DescribeTypes {
  readonly result: {
    readonly sane_defaults: Readonly<Record<string, { readonly to_ids: number }>>;
    readonly category_type_mappings: Readonly<Record<string, readonly string[]>>;
  };
}

interface Template {
  readonly name: string;
  readonly uuid: string;
  readonly version: number;
  readonly "meta-category": string;
  readonly required?: readonly string[];
  readonly requiredOneOf?: readonly string[];
  readonly attributes: Readonly<
    Record<string, { readonly "misp-attribute": string; readonly multiple?: boolean }>
  >;
}

function original<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(name, ORIGINALS))) as T;
}

function exists(name: string): boolean {
  try {
    return Deno.statSync(new URL(name, ORIGINALS)).isFile;
  } catch {
    return false;
  }
}

const hasOriginals = exists("describeTypes.json");
if (!hasOriginals) {
  console.log(
    "MISP's own files are not beside the project: the table of its types was not checked",
  );
}

Deno.test({
  name: "PAIRS are pairs of MISP, and detect what it detects by",
  ignore: !hasOriginals,
  fn: () => {
    const { category_type_mappings, sane_defaults } = original<DescribeTypes>("describeTypes.json")
      .result;
    for (const { type, category, detects } of PAIRS) {
      assert.equal(
        category_type_mappings[category]?.includes(type),
        true,
        `${type} in ${category}`,
      );
      assert.equal(sane_defaults[type]?.to_ids, detects ? 1 : 0, type);
    }
  },
});

for (const facts of TEMPLATES) {
  Deno.test({
    name: `TEMPLATES say of ${facts.name} what MISP says`,
    ignore: !hasOriginals,
    fn: () => {
      const template = original<Template>(`objects/${facts.name}.json`);
      const used = Object.keys(facts.relations);
      const typeOf = (relation: string) => template.attributes[relation]?.["misp-attribute"];
      assert.deepEqual(facts, {
        name: template.name,
        uuid: template.uuid,
        version: template.version,
        metaCategory: template["meta-category"],
        relations: Object.fromEntries(used.map((relation) => [relation, typeOf(relation)])),
        required: template.required ?? [],
        requiredOneOf: template.requiredOneOf ?? [],
      });
    },
  });
}
