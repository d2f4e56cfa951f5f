/**
 * The words that every room shares: alert, attempt, sensor, evidence class, refusal reason.
 *
 * @module
 */

/** What kind of log line an attempt was read from (docs/contracts/wazuh.md 4.4). */
export type EvidenceClass = "sshd" | "pam-error" | "pam" | "connect" | "session-end";

/** Why an alert did not become an attempt. Each is a counter in `status`. */
export type IgnoreReason =
  | "no_file"
  | "empty_file"
  | "too_large"
  | "text_format"
  | "not_json"
  | "malformed"
  | "own_alert"
  | "other_rule"
  | "not_honeypot"
  | "not_ssh"
  | "no_address"
  | "host_name"
  | "special_address"
  | "allow_listed"
  | "warning_listed"
  | "not_an_attempt";

/** What makes an alert unique: integratord may hand the same one over twice (docs/contracts/wazuh.md 1.1). */
export interface AlertKey {
  /** Cluster node name, else manager name: an alert id is unique per node. */
  readonly manager: string;
  readonly id: string;
}

/** The honeypot: a Wazuh agent on its manager. */
export interface Sensor {
  readonly manager: string;
  readonly id: string;
  readonly name: string;
}

/** A MITRE ATT&CK technique as the Wazuh rule names it. */
export interface Technique {
  readonly id: string;
  readonly name: string | undefined;
}

/** What is known of an address. Texts come from the database: clean them before they go anywhere. */
export interface Location {
  /** English name. */
  readonly country?: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly countryCode?: string;
  readonly city?: string;
  /** The largest subdivision, such as a federal state. */
  readonly region?: string;
  /** Degrees, north and east positive. Always both. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** Autonomous system number. */
  readonly asn?: number;
  /** Who runs the autonomous system. */
  readonly organisation?: string;
}

/** What was guessed at: Cowrie plays a Telnet server too. */
export type Service = "ssh" | "telnet";

/** One alert read as evidence of SSH password guessing. */
export interface Attempt {
  /** Canonical address (RFC 5952; IPv4-mapped IPv6 as IPv4). */
  readonly sourceIp: string;
  /** Milliseconds since the epoch, UTC, from the alert's own timestamp. */
  readonly at: number;
  readonly evidence: EvidenceClass;
  /** What the line adds to its class: 1, N for a repeated message, 0 for a session end. */
  readonly guesses: number;
  /** Undefined: the line names no user. The empty string is a user name that was really sent. */
  readonly username: string | undefined;
  /** Only of a Cowrie, and only where `privacy.passwords` asks for it. */
  readonly password?: string;
  readonly sensor: Sensor;
  /** Where the sensor read the line: one line collected twice arrives under two locations. */
  readonly location: string;
  /** sshd's process id, 0 where the line has none. */
  readonly pid: number;
  readonly techniques: readonly Technique[];
  readonly service: Service;
  /** What the alert itself says of where the source is. */
  readonly place: Location | undefined;
  /** A login that was let in after failures (rule 40112). */
  readonly isCompromise: boolean;
}

/** What one alert came to: attempts to store, or a reason why not. */
export type Decision =
  | {
    readonly kind: "attempts";
    readonly key: AlertKey;
    readonly attempts: readonly Attempt[];
    /** Wazuh's decoder named another address than sshd did (docs/contracts/wazuh.md 3.2). */
    readonly spoofedSrcip: boolean;
    /** The alert as one line of JSON, where it is forwarded: then it becomes no attack here. */
    readonly text?: string;
  }
  | {
    readonly kind: "ignored";
    readonly key: AlertKey | undefined;
    readonly reason: IgnoreReason;
  };
