/**
 * A forwarder from the configuration. Loaded only where `forward.url` is set.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import { SECOND } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/values.ts";
import type { ForwardParts } from "../../forward/forwarder.ts";
import { HttpReceiver, type ReceiverOptions } from "../../forward/receiver.ts";
import type { Log } from "../terminal/log.ts";
import { readSetting } from "./publisher.ts";

/** How long one request may take: a thousand alerts are stored in a fraction of a second. */
const TIMEOUT_MS = 30 * SECOND;

/** A forwarder that must be disposed of, with its connections. */
export type Forwarder = ForwardParts & Disposable;

/**
 * Builds a forwarder; undefined without `forward.url`.
 *
 * @throws {ConfigError} a token or certificate file cannot be read
 */
export function createForwarder(config: Config, buffer: Buffer, log: Log): Forwarder | undefined {
  const options = receiverOptions(config);
  if (options === undefined) return undefined;
  const receiver = new HttpReceiver(options);
  return {
    ...{ buffer, receiver, log },
    now: Date.now,
    random: Math.random,
    [Symbol.dispose]: () => receiver[Symbol.dispose](),
  };
}

/**
 * How to reach the receiver; undefined without `forward.url`.
 *
 * @throws {ConfigError} a token or certificate file cannot be read
 */
export function receiverOptions({ forward }: Config): ReceiverOptions | undefined {
  const { url, tokenFile, caFile } = forward;
  if (url === undefined) return undefined;
  const token = readSetting("forward.token_file", tokenFile)?.trim();
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError(
      `forward.token_file ${tokenFile}: must hold one token, as \`serve token new\` shows it`,
    );
  }
  const caCertificate = readSetting("forward.ca_file", caFile);
  if (caCertificate !== undefined && !caCertificate.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ConfigError(`forward.ca_file ${caFile} does not hold a PEM certificate`);
  }
  return { url, token, caCertificate, timeoutMs: TIMEOUT_MS };
}
