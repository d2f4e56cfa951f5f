/**
 * The variables by which an environment leads the runtime elsewhere: to a proxy, to another authority,
 * to another address to listen on (docs/security.md, "The environment").
 *
 * @module
 */

/** Variables that the program deletes, and never reads. It is permitted each of them by its name. */
export const RUNTIME_VARIABLES: readonly string[] = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_OPTIONS",
  "NODE_USE_SYSTEM_CA",
  "DENO_SERVE_ADDRESS",
];

/**
 * Deletes these variables from the environment of this process. The runtime reads them when it makes a
 * client, a store of authorities or a server, and so finds none if this happens before.
 */
export function deleteRuntimeVariables(): void {
  for (const name of RUNTIME_VARIABLES) Deno.env.delete(name);
}
