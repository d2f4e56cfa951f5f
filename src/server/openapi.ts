/**
 * The API's description: `GET /openapi.json` for programs, `GET /docs` for people.
 *
 * @module
 */
import settings from "../../deno.json" with { type: "json" };
import { healthSchema, ingestAnswerSchema, readinessSchema, refusedSchema } from "./answers.ts";
import type { App } from "./context.ts";
import { ENCODINGS } from "./ingest/body.ts";
import { docsPage } from "./docs_page.ts";
import type { Answer, Document, JsonSchema, Operation, Parameter } from "./document.ts";
import { FEED_FILE } from "./feed.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";
import type { Frame } from "./pages/layout.ts";
import { FIELDS } from "./pages/sources/query.ts";

const SCHEMAS = {
  IngestAnswer: ingestAnswerSchema,
  Refused: refusedSchema,
  Health: healthSchema,
  Readiness: readinessSchema,
} satisfies Record<string, JsonSchema>;

/**
 * Adds `GET /openapi.json` and `GET /docs`.
 *
 * @param basePath below which a proxy shows the service, or empty
 * @param frame what every page shows
 */
export function addOpenApi(
  app: App,
  rules: AccessRules,
  basePath: string,
  frame: () => Promise<Frame>,
): void {
  const viewers = onlyViewers(rules);
  let made: Document | undefined;
  const document = () => made ??= describeService(basePath);
  app.get("/openapi.json", viewers, (context) => context.json(document()));
  app.get(
    "/docs",
    viewers,
    async (context) =>
      context.html(await docsPage(document(), await frame()), 200, {
        "Cache-Control": "no-store",
      }),
  );
}

const text = { type: "string" };
const ref = (name: keyof typeof SCHEMAS) => ({ $ref: `#/components/schemas/${name}` });
const answer = (description: string, name: keyof typeof SCHEMAS): Answer => ({
  description,
  content: { "application/json": { schema: ref(name) } },
});

const RETRY_AFTER = {
  "Retry-After": { description: "Seconds to wait", schema: { type: "integer", minimum: 1 } },
};

/** A refusal that browsers get as a page. */
const refusal = (description: string): Answer => ({
  description,
  content: { "application/json": { schema: ref("Refused") }, "text/html": { schema: text } },
});

/** Answers that any request may get. */
const EVERYWHERE = {
  400: answer("`Host` is not a valid host name", "Refused"),
  403: refusal("The sender's address is not in `server.allow_networks`"),
} satisfies Operation["responses"];

/** Answers that a request to a guarded route may get. */
const GUARDED = {
  ...EVERYWHERE,
  401: {
    ...refusal("The token is missing or unknown"),
    headers: { "WWW-Authenticate": { description: "How to send one", schema: text } },
  },
  429: {
    ...refusal("Too many requests with this token"),
    headers: RETRY_AFTER,
  },
} satisfies Operation["responses"];

/** Without `server.tokens_file` only the local machine is allowed, and needs no token. */
const TOKEN = [{ bearer: [] }, { basic: [] }];

const ingestion = {
  tags: ["alerts"],
  summary: "Sends alerts",
  description:
    "The answer comes once they are on disk. An alert that is sent twice is stored once, so " +
    "that you can repeat a request without an answer, or with 408, 429 or 503.",
  requestBody: {
    description:
      "One alert of Wazuh, an array, a wrapper of alerts, or any number of lines of one JSON " +
      "value each. The content decides which, whatever `Content-Type` says. An object that is not " +
      "an alert, such as `{}`, is refused with 400.",
    required: true,
    content: {
      "application/json": { schema: { type: ["object", "array"], minProperties: 1 } },
      "application/x-ndjson": { schema: text },
      "text/plain": { schema: text },
    },
  },
  responses: {
    200: answer("All alerts are stored or deliberately ignored", "IngestAnswer"),
    ...GUARDED,
    400: {
      description:
        "The body contains no alert, as `{}` does not; it is damaged compressed data, or " +
        "ended too early",
      content: {
        "application/json": { schema: { anyOf: [ref("IngestAnswer"), ref("Refused")] } },
      },
    },
    408: answer("The body arrived too slowly (`server.patience_seconds`)", "IngestAnswer"),
    413: answer(
      "The body is longer than `server.max_body_bytes`, and is not lines",
      "IngestAnswer",
    ),
    415: answer("The `Content-Encoding` is not supported", "IngestAnswer"),
    503: {
      ...answer("Some alerts could not be stored; send all again", "IngestAnswer"),
      headers: RETRY_AFTER,
    },
  },
} satisfies Partial<Operation>;

