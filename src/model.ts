/**
 * The records that everybody shares: alert, attempt, sensor, attack, source record, report.
 *
 * @module
 */
import type {
  AttackSessions,
  SessionEvidence,
  SessionItem,
  SessionRow,
} from "./session_evidence.ts";

/** What kind of log line an attempt was read from (docs/contracts/wazuh.md 4.4). */
export type EvidenceClass =
  | "sshd"
  | "keyboard"
  | "pam-error"
  | "pam"
  | "connect"
  | "refused"
  | "session-end";

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
  | "not_an_attempt"
  | "session_malformed"
  | "session_harmless";

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

/** What was guessed at: decoys such as Cowrie play a Telnet server too. */
export type Service = "ssh" | "telnet";

/** One alert read as evidence of SSH password guessing. */
export interface Attempt {
  /** Canonical address (RFC 5952; IPv4-mapped IPv6 as IPv4). */
  readonly sourceIp: string;
  /** Milliseconds since the epoch, UTC, from the alert's own timestamp, or from a decoy's record. */
  readonly at: number;
  readonly evidence: EvidenceClass;
  /** What the line adds to its class: 1, N for a repeated message, 0 for a session end. */
  readonly count: number;
  /** Undefined: the line names no user. The empty string is a user name that was really sent. */
  readonly username: string | undefined;
  /** Only of a decoy, and only where `privacy.passwords` asks for it. */
  readonly password?: string;
  readonly sensor: Sensor;
  /** Where the sensor read the line: one line collected twice arrives under two locations. */
  readonly location: string;
  /** sshd's process id, 0 where the line has none. */
  readonly pid: number;
  readonly techniques: readonly Technique[];
  readonly service: Service;
  /** What the alert itself says of where the source is. */
  readonly sourceLocation: Location | undefined;
  /** A login that succeeded after failures (rule 40112). */
  readonly isCompromise: boolean;
  /** sshd accepted the login: a compromise where the source failed before. */
  readonly isLogin?: boolean;
}

/** What one alert says of a session at a decoy. */
export interface SessionAlert extends
  Pick<
    Attempt,
    "sourceIp" | "at" | "sensor" | "service" | "techniques" | "sourceLocation"
  > {
  /** The decoy's id of the connection; it may come again after a restart. */
  readonly session: string;
  readonly isConnect: boolean;
  readonly isLogin: boolean;
  /** How long the session was, milliseconds; undefined: this alert is not its end. */
  readonly durationMs: number | undefined;
  readonly items: readonly SessionItem[];
  /** Commands that are counted only, as `privacy.commands` asks for. */
  readonly furtherCommands: number;
}

/** What one alert came to: attempts to store, or a reason why not. */
export type Decision =
  | {
    readonly kind: "attempts";
    readonly key: AlertKey;
    readonly attempts: readonly Attempt[];
    /** What the alert says of a session at a decoy; then there may be no attempt. */
    readonly session?: SessionAlert;
    /** Wazuh's decoder named another address than sshd did (docs/contracts/wazuh.md 3.2). */
    readonly spoofedSrcip: boolean;
    /** The alert as one line of JSON, where it is forwarded: then it becomes no attack here. */
    readonly text?: string;
  }
  | {
    readonly kind: "ignored";
    readonly key: AlertKey | undefined;
    readonly reason: IgnoreReason;
    /** Where in its file what was not understood stands, for people: `line 3`. */
    readonly where?: string;
  };

/** Counts of one connection at one location, by evidence class (docs/contracts/wazuh.md 4.4). */
export interface EvidenceRow {
  readonly sensor: string;
  /** sshd's process id, 0 where it is not known. */
  readonly pid: number;
  readonly location: string;
  readonly sshd: number;
  readonly pamError: number;
  readonly pam: number;
  readonly connect: number;
  /** Those of `connect` that say that the user is not allowed: an attempt, in a connection without another. */
  readonly refused: number;
  /** When its newest line arrived here, milliseconds UTC. */
  readonly touchedAt: number;
}

