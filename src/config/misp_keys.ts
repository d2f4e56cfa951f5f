/**
 * The keys of the sections misp, feed and notify: what is published, and where.
 *
 * @module
 */
import { DEFAULT_TAGS } from "./defaults.ts";
import { httpUrl, type Key, optionalText, proxyUrl, webhookUrl } from "./key.ts";

/** The keys with their exact kinds, from which the types of values are derived. */
export const mispKeys = () => ({
  "misp.url": {
    ...optionalText("Address of the MISP instance; without it events go to the feed folder only"),
    check: httpUrl,
  },
  "misp.api_key": {
    ...optionalText("Authentication key; better in a file of its own"),
    secret: true,
  },
  "misp.api_key_file": optionalText("File that holds the authentication key"),
  "misp.ca_file": optionalText("PEM file of the authority that signed MISP's certificate"),
  "misp.proxy": {
    ...optionalText(
      "Proxy to MISP, http://HOST:PORT, compiled in by --misp-proxy; those of the environment are ignored",
    ),
    check: proxyUrl,
  },
  "misp.proxy_auth_file": optionalText("File that holds USER:PASSWORD for the proxy"),
  "misp.timeout_seconds": {
    kind: "number",
    fallback: 30,
    minimum: 1,
    maximum: 600,
    about: "How long one request to MISP may take",
  },
  "misp.event_per": {
    kind: "choice",
    choices: ["source", "day"],
    fallback: "source",
    about: "One event for each attacker, or one a day for all",
  },
  "misp.reopen_after_days": {
    kind: "number",
    fallback: 30,
    minimum: 1,
    maximum: 3650,
    about: "An attacker silent for so long gets a new event",
  },
  "misp.distribution": {
    kind: "number",
    fallback: 0,
    minimum: 0,
    maximum: 4,
    whole: true,
    about:
      "Who may see the event: 0 own organisation, 1 community, 2 connected, 3 all, 4 sharing group",
  },
  "misp.sharing_group": optionalText(
    "Sharing group of distribution 4, by its uuid, or by its name where no feed is written",
  ),
  "misp.threat_level": {
    kind: "number",
    fallback: 3,
    minimum: 1,
    maximum: 4,
    whole: true,
    about: "1 high, 2 medium, 3 low, 4 undefined",
  },
  "misp.analysis": {
    kind: "number",
    fallback: 0,
    minimum: 0,
    maximum: 2,
    whole: true,
    about: "0 initial, 1 ongoing, 2 completed",
  },
  "misp.publish": {
    kind: "boolean",
    fallback: true,
    about: "Publish the event once MISP has stored all of it",
  },
  "misp.correlate_hassh": {
    kind: "boolean",
    fallback: false,
    about: "Correlate fingerprints of SSH clients (HASSH); a few libraries are everywhere",
  },
  "misp.tags": {
    kind: "list",
    fallback: DEFAULT_TAGS,
    about: "Tags of every event; those of the ATT&CK techniques are added",
  },
  "misp.publish_interval_minutes": {
    kind: "number",
    fallback: 0,
    minimum: 0,
    maximum: 10080,
    about: "An event is updated in MISP at most once in so long; 0: whenever an attack is due",
  },
  "misp.max_parallel": {
    kind: "number",
    fallback: 4,
    minimum: 1,
    maximum: 32,
    whole: true,
    about: "How many events are sent to MISP at a time",
  },
  "misp.publisher": optionalText(
    "Name from which the uuids of events are made, unique to you; keep it. Default: this installation's",
  ),
  "feed.directory": optionalText(
    "MISP feed folder; used when misp.url is not set, or as well when set. Default: feed/ beside the buffer",
  ),
  "notify.webhook_url": {
    ...optionalText(
      "Webhook that gets a report of each source that logged in; its path may be secret",
    ),
    check: webhookUrl,
    secret: true,
  },
  "notify.format": {
    kind: "choice",
    choices: ["json", "slack", "text"],
    fallback: "json",
    about: "json: fields; slack: for Slack and Mattermost; text: for ntfy",
  },
  "notify.ca_file": optionalText("PEM file of the authority that signed the webhook's certificate"),
} as const satisfies Readonly<Record<string, Key>>);
