/**
 * The few facts about attribute types, object templates and galaxy clusters that the fake MISP
 * needs, written down by hand. A type that is not in this table is "Invalid type." here, though a
 * real instance may know it.
 *
 * @module
 */

/** Categories that attributes of every "free" type (text, comment, other) may have. */
const FREE = [
  "Internal reference",
  "Antivirus detection",
  "Payload delivery",
  "Artifacts dropped",
  "Payload installation",
  "Persistence mechanism",
  "Network activity",
  "Payload type",
  "Attribution",
  "External analysis",
  "Financial fraud",
  "Support Tool",
  "Social network",
  "Person",
  "Other",
];
const NETWORK = ["Payload delivery", "Network activity", "External analysis"];

/** All categories. */
export const CATEGORIES: ReadonlySet<string> = new Set([...FREE, "Targeting data"]);

/** What MISP knows of one attribute type. */
export interface TypeFacts {
  readonly category: string;
  readonly toIds: boolean;
  readonly categories: readonly string[];
}

function only(category: string): TypeFacts {
  return { category, toIds: false, categories: [category] };
}

function network(toIds: boolean): TypeFacts {
  return { category: "Network activity", toIds, categories: NETWORK };
}

const FILES = [
  "Payload delivery",
  "Artifacts dropped",
  "Payload installation",
  "External analysis",
];

function payload(categories: readonly string[]): TypeFacts {
  return { category: "Payload delivery", toIds: true, categories };
}

/** Default category, default `to_ids` and allowed categories by attribute type. */
export const TYPES: ReadonlyMap<string, TypeFacts> = new Map([
  ["ip-src", network(true)],
  ["ip-dst", network(true)],
  ["ip-src|port", network(true)],
  ["ip-dst|port", network(true)],
  ["domain", network(true)],
  ["hostname", network(true)],
  ["url", network(true)],
  ["hassh-md5", network(true)],
  ["ssh-fingerprint", only("Network activity")],
  ["sha256", payload(FILES)],
  ["filename", payload([...FILES, "Persistence mechanism"])],
  ["AS", network(false)],
  ["user-agent", network(false)],
  ["port", {
    category: "Network activity",
    toIds: false,
    categories: ["Network activity", "Other"],
  }],
  ["link", {
    category: "External analysis",
    toIds: false,
    categories: [
      "Internal reference",
      "Antivirus detection",
      "Payload delivery",
      "External analysis",
      "Support Tool",
    ],
  }],
  ["text", { category: "Other", toIds: false, categories: FREE }],
  ["other", { category: "Other", toIds: false, categories: FREE }],
  ["comment", { category: "Other", toIds: false, categories: [...FREE, "Targeting data"] }],
  ["counter", only("Other")],
  ["datetime", only("Other")],
  ["float", only("Other")],
  ["integer", only("Other")],
  ["boolean", only("Other")],
  ["size-in-bytes", only("Other")],
  ["target-user", only("Targeting data")],
  ["target-machine", only("Targeting data")],
]);

/** What an object template asks for. */
export interface TemplateFacts {
  readonly name: string;
  readonly uuid: string;
  readonly version: string;
  readonly metaCategory: string;
  readonly relations: Readonly<Record<string, string>>;
  readonly required: readonly string[];
  readonly requiredOneOf: readonly string[];
}

/** The templates of the recorded instance that matter; `events/add` does not enforce them. */
export const TEMPLATES: readonly TemplateFacts[] = [
  {
    name: "authentication-failure-report",
    uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
    version: "4",
    metaCategory: "network",
    relations: {
      "ip-src": "ip-src",
      "ip-dst": "ip-dst",
      total: "counter",
      type: "text",
      username: "text",
    },
    required: ["total", "type"],
    requiredOneOf: ["ip-src", "ip-dst", "username"],
  },
  {
    name: "ip-port",
    uuid: "9f8cea74-16fe-4968-a2b4-026676949ac6",
    version: "10",
    metaCategory: "network",
    relations: {
      AS: "AS",
      "country-code": "text",
      domain: "domain",
      "dst-port": "port",
      "first-seen": "datetime",
      hostname: "hostname",
      ip: "ip-dst",
      "ip-dst": "ip-dst",
      "ip-src": "ip-src",
      "last-seen": "datetime",
      protocol: "text",
      "ptr-record": "domain",
      "src-port": "port",
      text: "text",
    },
    required: [],
    requiredOneOf: ["dst-port", "src-port", "domain", "hostname", "ip", "ip-src", "ip-dst"],
  },
  {
    name: "geolocation",
    uuid: "cd6f2238-ba55-4888-82c4-104e6e1acf21",
    version: "8",
    metaCategory: "misc",
    relations: {
      city: "text",
      country: "text",
      countrycode: "text",
      latitude: "float",
      longitude: "float",
      region: "text",
      text: "text",
    },
    required: [],
    requiredOneOf: [
      ...["latitude", "longitude", "city", "region", "country", "countrycode", "epsg"],
    ],
  },
  {
    name: "file",
    uuid: "688c46fb-5edb-40a3-8273-1af7923e2215",
    version: "25",
    metaCategory: "file",
    relations: {
      filename: "filename",
      md5: "md5",
      sha1: "sha1",
      sha256: "sha256",
      "size-in-bytes": "size-in-bytes",
      text: "text",
    },
    required: [],
    requiredOneOf: ["filename", "size-in-bytes", "sha256"],
  },
  {
    name: "url",
    uuid: "60efb77b-40b5-4c46-871b-ed1ed999fce5",
    version: "10",
    metaCategory: "network",
    relations: { url: "url", host: "hostname", port: "port", text: "text" },
    required: [],
    requiredOneOf: ["url", "resource_path"],
  },
];

/** ATT&CK techniques the fake galaxy knows: cluster value to cluster uuid. */
export const CLUSTERS: ReadonlyMap<string, string> = new Map([
  ["Brute Force - T1110", "a93494bb-4b80-4ea1-8695-3236a49916fd"],
  ["Password Guessing - T1110.001", "09c4c11e-4fa1-4f8c-8dad-3cf8e69ad119"],
  ["Password Spraying - T1110.003", "692074ae-bb62-4a5e-a735-02cb6bde458c"],
  ["Credential Stuffing - T1110.004", "b2d03cea-aec1-45ca-9744-9ee583c1e1cc"],
  ["Remote Services - T1021", "54a649ff-439a-41a4-9856-8d144a2551ba"],
  ["SSH - T1021.004", "2db31dcd-54da-405d-acef-b9129b816ed6"],
  ["Valid Accounts - T1078", "b17a1a56-e99c-403c-8948-561df0cffe81"],
  ["Default Accounts - T1078.001", "6151cbea-819b-455a-9fa6-99a1cc58797d"],
  ["Local Accounts - T1078.003", "fdc47f44-dd32-4b99-af5f-209f556f63c2"],
  ["Active Scanning - T1595", "67073dde-d720-45ae-83da-b12d5e73ca3b"],
  ["External Remote Services - T1133", "10d51417-ee35-4589-b1ff-b6df1c334e8d"],
  ["Unix Shell - T1059.004", "a9d4b653-6915-42af-98b2-5758c4ceee56"],
  ["Ingress Tool Transfer - T1105", "e6919abc-99f9-4c6c-95a5-14761e7b2add"],
  ["SSH Authorized Keys - T1098.004", "6b57dc31-b814-4a03-8706-28bc20d739c4"],
  ["Proxy - T1090", "731f4f55-b6d0-41d1-a7a9-072a66389aea"],
]);