const ENCODING: Parameter = {
  name: "Content-Encoding",
  in: "header",
  description: "How the body is compressed",
  schema: { type: "string", enum: ENCODINGS, default: "identity" },
};

const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "`ETag` of the file that the client has",
  schema: text,
};

const FILE_HEADERS = {
  "ETag": { description: "A hash of the content", schema: text },
  "Last-Modified": { description: "When the file was written", schema: text },
};

const QUERY_WORDS: Readonly<Record<typeof FIELDS[number] | "after", string>> = {
  address: "An address or a network such as `192.0.2.0/24`",
  username: "A user name that was tried",
  sensor: "The name or key of a sensor",
  country: "Two letters such as `NL`",
  network: "The number of an AS such as `AS64500`",
  technique: "An id such as `T1110.001`",
  state: "How far the source is on its way to MISP, or `compromised`",
  seen: "Last seen within `hour`, `day`, `week` or `month`",
  order: "What is most first: `attempts`, `last_seen`, `first_seen` or `compromised`",
  after: "From the header `Link` of the answer before",
};

/** The list of sources in a form for programs. */
function exported(operationId: string, summary: string, content: Answer["content"]): Operation {
  return {
    ...{ operationId, summary, tags: ["sources"], security: TOKEN },
    description: "Most attempts first, 10,000 at most; where more follow, `Link` has the address " +
      "of the next part. Without a state, only sources that events give to detection, or will.",
    parameters: [...FIELDS, "after" as const].map((name) => ({
      ...{ name, in: "query", description: QUERY_WORDS[name], schema: text } as const,
    })),
    responses: {
      200: { description: "The list", ...(content === undefined ? {} : { content }) },
      ...GUARDED,
      400: answer("A field is not valid, or `Host` is not a valid host name", "Refused"),
    },
  };
}

