/**
 * The keys of the sections server and log.
 *
 * @module
 */
import { basePath, type Key, listen, namedLink, network, optionalText, text } from "./key.ts";

/** The keys with their exact kinds, from which the types of values are derived. @param root Wazuh's folder */
export const serverKeys = (root: string) => ({
  "server.listen": {
    ...text("Where `serve` listens", "127.0.0.1:8787"),
    check: listen,
  },
  "server.tokens_file": optionalText(
    "File of names and hashes of tokens (`serve token new`); without it only this machine is answered",
  ),
  "server.tls_cert": optionalText(
    "PEM file of the certificate; read again within a minute of a change",
  ),
  "server.tls_key": optionalText("PEM file of its private key"),
  "server.open_pages": {
    kind: "boolean",
    fallback: false,
    about: "Show pages, metrics and feed without a token, too",
  },
  "server.base_path": {
    ...optionalText("Path below which a proxy shows the service, such as /honeypots"),
    check: basePath,
  },
  "server.source_links": {
    kind: "list",
    fallback: [
      "Shodan=https://www.shodan.io/host/{ip}",
      "GreyNoise=https://viz.greynoise.io/ip/{ip}",
      "AbuseIPDB=https://www.abuseipdb.com/check/{ip}",
      "RIPEstat=https://stat.ripe.net/{ip}",
    ],
    about: "Sites that the page of a source links to: NAME=URL with {ip}",
    check: namedLink,
  },
  "server.silent_sensor_minutes": {
    kind: "number",
    fallback: 1440,
    minimum: 0,
    maximum: 43_200,
    whole: true,
    about: "A sensor without alerts for so long is shown as silent; 0: none is",
  },
  "server.allow_networks": {
    kind: "list",
    fallback: [],
    about: "Addresses and networks that are answered; an empty list: all",
    check: network,
  },
  "server.max_parallel": {
    kind: "number",
    fallback: 100,
    minimum: 0,
    maximum: 10_000,
    whole: true,
    about: "Requests of one token at a time; 0: no limit",
  },
  "server.max_requests_per_minute": {
    kind: "number",
    fallback: 0,
    minimum: 0,
    maximum: 10_000_000,
    whole: true,
    about: "Requests of one token in a minute; 0: no limit",
  },
  "server.patience_seconds": {
    kind: "number",
    fallback: 30,
    minimum: 1,
    maximum: 3600,
    about: "How long a sender may take for each further 64 KiB of a body",
  },
  "server.max_body_bytes": {
    kind: "number",
    fallback: 8 * 1024 * 1024,
    minimum: 1024,
    maximum: 1024 ** 3,
    whole: true,
    about: "Longest body that `serve` accepts, or longest line of a body of lines",
  },
  "log.file": text("Log file", `${root}/logs/integrations.log`),
  "log.level": {
    kind: "choice",
    choices: ["debug", "info", "warning", "error"],
    fallback: "info",
    about: "Least important message that is logged",
  },
  "log.format": {
    kind: "choice",
    choices: ["text", "json"],
    fallback: "text",
    about: "Form of a log line",
  },
} as const satisfies Readonly<Record<string, Key>>);
