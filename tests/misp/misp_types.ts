/**
 * What MISP says of the attribute types and object templates that events use, written down by hand:
 * only what is in use. `emitted_test.ts` holds the events to it, and it to MISP's own files.
 *
 * @module
 */

/** An attribute type in the category it is used in. */
export interface PairFacts {
  readonly type: string;
  readonly category: string;
  /** Whether MISP takes values of the type for detection. */
  readonly detects: boolean;
}

/** The pairs in use, of those in `describeTypes`. */
export const PAIRS: readonly PairFacts[] = [
  { type: "ip-src", category: "Network activity", detects: true },
  { type: "AS", category: "Network activity", detects: false },
  { type: "counter", category: "Other", detects: false },
  { type: "text", category: "Other", detects: false },
  { type: "float", category: "Other", detects: false },
];

/** What a template asks for. */
export interface TemplateFacts {
  readonly name: string;
  readonly uuid: string;
  readonly version: number;
  readonly metaCategory: string;
  /** Attribute type by relation, of the relations in use. An object has each once at most. */
  readonly relations: Readonly<Record<string, string>>;
  readonly required: readonly string[];
  readonly requiredOneOf: readonly string[];
}

/** The templates in use. */
export const TEMPLATES: readonly TemplateFacts[] = [
  {
    name: "authentication-failure-report",
    uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
    version: 4,
    metaCategory: "network",
    relations: { "ip-src": "ip-src", "total": "counter", "type": "text" },
    required: ["total", "type"],
    requiredOneOf: ["ip-src", "ip-dst", "username"],
  },
  {
    name: "ip-port",
    uuid: "9f8cea74-16fe-4968-a2b4-026676949ac6",
    version: 10,
    metaCategory: "network",
    relations: { "ip-src": "ip-src", "AS": "AS" },
    required: [],
    requiredOneOf: ["dst-port", "src-port", "domain", "hostname", "ip", "ip-src", "ip-dst"],
  },
  {
    name: "geolocation",
    uuid: "cd6f2238-ba55-4888-82c4-104e6e1acf21",
    version: 8,
    metaCategory: "misc",
    relations: {
      "country": "text",
      "countrycode": "text",
      "region": "text",
      "city": "text",
      "latitude": "float",
      "longitude": "float",
    },
    required: [],
    requiredOneOf: [
      ...["latitude", "longitude", "city", "region", "country", "countrycode", "epsg"],
    ],
  },
];
