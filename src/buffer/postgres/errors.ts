/**
 * What is wrong with the database server, in words that say what to do.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import { BufferError, isNamed, type Problem, Unusable } from "../sqlite/errors.ts";
import { codeOf, isOfServer } from "./connection.ts";
import { type Server, serverName } from "./server.ts";

/** Says on one line which database cannot be used, why, and what to do. */
export function toBufferError(server: Server, error: unknown): BufferError {
  if (isNamed(error, "BufferError")) return error as BufferError;
  return new BufferError(serverName(server), problemOf(server, error), { cause: error });
}

/** Whether the server refuses a value, by SQLSTATE or its class. */
export function isOfValue(error: unknown): boolean {
  if (!isOfServer(error)) return false;
  const code = codeOf(error) ?? "";
  // invalid_parameter_value: of a setting.
  if (code === "22023") return false;
  // data_exception and program_limit_exceeded; not_null_violation, check_violation
  return ["22", "54"].includes(code.slice(0, 2)) || ["23502", "23514"].includes(code);
}

/** Whether an error came from the server or the way there, not from what was to be stored. */
export function isOfDatabase(error: unknown): boolean {
  if (isNamed(error, "Unusable")) return true;
  if (error instanceof Deno.errors.NotCapable) return true;
  if (isOfServer(error)) return true;
  return codeOf(error) !== undefined ||
    /connection|timeout|certificate|SASL|password/i.test(messageOf(error));
}

/** Whether the same transaction may well succeed when it is done again. */
export function isTransient(error: unknown): boolean {
  // serialization_failure, deadlock_detected
  return ["40001", "40P01"].includes(codeOf(error) ?? "");
}

/**
 * Whether another session than before got a prepared statement: PgBouncer stands between, and shares sessions
 * without knowing of them.
 */
export function isOfPooler(error: unknown): boolean {
  // invalid_sql_statement_name, duplicate_prepared_statement
  return ["26000", "42P05"].includes(codeOf(error) ?? "");
}

/** Whether a lock was waited for in vain, also of the error that says so in words. */
export function isLocked(error: unknown): boolean {
  // lock_not_available
  const [own, cause] = [error, error instanceof Error ? error.cause : undefined].map(codeOf);
  return (own ?? cause) === LOCKED;
}

const LOCKED = "55P03";
/** No table of that name: the schema is not made yet, or was dropped. */
export const UNDEFINED_TABLE = "42P01";
/** read_only_sql_transaction */
const READ_ONLY = "25006";

const THEN = "and it goes on by itself";

/** By SQLSTATE, or its class of two characters. */
const OF_SERVER: Readonly<Record<string, (server: Server) => Problem>> = {
  "28P01": ({ user }) => ({
    what: `the password of "${user}" is wrong`,
    hint: "put the right one into the file that buffer.password_file names",
  }),
  "28": ({ user }) => ({
    what: `it does not let "${user}" in`,
    hint: "add a line for this machine to pg_hba.conf, and set buffer.password_file",
  }),
  "3D000": ({ database, user }) => ({
    what: `it has no database "${database}"`,
    hint: `\`CREATE DATABASE ${database} OWNER ${user}\` makes it`,
  }),
  "42501": ({ user, schema, database }) => ({
    what: `"${user}" has too few rights there`,
    hint: `\`ALTER DATABASE ${database} OWNER TO ${user}\` or \`GRANT ALL ON SCHEMA ${schema} TO ` +
      `${user}\` gives them`,
  }),
  [READ_ONLY]: () => ({
    what: "it is a standby that is read-only",
    hint: "let buffer.url name the primary, or promote this server",
  }),
  [UNDEFINED_TABLE]: ({ schema }) => ({
    what: `the tables in its schema ${schema} are gone`,
    hint: "restore a backup; without one, new ones are made at the next use",
  }),
  "53300": () => ({
    what: "it has no connection left",
    hint: `raise max_connections there, or put PgBouncer in front, ${THEN}`,
  }),
  "53100": () => ({ what: "its disk is full", hint: `free some space there, ${THEN}` }),
  [LOCKED]: () => ({
    what: "another process works on it",
    hint: "stop whatever uses it, then try again",
  }),
  "57014": ({ user }) => ({
    what: "it has ended a statement",
    hint: `raise statement_timeout of "${user}" if that is set there, ${THEN}`,
  }),
  "57": () => ({ what: "it is starting, stopping or ends connections", hint: `wait, ${THEN}` }),
};

/**
 * Whether a server refuses, in whatever language, that a transaction may write: PostgreSQL 15 gives a standby
 * no code of its own for this, but the function that checks a setting.
 */
const isOfStandby = (error: Error) =>
  // feature_not_supported
  codeOf(error) === "0A000" && "routine" in error && error.routine === "call_bool_check_hook";

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name cannot be looked up now",
  EHOSTUNREACH: "there is no way to its host",
  ENETUNREACH: "there is no way to its network",
  ETIMEDOUT: "it does not answer",
};

function problemOf(server: Server, error: unknown): Problem {
  if (isNamed(error, "Unusable")) return (error as Unusable).problem;
  const code = codeOf(error) ?? "";
  const message = messageOf(error);
  if (isOfServer(error)) {
    const known = isOfStandby(error)
      ? OF_SERVER[READ_ONLY]
      : OF_SERVER[code] ?? OF_SERVER[code.slice(0, 2)];
    if (known !== undefined) return known(server);
    return { what: `it refuses (${code}: ${message})`, hint: "its log says more" };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return {
      what: "this binary may not connect there",
      hint: `compile it with --buffer-host ${server.host}:${server.port}`,
    };
  }
  if (/certificate|UNABLE_TO|SELF_SIGNED|ERR_TLS|altname/i.test(`${code} ${message}`)) {
    return {
      what: `its certificate is not trusted (${message})`,
      hint: "let buffer.ca_file name the PEM file of the authority that signed it",
    };
  }
  if (/does not support SSL/.test(message)) {
    return {
      what: "it does not encrypt connections",
      hint: "switch ssl on there, or set sslmode=disable in buffer.url on a network of your own",
    };
  }
  // It is the client that says so, before PostgreSQL does.
  if (/SASL|password/i.test(message)) {
    return {
      what: `it wants a password of "${server.user}"`,
      hint: "put it into a file that buffer.password_file names",
    };
  }
  const reason = UNREACHABLE[code];
  return reason !== undefined
    ? { what: `it cannot be reached: ${reason}`, hint: `start it, or correct buffer.url` }
    : { what: "the connection was lost", hint: `see whether the server runs; ${THEN.slice(4)}` };
}

/** What the tables are not, in words. */
export function newerSchema(version: number, known: number): Unusable {
  return new Unusable(
    `it was written by a newer version (schema ${version}, known here ${known})`,
    "install that version here, too",
  );
}

/** In which encoding the database is, in words. */
export function otherEncoding(encoding: string, { database, user }: Server): Unusable {
  return new Unusable(
    `its encoding is ${encoding}, which cannot hold what attackers write`,
    `let buffer.url name another database, which \`CREATE DATABASE ${database}_utf8 OWNER ${user} ` +
      "ENCODING 'UTF8' TEMPLATE template0` makes",
  );
}
