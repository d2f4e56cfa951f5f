/**
 * The tokens file: `serve` reads it when it changes, `serve token` adds to it.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/values.ts";
import {
  newToken,
  parseTokens,
  type TokenHash,
  TokensError,
} from "../../server/middleware/access.ts";
import { EXIT, Failure } from "../exit.ts";
import { counted } from "../terminal/counted.ts";
import type { Log } from "../terminal/log.ts";
import { messageOf } from "../../errors.ts";
import { readSetting } from "../wiring/publisher.ts";
import { shellWord } from "../../text.ts";
import { appendText, followed, ForeignLink } from "../../file_owner.ts";

/** Least time between two looks at the file, milliseconds. */
const LOOK_MS = 5_000;

/**
 * Gives the tokens that are valid now: those of a changed file a few seconds after its change. If
 * the file cannot be read any more, the tokens that were read before remain valid.
 *
 * @throws {ConfigError} the file cannot be read at the start, or holds no token
 */
export function createTokens(config: Config, log: Log): () => readonly TokenHash[] {
  const path = config.server.tokensFile;
  if (path === undefined) return () => [];
  let tokens = readTokens(path);
  let stamp = stampOf(path);
  let lookedAt = performance.now();
  return () => {
    if (performance.now() - lookedAt < LOOK_MS) return tokens;
    lookedAt = performance.now();
    const now = stampOf(path);
    if (now === stamp) return tokens;
    stamp = now;
    try {
      tokens = readTokens(path);
      log("info", `server.tokens_file ${path}: read again, ${counted(tokens.length, "token")}`);
    } catch (error) {
      log("error", `${messageOf(error)}; the tokens that were read before remain valid`);
    }
    return tokens;
  };
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtime } = Deno.statSync(path);
    return `${ino} ${size} ${mtime?.getTime()}`;
  } catch {
    return "gone";
  }
}

/** @throws {ConfigError} the file cannot be read, or holds no token */
export function readTokens(path: string): readonly TokenHash[] {
  let tokens: readonly TokenHash[];
  try {
    tokens = parseTokens(readSetting("server.tokens_file", path)!);
  } catch (error) {
    if (!(error instanceof TokensError)) throw error;
    throw new ConfigError(
      `server.tokens_file ${path}: ${error.message}`,
      "remove that line; `serve token new NAME` makes one that is valid",
    );
  }
  if (tokens.length === 0) {
    throw new ConfigError(
      `server.tokens_file ${path}: holds no token`,
      "`serve token new NAME` makes one",
    );
  }
  return tokens;
}

/** Runs `serve token new NAME`: prints the token once, and adds its hash to the file. */
export function tokenCommand(args: readonly string[], config: Config): number {
  const [action, name = "", ...more] = args;
  if (action !== "new" || name === "" || more.length > 0) {
    throw new Failure(EXIT.usage, "`serve token new NAME` makes a token; NAME says whose it is");
  }
  const path = config.server.tokensFile;
  if (path === undefined) {
    throw new Failure(EXIT.usage, "set server.tokens_file first: the token's hash goes there");
  }
  try {
    const { token, line } = newToken(name);
    append(path, name, line);
    console.log(token);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof TokensError) throw new Failure(EXIT.usage, error.message);
    throw error;
  }
}

function tokensIn(path: string, text: string): readonly TokenHash[] {
  try {
    return parseTokens(text);
  } catch (error) {
    if (!(error instanceof TokensError)) throw error;
    throw new TokensError(`${path}: ${error.message}; remove that line first`);
  }
}

function append(path: string, name: string, line: string): void {
  try {
    let known = "";
    if (followed(path) !== undefined) known = Deno.readTextFileSync(path);
    if (tokensIn(path, known).some((one) => one.name === name)) {
      throw new TokensError(`${path} has a token named ${name}; remove its line first`);
    }
    const gap = known === "" || known.endsWith("\n") ? "" : "\n";
    appendText(path, `${gap}${line}\n`);
    console.error(`its hash is in ${path}; the token is shown only here`);
  } catch (error) {
    if (error instanceof ForeignLink) throw new Failure(EXIT.failed, error.message);
    const mayNot = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    if (!mayNot) throw error;
    const command = `echo ${shellWord(line)} | sudo tee -a ${shellWord(path)} >/dev/null`;
    console.error(
      `this program may not write ${path}; add the hash there by this command:\n${command}`,
    );
  }
}