/** Counts of one user name at one location, by evidence class. */
export interface UsernameRow extends Omit<EvidenceRow, "sensor" | "pid" | "refused" | "touchedAt"> {
  readonly username: string;
}

/** A sensor that saw the attack. Times are milliseconds UTC. */
export interface SensorRow {
  readonly sensor: string;
  readonly name: string;
  readonly alerts: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** Alerts of one sensor in one hour. */
export interface SensorHour {
  readonly sensor: string;
  /** Hours since the epoch, by the alerts' own clock. */
  readonly hour: number;
  readonly alerts: number;
}

/** What attempts can be ranked by; `all` has one name, the empty one. */
export type ActivityKind =
  | "all"
  | "source"
  | "username"
  | "sensor"
  | "technique"
  | "country"
  | "network";

/** Attempts of one hour. */
export interface ActivityRow {
  readonly kind: ActivityKind;
  /** An address, a user name, a sensor's key, a technique's id, a country's code, `AS64500`. */
  readonly name: string;
  /** Hours since the epoch, by the alerts' own clock. */
  readonly hour: number;
  readonly attempts: number;
}

/** Everything that one source did since its last report. Times are milliseconds UTC. */
export interface Attack {
  readonly sourceIp: string;
  /** Of the alerts' own clock. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Of our clock: when the first and the newest alert arrived. */
  readonly openedAt: number;
  readonly touchedAt: number;
  readonly alerts: number;
  /** When a login succeeded after failures; undefined: none did. */
  readonly compromisedAt: number | undefined;
  /** The user names of those logins. */
  readonly loginNames?: readonly string[];
  /** Name of the manager of its first alert. */
  readonly manager: string;
  readonly services: readonly Service[];
  /** What the alerts themselves say of where the source is. */
  readonly sourceLocation: Location | undefined;
  /** Attempts in log lines whose user names are not kept, since there are too many. */
  readonly furtherUsernames: number;
  /** All connections of the source that are not compacted yet, those of earlier reports too. */
  readonly evidence: readonly EvidenceRow[];
  readonly usernames: readonly UsernameRow[];
  /** How often each password was tried; empty unless `privacy.passwords` is on. */
  readonly passwords: Readonly<Record<string, number>>;
  readonly sensors: readonly SensorRow[];
  /** Alerts of each sensor in each hour. */
  readonly hours: readonly SensorHour[];
  readonly techniques: readonly Technique[];
  /** Undefined: no session at a decoy is known. */
  readonly session?: AttackSessions | undefined;
}

/** What is known of a source over all its reports, and the MISP event that it lives in. */
export interface SourceRecord {
  readonly sourceIp: string;
  readonly eventUuid: string;
  readonly publisher: string;
  /** Day of the event, `2026-11-23`. */
  readonly openedOn: string;
  /** Of the event that it shares with other sources of that day; undefined: it has its own. */
  readonly part?: number | undefined;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly alerts: number;
  /** Evidence totals of connections that are over. */
  readonly compacted: Totals;
  /** When a login first succeeded after failures; undefined: none did. */
  readonly compromisedAt: number | undefined;
  /** The user names of those logins, as far as log lines named them. */
  readonly loginNames?: readonly string[];
  /** When an operator withdrew the address; undefined: it is not withdrawn. */
  readonly retractedAt: number | undefined;
  /** When the address expired after silence; undefined: it is for detection, or was never. */
  readonly expiredAt?: number | undefined;
  /** When something of it was last for detection again that had expired; undefined: nothing was. */
  readonly returnedAt?: number | undefined;
  /**
   * Days since the epoch, UTC, on which it attacked: the latest ones, as many as its confidence counts.
   * Undefined: an earlier version made the record.
   */
  readonly days?: readonly number[];
  /** The count that the newest report names. */
  readonly attempts: number;
  /** How many reports there were of it. */
  readonly reports: number;
  readonly services: readonly Service[];
  readonly sourceLocation: Location | undefined;
  readonly usernames: Readonly<Record<string, number>>;
  /** How often each password was tried; empty unless `privacy.passwords` is on. */
  readonly passwords: Readonly<Record<string, number>>;
  /** Attempts in log lines whose user names are not kept. */
  readonly furtherUsernames: number;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
  /** Undefined: no session at a decoy is known. */
  readonly session?: SessionEvidence | undefined;
}

/** An event that the sources of one day share, or a part of it. */
export interface DayEvent {
  readonly eventUuid: string;
  readonly publisher: string;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  /** From 1. */
  readonly part: number;
}

/** What a source that is new in a day needs in the event of that day. */
export interface DaySlotRequest extends Pick<DayEvent, "publisher" | "day"> {
  readonly attributes: number;
  readonly uuidOf: (part: number) => string;
}

/** Finds the part of a day's event that a new source goes into. */
export type FindDaySlot = (request: DaySlotRequest) => DayEvent;

/** Evidence totals by class, of which the formula takes the largest. */
export interface Totals {
  readonly pam: number;
  readonly sshd: number;
  readonly connect: number;
}

/** Where a report goes. */
export type SinkName = "misp" | "feed";

/** That a sensor saw a source again, on its way to MISP. */
export interface Sighting {
  readonly uuid: string;
  /** The attribute that holds the address. */
  readonly attributeUuid: string;
  /** Who saw it. */
  readonly source: string;
  readonly kind: "seen" | "false-positive" | "expiration";
  /** Milliseconds UTC. */
  readonly seenAt: number;
}

/** A snapshot on its way to one sink: a row of the outbox. */
export interface Report {
  readonly uuid: string;
  readonly sink: SinkName;
  /** Or `day 2026-11-23`: what closes the event of that day. */
  readonly sourceIp: string;
  readonly eventUuid: string;
  /** The event to deliver, as JSON text: any retry sends the same bytes. */
  readonly body: string;
  readonly attempts: number;
  readonly snapshotAt: number;
  readonly tries: number;
  /** Whether a try has failed before that does not count as one of `tries`. */
  readonly hasFailed?: boolean;
  /** Whether an earlier report of this event reached the sink, so that the event is there. */
  readonly isKnownThere: boolean;
  /** What the sink published last for this source in this event, in its own words; empty: nothing. */
  readonly lastPublished: string;
  /** The same of the event's newest delivery, of whatever source; undefined: there was none. */
  readonly eventLastPublished?: string;
  /** The source's sightings that are not delivered yet, those of superseded reports too. */
  readonly sightings: readonly Sighting[];
}

/** A report as the snapshot makes it: nothing is known of its deliveries yet. */
export interface NewReport
  extends Omit<Report, "tries" | "isKnownThere" | "lastPublished" | "eventLastPublished"> {
  /** How long after the event's latest delivery this one waits at least, milliseconds. */
  readonly restMs: number;
}

/** What the snapshot of an attack leaves behind. */
export interface Snapshot {
  readonly record: SourceRecord;
  /** Connections that are over, now part of the totals of the record. */
  readonly compacted: readonly EvidenceRow[];
  /** Sessions that are over, now part of the totals of the record. */
  readonly endedSessions?: readonly SessionRow[];
  /** How many attributes the source has more than before in the event of its day. */
  readonly dayGrowth?: number;
  /** Why the attack is not published after all; its alerts are counted under it. */
  readonly suppressed?: IgnoreReason;
  /** What the attack adds to rankings, hour by hour. */
  readonly activity: readonly ActivityRow[];
  readonly reports: readonly NewReport[];
  /** The source as the event has it that it left, where files or URLs in it have yet to expire. */
  readonly left?: SourceRecord;
}
