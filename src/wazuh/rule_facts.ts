/**
 * Levels and groups of Wazuh's rules for SSH logins (docs/contracts/wazuh.md 3).
 *
 * @module
 */
import type { RuleFacts } from "./ossec_conf.ts";

const FAILED = "authentication_failed";
const FAILURES = "authentication_failures";
const SUCCESS = "authentication_success";

/** The rules of the default list. */
export const RULE_FACTS: ReadonlyMap<string, RuleFacts> = new Map(
  ([
    ["2501", 5, "syslog", "access_control", FAILED],
    ["2502", 10, "syslog", "access_control", FAILED],
    ["5503", 5, "pam", "syslog", FAILED],
    ["5551", 10, "pam", "syslog", FAILURES],
    ["5710", 5, "syslog", "sshd", FAILED, "invalid_login"],
    ["5712", 10, "syslog", "sshd", FAILURES],
    ["5715", 3, "syslog", "sshd", SUCCESS],
    ["5716", 5, "syslog", "sshd", FAILED],
    ["5718", 5, "syslog", "sshd", "invalid_login"],
    ["5719", 10, "syslog", "sshd", "invalid_login"],
    ["5720", 10, "syslog", "sshd", FAILURES],
    ["5758", 8, "syslog", "sshd", FAILED],
    ["5760", 5, "syslog", "sshd", FAILED],
    ["5763", 10, "syslog", "sshd", FAILURES],
    ["40101", 12, "syslog", "attacks", "invalid_login"],
    ["40111", 10, "syslog", "attacks", FAILURES],
    ["40112", 12, "syslog", "attacks"],
    ["51003", 5, "syslog", "sshd", "dropbear", FAILED],
    ["51007", 10, "syslog", "sshd", "dropbear", FAILURES],
    ["51093", 5, "syslog", "sshd", "dropbear", FAILED],
    ["99903", 14, "syslog", "sshd", FAILED, SUCCESS],
    ["99904", 9, "syslog", "sshd", FAILED, SUCCESS],
  ] as const).map(([id, level, ...groups]) => [id, { level, groups }]),
);
