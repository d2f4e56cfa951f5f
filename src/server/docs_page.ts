/**
 * The page that shows the API's description: in the design of the other pages.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Answer, Document, JsonSchema, Operation, Parameter } from "./document.ts";
import { type Frame, layout } from "./pages/layout.ts";
import { table, tableBox } from "./pages/table.ts";
import type { Html } from "./pages/text.ts";

/** Writes the page. */
export function docsPage({ info, paths, components }: Document, frame: Frame): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  return layout({
    title: "API",
    at: "/docs",
    frame,
    body: html`
      <h1>API</h1>
      <p>${info.title} ${info.version}. ${prose(info.description)}
      For programs: <a href="/openapi.json">openapi.json</a>.</p>
      <section>
        <h2>Requests</h2>
        <ul class="plain">${operations.map(({ path, method, operation }) =>
          html`
            <li><a href="#${operation.operationId}"><code>${method
              .toUpperCase()} ${path}</code></a> ${operation.summary}</li>
          `
        )}</ul>
      </section>
      <section class="docs">
        <h2>Access</h2>
        <dl>${Object.entries(components.securitySchemes).map(([name, { description = "" }]) =>
          html`
            <dt>${name}</dt>
            <dd>${prose(description)}</dd>
          `
        )}</dl>
      </section>
      ${operations.map(({ path, method, operation }) => operationSection(path, method, operation))}
      ${Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema))}
    `,
  });
}

function operationSection(path: string, method: string, operation: Operation): Html {
  const { operationId, summary, description, security, parameters, requestBody } = operation;
  const who = security.flatMap((one) => Object.keys(one));
  const hasToken = parameters?.some(({ name }) => name === "token") ?? false;
  return html`
    <section class="docs" id="${operationId}">
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${prose(summary)}. ${prose(description ?? "")}</p>
    <p>Access: ${who.length > 0
      ? who.join(" or ")
      : hasToken
      ? "the token in the path"
      : "everybody"}</p>
    ${parameters === undefined ? "" : tableBox(
      `${operationId}-parameters`,
      `Parameters of ${operationId}`,
      parameterTable(parameters),
    )}
    ${requestBody === undefined ? "" : html`
      <p>Body (${Object.keys(requestBody.content).join(", ")}): ${prose(
        requestBody.description,
      )}</p>
    `}${tableBox(
      `${operationId}-answers`,
      `Answers of ${operationId}`,
      answerTable(operation.responses),
    )}
    </section>
  `;
}

function parameterTable(parameters: readonly Parameter[]): Html {
  return table<Parameter>(
    [
      { name: "Name", cell: ({ name }) => html`<code>${name}</code>` },
      { name: "In", cell: (parameter) => parameter.in },
      {
        name: "What",
        cell: ({ description, schema }) => [
          ...prose(description),
          Array.isArray(schema.enum) ? ` (${schema.enum.join(", ")})` : "",
        ],
      },
    ],
    parameters,
    { caption: "Parameters" },
  );
}

function answerTable(responses: Readonly<Record<string, Answer>>): Html {
  return table<readonly [string, Answer]>(
    [
      { name: "Status", cell: ([status]) => status },
      {
        name: "Means",
        cell: ([, { description, headers = {} }]) => [
          ...prose(description),
          ...Object.keys(headers).map((name) => html`, <code>${name}</code>`),
        ],
      },
      {
        name: "Body",
        cell: ([, { content = {} }]) =>
          Object.entries(content).map(([type, { schema }]) =>
            html`
              ${bodyName(type, schema)}
            `
          ),
      },
    ],
    Object.entries(responses),
    { caption: "Answers" },
  );
}

function bodyName(type: string, schema: JsonSchema): Html {
  if (Array.isArray(schema.anyOf)) {
    return html`${
      schema.anyOf.map((one) =>
        html`
          ${bodyName(type, one)}
        `
      )
    }`;
  }
  const name = typeof schema.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  return name === undefined ? html`${type}` : html`<a href="#${name}">${name}</a>`;
}

function schemaSection(name: string, schema: JsonSchema): Html {
  return html`
    <section class="docs" id="${name}">
      <h2>${name}</h2>
      ${tableBox(
        `${name}-fields`,
        `Fields of ${name}`,
        table<Field>([
          {
            name: "Field",
            cell: ({ path, isRequired }) => [
              html`<code>${path}</code>`,
              isRequired ? "" : " (may be absent)",
            ],
          },
          { name: "Type", cell: ({ schema }) => typeName(schema) },
          { name: "What", cell: ({ schema }) => prose(String(schema.description ?? "")) },
        ], fieldsOf("", schema)),
      )}
    </section>
  `;
}

interface Field {
  /** Such as `errors[].where`. */
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** The fields of a schema, each followed by those within it. */
function fieldsOf(prefix: string, schema: JsonSchema): readonly Field[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
    .flatMap(([name, field]) => [
      { path: `${prefix}${name}`, schema: field, isRequired: required.includes(name) },
      ...fieldsOf(`${prefix}${name}[].`, (field.items ?? {}) as JsonSchema),
      ...fieldsOf(`${prefix}${name}.`, field),
    ]);
}

function typeName(schema: JsonSchema): string {
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(typeName).join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(", ");
  return Array.isArray(schema.type) ? schema.type.join(" or ") : String(schema.type ?? "any");
}

/** Words in backquotes are code. */
function prose(text: string): readonly (string | Html)[] {
  return text.split("`").map((part, index) => index % 2 === 0 ? part : html`<code>${part}</code>`);
}