const PATHS: Document["paths"] = {
  "/alerts": {
    post: { ...ingestion, operationId: "postAlerts", security: TOKEN, parameters: [ENCODING] },
  },
  "/alerts/{token}": {
    post: {
      ...ingestion,
      operationId: "postAlertsWithToken",
      summary: "Sends alerts, for senders that can set no header",
      security: [],
      parameters: [
        {
          name: "token",
          in: "path",
          required: true,
          description: "The token. Proxies write it to their logs: prefer a header",
          schema: { type: "string", format: "password" },
        },
        ENCODING,
      ],
    },
  },
  "/livez": {
    get: {
      operationId: "getLiveness",
      tags: ["operation"],
      summary: "Whether the service answers, whatever becomes of its buffer",
      security: [],
      responses: { 200: answer("It answers", "Health"), ...EVERYWHERE },
    },
  },
  "/healthz": {
    get: {
      operationId: "getHealth",
      tags: ["operation"],
      summary: "Whether the service lives and can read its buffer",
      security: [],
      responses: {
        200: answer("It lives and can read its buffer", "Health"),
        ...EVERYWHERE,
        503: answer("The buffer cannot be read", "Health"),
      },
    },
  },
  "/readyz": {
    get: {
      operationId: "getReadiness",
      tags: ["operation"],
      summary: "Whether the service can store alerts and deliver reports",
      description: "Writes into the buffer, at most every two seconds. A sink that has accepted " +
        "nothing for 15 minutes counts as out of reach.",
      security: [],
      responses: {
        200: answer("The service is ready", "Readiness"),
        ...EVERYWHERE,
        503: answer("The service is not ready; `reasons` says why", "Readiness"),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "getMetrics",
      tags: ["operation"],
      summary: "Metrics for Prometheus",
      security: TOKEN,
      responses: {
        200: { description: "Text format 0.0.4", content: { "text/plain": { schema: text } } },
        ...GUARDED,
        503: answer("The buffer cannot be read", "Refused"),
      },
    },
  },
  "/feed/{file}": {
    get: {
      operationId: "getFeedFile",
      tags: ["feed"],
      summary: "A file of the MISP feed",
      security: TOKEN,
      parameters: [
        {
          name: "file",
          in: "path",
          required: true,
          description: "`manifest.json`, `hashes.csv`, or `UUID.json` of an event",
          schema: { ...text, pattern: FEED_FILE.source },
        },
        IF_NONE_MATCH,
      ],
      responses: {
        200: {
          description: "The file",
          headers: FILE_HEADERS,
          content: {
            "application/json": { schema: { type: "object" } },
            "text/csv": { schema: text },
          },
        },
        304: { description: "The client has this file (`If-None-Match`)" },
        ...GUARDED,
        404: refusal("The feed has no such file, or there is no feed"),
        503: answer("The feed cannot be read", "Refused"),
      },
    },
  },
  "/lists/{name}": {
    get: {
      operationId: "getList",
      tags: ["lists"],
      summary: "A list of attackers, as the publisher wrote it",
      security: TOKEN,
      parameters: [
        {
          name: "name",
          in: "path",
          required: true,
          description: "The name of a list of the configuration (`lists`)",
          schema: text,
        },
        IF_NONE_MATCH,
      ],
      responses: {
        200: {
          description: "The list",
          headers: FILE_HEADERS,
          content: {
            "text/plain": { schema: text },
            "text/csv": { schema: text },
            "application/x-ndjson": { schema: text },
          },
        },
        304: { description: "The client has this list (`If-None-Match`)" },
        ...GUARDED,
        404: refusal("No list has this name, or it was not written yet"),
        503: answer("The list cannot be read", "Refused"),
      },
    },
  },
  "/openapi.json": {
    get: {
      operationId: "getDescription",
      tags: ["description"],
      summary: "This document",
      security: TOKEN,
      responses: {
        200: {
          description: "OpenAPI 3.1",
          content: { "application/json": { schema: { type: "object" } } },
        },
        ...GUARDED,
      },
    },
  },
  "/docs": {
    get: {
      operationId: "getDocs",
      tags: ["description"],
      summary: "This document for people",
      security: TOKEN,
      responses: {
        200: { description: "A page", content: { "text/html": { schema: text } } },
        ...GUARDED,
      },
    },
  },
  "/sources.json": {
    get: exported("getSourcesJson", "The sources as JSON", {
      "application/json": {
        schema: { type: "array", items: { type: "object", required: ["address", "attempts"] } },
      },
    }),
  },
  "/sources.csv": {
    get: exported("getSourcesCsv", "The sources as CSV", { "text/csv": { schema: text } }),
  },
};

/**
 * Describes every route for programs.
 *
 * @param basePath below which a proxy shows the service, or empty
 */
export function describeService(basePath = ""): Document {
  return {
    openapi: "3.1.0",
    info: {
      title: "custom-misp_ssh_bruteforce-publish",
      version: settings.version,
      description:
        "Accepts SSH brute-force alerts of Wazuh, and publishes them to MISP. The pages for people " +
        "are not described here. A path with another method is answered with 405 and `Allow`, an " +
        "unknown path with 404.",
      license: { name: "MIT License", identifier: settings.license },
    },
    servers: [{ url: basePath === "" ? "/" : basePath }],
    paths: PATHS,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A token of `serve token new NAME`. Without `server.tokens_file` the service needs " +
            "no token, and answers the local machine only; with `server.open_pages` pages, metrics " +
            "and feed need no token.",
        },
        basic: {
          type: "http",
          scheme: "basic",
          description: "The same token as the password, with any user name.",
        },
      },
    },
  };
}
