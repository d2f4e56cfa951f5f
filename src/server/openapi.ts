/**
 * The service's own description: `GET /openapi.json` for programs, `GET /docs` for people.
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

/** Adds `GET /openapi.json`, `GET /docs` and its style. */
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

/** What any request meets. */
const EVERYWHERE = {
  400: answer("`Host` makes no address", "Refused"),
  403: answer("The sender's address is not in `server.allow_networks`", "Refused"),
} satisfies Operation["responses"];

/** What a request meets that has to show who it is. */
const AT_THE_DOOR = {
  ...EVERYWHERE,
  401: {
    ...answer("No token, or none that is known", "Refused"),
    headers: { "WWW-Authenticate": { description: "How to show one", schema: text } },
  },
  429: {
    ...answer("Too many requests with this token", "Refused"),
    headers: {
      "Retry-After": { description: "Seconds to wait", schema: { type: "integer", minimum: 1 } },
    },
  },
} satisfies Operation["responses"];

/** Without `server.tokens_file` only the machine itself may, and shows nothing. */
const TOKEN = [{ bearer: [] }, { basic: [] }];

const ingestion = {
  tags: ["alerts"],
  summary: "Hands alerts over",
  description: "Answers once they are on disk. The same alert twice is stored once, so that a " +
    "request without an answer, or with 408, 429 or 503, can be sent again.",
  requestBody: {
    description: "One alert of Wazuh, an array, a wrapper of some, or one JSON value a line, " +
      "without end. The shape is told from the content, whatever `Content-Type` says.",
    required: true,
    content: {
      "application/json": { schema: { type: ["object", "array"] } },
      "application/x-ndjson": { schema: text },
      "text/plain": { schema: text },
    },
  },
  responses: {
    200: answer("Stored, or deliberately ignored", "IngestAnswer"),
    ...AT_THE_DOOR,
    400: {
      description: "No alert in it, damaged packed data, or a body that broke off",
      content: {
        "application/json": { schema: { anyOf: [ref("IngestAnswer"), ref("Refused")] } },
      },
    },
    408: answer("The body came too slowly (`server.patience_seconds`)", "IngestAnswer"),
    413: answer("Longer than `server.max_body_bytes`, and not one alert a line", "IngestAnswer"),
    415: answer("A `Content-Encoding` that is not known", "IngestAnswer"),
    503: answer("Not all could be stored; send it again", "IngestAnswer"),
  },
} satisfies Partial<Operation>;

const ENCODING: Parameter = {
  name: "Content-Encoding",
  in: "header",
  description: "How the body is packed",
  schema: { type: "string", enum: ENCODINGS, default: "identity" },
};

const PATHS: Document["paths"] = {
  "/alerts": {
    post: { ...ingestion, operationId: "postAlerts", security: TOKEN, parameters: [ENCODING] },
  },
  "/alerts/{token}": {
    post: {
      ...ingestion,
      operationId: "postAlertsWithToken",
      summary: "Hands alerts over, for senders that can set no header",
      security: [],
      parameters: [
        {
          name: "token",
          in: "path",
          required: true,
          description: "The token. It stands in the logs of whatever lies between: prefer a header",
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
        200: answer("It does", "Health"),
        ...EVERYWHERE,
        503: answer("The buffer cannot be read", "Health"),
      },
    },
  },
  "/readyz": {
    get: {
      operationId: "getReadiness",
      tags: ["operation"],
      summary: "Whether alerts can be stored, and reports get through",
      description: "Writes into the buffer, at most every two seconds. A sink that has taken " +
        "nothing for 15 minutes counts as out of reach.",
      security: [],
      responses: {
        200: answer("All is well", "Readiness"),
        ...EVERYWHERE,
        503: answer("Something is not; `reasons` says what", "Readiness"),
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
        ...AT_THE_DOOR,
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
        {
          name: "If-None-Match",
          in: "header",
          description: "`ETag` of what is known already",
          schema: text,
        },
      ],
      responses: {
        200: {
          description: "The file",
          headers: {
            "ETag": { description: "Of the content", schema: text },
            "Last-Modified": { description: "When it was written", schema: text },
          },
          content: {
            "application/json": { schema: { type: "object" } },
            "text/csv": { schema: text },
          },
        },
        304: { description: "It is what `If-None-Match` says" },
        ...AT_THE_DOOR,
        404: answer("No such file, or no feed here", "Refused"),
        503: answer("The feed cannot be read", "Refused"),
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
        ...AT_THE_DOOR,
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
        ...AT_THE_DOOR,
      },
    },
  },
  "/docs.css": {
    get: {
      operationId: "getDocsStyle",
      tags: ["description"],
      summary: "Style of that page",
      security: TOKEN,
      responses: {
        200: { description: "A style sheet", content: { "text/css": { schema: text } } },
        ...AT_THE_DOOR,
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
        "Takes SSH brute-force alerts of Wazuh, and publishes them to MISP. Every path " +
        "that is not named here is answered with 404.",
    },
    paths: PATHS,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A token of `serve token new NAME`. Without `server.tokens_file` none is " +
            "needed, and only the machine itself is answered; with `server.open_pages` none is " +
            "needed to look.",
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
