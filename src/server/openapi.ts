/**
 * The API's description: `GET /openapi.json` for programs, `GET /docs` for people.
 *
 * @module
 */
import settings from "../../deno.json" with { type: "json" };
import { healthSchema, ingestAnswerSchema, readinessSchema, refusedSchema } from "./answers.ts";
import type { App } from "./context.ts";
import { ENCODINGS } from "./ingest/body.ts";
import { docsPage, docsStyle } from "./docs_page.ts";
import type { Answer, Document, JsonSchema, Operation, Parameter } from "./document.ts";
import { FEED_FILE } from "./feed.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";

const SCHEMAS = {
  IngestAnswer: ingestAnswerSchema,
  Refused: refusedSchema,
  Health: healthSchema,
  Readiness: readinessSchema,
} satisfies Record<string, JsonSchema>;

/** Adds `GET /openapi.json`, `GET /docs` and its style sheet. */
export function addOpenApi(app: App, rules: AccessRules): void {
  const viewers = onlyViewers(rules);
  let made: Document | undefined;
  const document = () => made ??= describeService();
  app.get("/openapi.json", viewers, (context) => context.json(document()));
  app.get("/docs", viewers, async (context) => context.html(await docsPage(document())));
  app.get(
    "/docs.css",
    viewers,
    (context) => context.body(docsStyle, 200, { "Content-Type": "text/css; charset=utf-8" }),
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

/** Answers that any request may get. */
const EVERYWHERE = {
  400: answer("`Host` is not a valid host name", "Refused"),
  403: answer("The sender's address is not in `server.allow_networks`", "Refused"),
} satisfies Operation["responses"];

/** Answers that a request to a guarded route may get. */
const GUARDED = {
  ...EVERYWHERE,
  401: {
    ...answer("The token is missing or unknown", "Refused"),
    headers: { "WWW-Authenticate": { description: "How to send one", schema: text } },
  },
  429: {
    ...answer("Too many requests with this token", "Refused"),
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
      "value each. The content decides which, whatever `Content-Type` says.",
    required: true,
    content: {
      "application/json": { schema: { type: ["object", "array"] } },
      "application/x-ndjson": { schema: text },
      "text/plain": { schema: text },
    },
  },
  responses: {
    200: answer("All alerts are stored or deliberately ignored", "IngestAnswer"),
    ...GUARDED,
    400: {
      description: "The body contains no alert, is damaged compressed data, or ended too early",
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
        404: answer("The feed has no such file, or there is no feed", "Refused"),
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
        404: answer("No list has this name, or it was not written yet", "Refused"),
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
  "/docs.css": {
    get: {
      operationId: "getDocsStyle",
      tags: ["description"],
      summary: "Style sheet of that page",
      security: TOKEN,
      responses: {
        200: { description: "A style sheet", content: { "text/css": { schema: text } } },
        ...GUARDED,
      },
    },
  },
};

/** Describes every route of the service. */
export function describeService(): Document {
  return {
    openapi: "3.1.0",
    info: {
      title: "custom-misp_ssh_bruteforce-publish",
      version: settings.version,
      description:
        "Accepts SSH brute-force alerts of Wazuh, and publishes them to MISP. Every other path " +
        "answers 404.",
    },
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
