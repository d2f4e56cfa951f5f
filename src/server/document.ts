/**
 * The parts of an OpenAPI document that this service uses.
 *
 * @module
 */

/** A JSON Schema. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The description of a parameter. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "header" | "query";
  readonly required?: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
}

/** The description of an answer. */
export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { description: string; schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, { schema: JsonSchema }>>;
}

/** The description of one method of one route. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly description: string;
    readonly required: boolean;
    readonly content: Readonly<Record<string, { schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** The document. */
export interface Document {
  readonly openapi: string;
  readonly info: Readonly<Record<"title" | "version" | "description", string>> & {
    readonly license: Readonly<Record<"name" | "identifier", string>>;
  };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}
