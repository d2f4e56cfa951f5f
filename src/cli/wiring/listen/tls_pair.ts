/**
 * The certificate of `serve` and its private key.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { readSetting } from "../publisher.ts";

/** PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** The names of the files. */
type Files = Pick<Config["server"], "tlsCert" | "tlsKey">;

/**
 * Reads the pair that is configured; undefined without one.
 *
 * @throws {ConfigError} one of the two is missing, or cannot be read
 */
export function readPair({ tlsCert, tlsKey }: Files): Pair | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    const missing = tlsCert === undefined ? "server.tls_cert" : "server.tls_key";
    throw new ConfigError(`${missing} is not set: TLS needs a certificate and its key`);
  }
  return { cert: readPem("server.tls_cert", tlsCert), key: readPem("server.tls_key", tlsKey) };
}

function readPem(name: string, path: string): string {
  const text = readSetting(name, path)!;
  if (!text.includes("-----BEGIN ")) throw new ConfigError(`${name} ${path}: holds no PEM text`);
  return text;
}

const orUndefined = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

const publicText = (key: KeyObject) => String(key.export({ type: "spki", format: "pem" })).trim();

/** Why nothing can listen with a pair; undefined: it fits. */
export function faultOfPair({ cert, key }: Pair, files: Files): ConfigError | undefined {
  const certificate = orUndefined(() => new X509Certificate(cert));
  if (certificate === undefined) {
    return new ConfigError(`server.tls_cert ${files.tlsCert}: holds no valid certificate`);
  }
  const privateKey = orUndefined(() => createPrivateKey(key));
  if (privateKey === undefined) {
    return new ConfigError(`server.tls_key ${files.tlsKey}: holds no valid private key`);
  }
  // Deno 2.5.7 has checkPrivateKey() for some kinds of keys only.
  const [ours, theirs] = [
    orUndefined(() => publicText(createPublicKey(key))),
    orUndefined(() => publicText(certificate.publicKey)),
  ];
  return ours === undefined || theirs === undefined || ours === theirs
    ? undefined
    : doesNotFit(files);
}

/** The key belongs to another certificate. */
export function doesNotFit({ tlsCert, tlsKey }: Files): ConfigError {
  return new ConfigError(
    `server.tls_cert ${tlsCert} and server.tls_key ${tlsKey} do not match`,
    "name the private key of this certificate",
  );
}

/** When a certificate ends, milliseconds UTC. */
export function endOf({ cert }: Pair): number {
  return Date.parse(new X509Certificate(cert).validTo);
}
