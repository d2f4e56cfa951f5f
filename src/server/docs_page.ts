/**
 * The page that shows the API's description: one document, one style sheet, no script.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Answer, Document, JsonSchema, Operation, Parameter } from "./document.ts";

/** The style sheet of the page. */
export const docsStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8886; margin-top: 2rem; }
code { font-family: ui-monospace, monospace; }
h2 code { font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
caption { text-align: left; font-weight: 600; }
th, td { border-bottom: 1px solid #8883; padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; }
th, td { vertical-align: top; overflow-wrap: anywhere; }
`;

type Markup = ReturnType<typeof html>;

/** Writes the page. */
export function docsPage(document: Document): Promise<string> {
  const { info, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const page = html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${info.title}: API</title>
        <link rel="stylesheet" href="/docs.css">
      </head>
      <body>
        <h1>${info.title} ${info.version}</h1>
        <p>${prose(info.description)} For programs: <a href="/openapi.json">openapi.json</a>.</p>
        <nav>
          <ul>
    ${operations.map(({ path, method, operation }) =>
      html`
        <li><a href="#${operation.operationId}"><code>${method
          .toUpperCase()} ${path}</code></a> ${operation.summary}</li>
      `
    )}</ul>
        </nav>
        <main>
    <section>
    <h2>Access</h2>
    <dl>
    ${Object.entries(components.securitySchemes).map(([name, { description = "" }]) =>
      html`
        <dt>${name}</dt>
        <dd>${prose(description)}</dd>
      `
    )}</dl>
    </section>
    ${operations.map(({ path, method, operation }) => operationSection(path, method, operation))}
    ${Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema))}
        </main>
      </body>
    </html>
  `;
  return Promise.resolve(page).then(String);
}

function operationSection(path: string, method: string, operation: Operation): Markup {
  const { operationId, summary, description, security, parameters, requestBody } = operation;
  const who = security.flatMap((one) => Object.keys(one));
  const hasToken = parameters?.some(({ name }) => name === "token") ?? false;
  return html`
    <section id="${operationId}">
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${prose(summary)}. ${prose(description ?? "")}</p>
    <p>Access: ${who.length > 0
      ? who.join(" or ")
      : hasToken
      ? "the token in the path"
      : "everybody"}</p>
    ${parameters === undefined ? "" : parameterTable(parameters)}
    ${requestBody === undefined ? "" : html`
      <p>Body (${Object.keys(requestBody.content).join(", ")}): ${prose(
        requestBody.description,
      )}</p>
    `}${answerTable(operation.responses)}
    </section>
  `;
}

function parameterTable(parameters: readonly Parameter[]): Markup {
  return html`
    <table>
      <caption>Parameters</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">In</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
    ${parameters.map(({ name, in: position, description, schema }) =>
      html`
        <tr>
          <td><code>${name}</code></td>
          <td>${position}</td>
          <td>${prose(description)} ${Array.isArray(schema.enum)
            ? `(${schema.enum.join(", ")})`
            : ""}</td>
        </tr>
      `
    )}</tbody>
    </table>
  `;
}

function answerTable(responses: Readonly<Record<string, Answer>>): Markup {
  return html`
    <table>
      <caption>Answers</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Means</th>
          <th scope="col">Body</th>
        </tr>
      </thead>
      <tbody>
    ${Object.entries(responses).map(([status, { description, content = {}, headers = {} }]) =>
      html`
        <tr>
          <td>${status}</td>
          <td>${prose(description)}${Object.keys(headers).map((name) =>
            html`, <code>${name}</code>`
          )}</td>
          <td>${Object.entries(content).map(([type, { schema }]) =>
            html`
              ${bodyName(type, schema)}
            `
          )}</td>
        </tr>
      `
    )}</tbody>
    </table>
  `;
}

function bodyName(type: string, schema: JsonSchema): Markup {
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

function schemaSection(name: string, schema: JsonSchema): Markup {
  return html`
    <section id="${name}">
      <h2>${name}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Type</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
    ${rows("", schema)}</tbody>
      </table>
    </section>
  `;
}

function rows(prefix: string, schema: JsonSchema): readonly Markup[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
    .flatMap(([name, field]) => {
      const items = (field.items ?? {}) as JsonSchema;
      return [
        html`
          <tr>
            <td><code>${prefix}${name}</code>${required.includes(name)
              ? ""
              : " (may be absent)"}</td>
            <td>${typeName(field)}</td>
            <td>${prose(String(field.description ?? ""))}</td>
          </tr>
        `,
        ...rows(`${prefix}${name}[].`, items),
        ...rows(`${prefix}${name}.`, field),
      ];
    });
}

function typeName(schema: JsonSchema): string {
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(typeName).join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(", ");
  return Array.isArray(schema.type) ? schema.type.join(" or ") : String(schema.type ?? "any");
}

/** Words in backquotes are code. */
function prose(text: string): readonly (string | Markup)[] {
  return text.split("`").map((part, index) => index % 2 === 0 ? part : html`<code>${part}</code>`);
}
