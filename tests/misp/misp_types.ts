/**
 * What MISP says of the attribute types and object templates that events use, and of no others:
 * `fixtures/misp/types.json`. `emitted_test.ts` holds the events to it.
 *
 * @module
 */

/** An attribute type in the category it is used in. */
export interface PairFacts {
  readonly type: string;
  readonly category: string;
  /** Whether MISP takes values of the type for detection. */
  readonly detects: boolean;
  /** That MISP does not do so by itself says nothing against it. */
  readonly mayDetect?: true;
}

/** What a template asks for. */
export interface TemplateFacts {
  readonly name: string;
  readonly uuid: string;
  readonly version: number;
  readonly metaCategory: string;
  /** Attribute type by relation, of the relations in use. */
  readonly relations: Readonly<Record<string, string>>;
  /** Relations that an object may have more than once; left out: none. */
  readonly multiple?: readonly string[];
  readonly required: readonly string[];
  readonly requiredOneOf: readonly string[];
}

const FACTS = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/misp/types.json", import.meta.url)),
) as { readonly pairs: readonly PairFacts[]; readonly templates: readonly TemplateFacts[] };

/** The pairs in use, of those in `describeTypes`. */
export const PAIRS: readonly PairFacts[] = FACTS.pairs;

/** The templates in use. */
export const TEMPLATES: readonly TemplateFacts[] = FACTS.templates;
