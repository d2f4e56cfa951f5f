/**
 * Alerts of other honeypots as Wazuh gives them: every value of `data` is a text.
 *
 * @module
 */

let made = 0;

type Data = Readonly<Record<string, unknown>>;

/** An alert around a record; a rule of the user raised it. */
export function decoyAlert(data: Data, changes: Data = {}) {
  return {
    timestamp: "2026-11-22T14:33:04.710+0000",
    rule: { level: 5, description: "Honeypot", id: "100510", firedtimes: 1, groups: ["decoy"] },
    agent: { id: "011", name: "honeypot-ams-1", ip: "10.20.0.11" },
    manager: { name: "wazuh-manager-01" },
    id: `1795962784.${++made}`,
    full_log: JSON.stringify(data),
    decoder: { name: "json" },
    data,
    location: "/var/log/honeypot.json",
    ...changes,
  };
}

/** A login at the SSH server of an OpenCanary. */
export const openCanary = (changes: Data = {}, name: Data = { USERNAME: "root" }) =>
  decoyAlert({
    dst_host: "10.20.0.11",
    dst_port: "22",
    local_time: "2026-11-22 14:33:02.512345",
    local_time_adjusted: "2026-11-22 15:33:02.512399",
    logdata: {
      LOCALVERSION: "SSH-2.0-OpenSSH_5.1p1 Debian-4",
      PASSWORD: "hunter2",
      REMOTEVERSION: "SSH-2.0-Go",
      ...name,
    },
    logtype: "4002",
    node_id: "opencanary-1",
    src_host: "203.0.113.25",
    src_port: "51234",
    utc_time: "2026-11-22 14:33:02.512345",
    ...changes,
  });

/** What sshesame writes with `json_logging`. */
export const sshesame = (type: string, event: Data, changes: Data = {}) =>
  decoyAlert({
    time: "2026-11-22T14:33:02Z",
    source: "203.0.113.26:51234",
    event_type: type,
    event,
    ...changes,
  });

/** A guess as Heralding lists them. */
export const heralding = (changes: Data = {}) =>
  decoyAlert({
    timestamp: "2026-11-22 14:33:02.512345",
    auth_id: "6b0a7a27-8a43-4a2e-9d4c-0ef8b5e7a1a1",
    session_id: "4ba1fc0a-872c-46bb-a2f8-80c38453c74f",
    source_ip: "203.0.113.27",
    source_port: "51234",
    destination_ip: "10.20.0.11",
    destination_port: "22",
    protocol: "ssh",
    username: "root",
    password: "hunter2",
    ...changes,
  });

/** A finished session of Heralding with all its guesses. */
export const heraldingSession = (changes: Data = {}) =>
  decoyAlert({
    timestamp: "2026-11-22 14:32:58.019394",
    duration: "9",
    session_id: "4ba1fc0a-872c-46bb-a2f8-80c38453c74f",
    source_ip: "203.0.113.27",
    source_port: "51234",
    destination_port: "22",
    protocol: "ssh",
    num_auth_attempts: "2",
    auth_attempts: [
      { timestamp: "2026-11-22 14:33:00.732530", username: "root", password: "hunter2" },
      { timestamp: "2026-11-22 14:33:02.686619", username: "pi", password: "raspberry" },
    ],
    session_ended: "true",
    ...changes,
  });

/** A line of endlessh, read by the decoder of docs/wazuh.md. */
export const endlessh = (action: string, changes: Data = {}) =>
  decoyAlert({ action, srcip: "::ffff:203.0.113.28", srcport: "51234", ...changes }, {
    full_log: `Nov 22 14:33:02 ams endlessh[312]: 2026-11-22T14:33:02.511Z ${action} ` +
      "host=::ffff:203.0.113.28 port=51234 fd=4 n=1/4096",
    predecoder: { program_name: "endlessh", hostname: "ams" },
    decoder: { name: "endlessh" },
  });
