/**
 * Object templates as rules: `events/add` does not hold objects to them, a good client does.
 *
 * @module
 */
import { TEMPLATES } from "./facts.ts";
import type { StoredObject } from "./wire.ts";

/**
 * What a template would not allow of an object.
 *
 * @param object A stored object.
 * @returns One line for each problem; none if the object keeps to its template.
 */
export function templateProblems(object: StoredObject): string[] {
  const template = TEMPLATES.find((one) => one.uuid === object.template_uuid);
  if (template === undefined) return [`unknown template ${object.template_uuid}`];
  const problems: string[] = [];
  if (object.name !== template.name) problems.push(`name is ${object.name}`);
  if (object["meta-category"] !== template.metaCategory) {
    problems.push(`meta-category is ${object["meta-category"]}`);
  }
  if (object.template_version !== template.version) {
    problems.push(`template_version is ${object.template_version}`);
  }
  const there = new Set<string>();
  for (const { object_relation, type, deleted } of object.Attribute) {
    const relation = object_relation ?? "";
    if (!deleted) there.add(relation);
    const wanted = template.relations[relation];
    if (wanted === undefined) problems.push(`unknown relation ${relation}`);
    else if (wanted !== type) problems.push(`relation ${relation} has type ${type}`);
  }
  for (const relation of template.required) {
    if (!there.has(relation)) problems.push(`required relation ${relation} is missing`);
  }
  if (!template.requiredOneOf.some((relation) => there.has(relation))) {
    problems.push(`none of ${template.requiredOneOf.join(", ")} is there`);
  }
  return problems;
}
