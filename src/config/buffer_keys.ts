/**
 * The keys of the sections buffer and forward: where alerts wait.
 *
 * @module
 */
import { httpUrl, type Key, optionalText, postgresUrl, text } from "./key.ts";

/** The keys with their exact kinds, from which the types of values are derived. @param root Wazuh's folder */
export const bufferKeys = (root: string) => ({
  "buffer.path": text("The SQLite buffer", `${root}/queue/custom-misp/buffer.db`),
  "buffer.url": {
    ...optionalText("Database of PostgreSQL that holds the buffer in place of the file"),
    check: postgresUrl,
  },
  "buffer.password_file": optionalText("File that holds the password for it"),
  "buffer.ca_file": optionalText("PEM file of the authority that signed its certificate"),
  "buffer.period_minutes": {
    kind: "number",
    fallback: 15,
    minimum: 0,
    maximum: 1440,
    about: "An attack is due when its source was silent for so long; 0: at once",
  },
  "buffer.max_hold_minutes": {
    kind: "number",
    fallback: 60,
    minimum: 0,
    maximum: 10080,
    about: "An attack is due so long after it began, silent or not",
  },
  "buffer.dedupe_days": {
    kind: "number",
    fallback: 7,
    minimum: 1,
    maximum: 365,
    about: "How long the id of an alert is stored",
  },
  "buffer.max_bytes": {
    kind: "number",
    fallback: 1_073_741_824,
    minimum: 1_048_576,
    maximum: 1_099_511_627_776,
    about: "Bytes above which old detail is evicted, and counted; sources and alerts never are",
  },
  "forward.url": {
    ...optionalText(
      "Address of a remote `serve` that gets the alerts; then no events are made here",
    ),
    check: httpUrl,
  },
  "forward.token_file": optionalText("File that holds the token for it (`serve token new`)"),
  "forward.ca_file": optionalText("PEM file of the authority that signed its certificate"),
} as const satisfies Readonly<Record<string, Key>>);
