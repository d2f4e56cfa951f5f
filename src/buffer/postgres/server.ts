/**
 * Which PostgreSQL server holds the buffer, as `buffer.url` says it. Pure.
 *
 * @module
 */

/** How the connection is encrypted: not at all, or checked against an authority and the host's name. */
export type TlsMode = "disable" | "verify-full";

/** A server and a database on it. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly tls: TlsMode;
  /** Of the tables; it is made where it is missing. */
  readonly schema: string;
}

const PORT = 5432;
const SCHEMA = "public";
const LOOPBACK = /^(127\.|localhost$|::1$)/;
const PARAMETERS: readonly string[] = ["sslmode", "schema"];

/** Says what is allowed, where a text is not a valid `buffer.url`. */
export function checkServerUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    return "an address such as postgres://USER@HOST/DATABASE?sslmode=verify-full";
  }
  if (url.password !== "") return "an address without a password; use buffer.password_file";
  if (url.username === "") return "an address with a user name: postgres://USER@HOST/DATABASE";
  if (!/^\/[^/]+$/.test(url.pathname)) return "an address with one database: …@HOST/DATABASE";
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined || url.hash !== "") {
    return "an address with the parameters sslmode and schema only";
  }
  const schema = url.searchParams.get("schema");
  if (schema !== null && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    return "a schema of lower-case letters, digits and _";
  }
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && mode !== "disable" && mode !== "verify-full") {
    return "sslmode=verify-full, or sslmode=disable on a network that nobody else can read";
  }
  return undefined;
}

/**
 * Reads a `buffer.url` that was checked. Without `sslmode`, only a server on this machine is reached
 * unencrypted.
 */
export function serverOf(text: string): Server {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const mode = url.searchParams.get("sslmode");
  return {
    host,
    port: url.port === "" ? PORT : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    tls: mode === null ? (LOOPBACK.test(host) ? "disable" : "verify-full") : mode as TlsMode,
    schema: url.searchParams.get("schema") ?? SCHEMA,
  };
}

/** A server as messages name it. */
export function serverName({ host, port, database, user }: Server): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `postgres://${user}@${shown}:${port}/${database}`;
}
