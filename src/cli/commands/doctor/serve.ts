/**
 * The checks of `doctor` for what `serve` needs: tokens, certificate, port.
 *
 * @module
 */
import { DAY } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import type { Loaded } from "../../../config/load.ts";
import { ConfigError } from "../../../config/values.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { counted } from "../../terminal/counted.ts";
import { addressText, listenProblem } from "../../wiring/listen/errors.ts";
import { isLoopback, listenAddress } from "../../wiring/listen/address.ts";
import { endOf, faultOfPair, readPair } from "../../wiring/listen/tls_pair.ts";
import { readTokens } from "../tokens.ts";

/** A certificate that ends sooner is a warning. */
const SOON_MS = 14 * DAY;

/** Checks what `serve` needs, where a key of its section is set: others do not run it. */
export async function checkServe({ config, entries }: Loaded): Promise<readonly Check[]> {
  const isUsed = entries.some(({ key, origin }) =>
    key.startsWith("server.") && origin !== "default"
  );
  if (!isUsed) return [];
  return [
    ...checkTokens(config),
    ...checkPair(config.server, Date.now()),
    ...await checkPort(config),
  ];
}

function checkTokens({ server }: Config): readonly Check[] {
  const path = server.tokensFile;
  if (path !== undefined) {
    return checked(
      "tokens",
      () => [ok("tokens", `${path}, ${counted(readTokens(path).length, "token")}`)],
    );
  }
  return checked("tokens", () => {
    const { hostname } = listenAddress(server.listen);
    if (isLoopback(hostname)) return [];
    return [failure(
      "tokens",
      `server.listen is ${hostname}, which strangers may reach, and server.tokens_file is not set`,
      "set it, and make a token by `serve token new NAME`",
    )];
  });
}

/** Checks the certificate, where there is one. @param now milliseconds UTC */
export function checkPair(
  server: Pick<Config["server"], "tlsCert" | "tlsKey">,
  now: number,
): readonly Check[] {
  return checked("certificate", () => {
    const pair = readPair(server);
    if (pair === undefined) return [];
    const fault = faultOfPair(pair, server);
    if (fault !== undefined) throw fault;
    const end = endOf(pair);
    const until = `server.tls_cert ${server.tlsCert}`;
    const day = new Date(end).toISOString().slice(0, 10);
    if (end < now) {
      return [failure("certificate", `${until} expired on ${day}`, "put a new one there")];
    }
    return end < now + SOON_MS
      ? [warning("certificate", `${until} expires on ${day}`, "put a new one there")]
      : [ok("certificate", `${until}, valid until ${day}`)];
  });
}

/** What a configuration error says, as a check. */
function checked(name: string, check: () => readonly Check[]): readonly Check[] {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure(name, error.what, error.hint ?? "see `help config`")];
  }
}

async function checkPort({ server }: Config): Promise<readonly Check[]> {
  const address = listenAddress(server.listen);
  try {
    Deno.listen(address).close();
    return [ok("port", `${addressText(address)} is free`)];
  } catch (error) {
    const { what, hint, isOurs } = await listenProblem(address, error);
    return [isOurs ? ok("port", what) : failure("port", what, hint)];
  }
}
