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
/** The schema that every database has. */
export const SCHEMA = "public";
const LOOPBACK = /^(127\.|localhost$|::1$)/;

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
