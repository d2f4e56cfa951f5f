/**
 * An alert as Wazuh 4.x writes it (docs/contracts/wazuh.md 3.1), for `--test` and for the build.
 *
 * @module
 */

/**
 * A failed login at a honeypot.
 *
 * @param now milliseconds UTC, the time of the alert and of its log line
 * @param source the attacker's address; the sample of the Python original has this private one
 */
export function sampleAlert(now: number, source = "192.168.1.100") {
  const time = new Date(now).toISOString().replace("Z", "+0000");
  return {
    timestamp: time,
    rule: {
      level: 5,
      description: "sshd: Attempt to login using a non-existent user",
      id: "5710",
      mitre: {
        id: ["T1110.001", "T1021.004"],
        tactic: ["Credential Access", "Lateral Movement"],
        technique: ["Password Guessing", "SSH"],
      },
      groups: ["syslog", "sshd", "authentication_failed", "invalid_login"],
    },
    agent: { id: "001", name: "honeypot-test", ip: "10.0.0.1" },
    manager: { name: "wazuh-manager" },
    id: `${Math.floor(now / 1000)}.1`,
    full_log: `${time} honeypot-test sshd[4711]: Failed password for invalid user admin ` +
      `from ${source} port 51234 ssh2`,
    predecoder: { program_name: "sshd" },
    decoder: { parent: "sshd", name: "sshd" },
    data: { srcip: source, srcuser: "admin" },
    location: "/var/log/auth.log",
  };
}
