/**
 * The formats of honeypots that are known without configuration (docs/contracts/decoys.md 2, 3, 4, 5).
 *
 * @module
 */
import type { DecoyFormat } from "../decoy_format.ts";

const NONE = { failed: [], success: [], key: [], connect: [] } as const;

const OPENCANARY = {
  ...NONE,
  event: "data.logtype",
  source: "data.src_host",
  user: "data.logdata.USERNAME",
  password: "data.logdata.PASSWORD",
  session: "data.src_port",
  time: "data.utc_time",
} as const;

const SSHESAME = {
  ...NONE,
  event: "data.event_type",
  source: "data.source",
  user: "data.event.user",
  session: "data.source",
  time: "data.time",
} as const;

const HERALDING = {
  ...NONE,
  event: "data.protocol",
  failed: ["ssh", "telnet"],
  source: "data.source_ip",
  session: "data.session_id",
  protocol: "data.protocol",
} as const;

/** The table; the first row whose conditions an alert meets reads it. */
export const DECOYS: readonly DecoyFormat[] = [
  {
    ...OPENCANARY,
    name: "opencanary",
    when: { "data.src_host": ["*"], "data.logtype": ["4000", "4001", "4002"] },
    failed: ["4002"],
  },
  {
    ...OPENCANARY,
    name: "opencanary-telnet",
    when: { "data.src_host": ["*"], "data.logtype": ["6001", "6002"] },
    failed: ["6001"],
    protocol: "telnet",
  },
  {
    ...SSHESAME,
    name: "sshesame",
    when: {
      "data.event_type": ["password_auth", "public_key_auth"],
      "data.source": ["*"],
    },
    failed: ["password_auth"],
    key: ["public_key_auth"],
    password: "data.event.password",
  },
  {
    ...SSHESAME,
    name: "sshesame-keyboard",
    when: { "data.event_type": ["keyboard_interactive_auth"], "data.source": ["*"] },
    failed: ["keyboard_interactive_auth"],
    password: "data.event.answers",
  },
  {
    ...HERALDING,
    name: "heralding-session",
    when: { "data.session_id": ["*"], "data.num_auth_attempts": ["*"], "data.source_ip": ["*"] },
    attempts: "data.auth_attempts",
    user: "username",
    password: "password",
    time: "timestamp",
  },
  {
    ...HERALDING,
    name: "heralding",
    when: { "data.session_id": ["*"], "data.protocol": ["*"], "data.source_ip": ["*"] },
    user: "data.username",
    password: "data.password",
    time: "data.timestamp",
  },
  {
    ...NONE,
    name: "endlessh",
    when: { "predecoder.program_name": ["endlessh", "endlessh-go"] },
    event: "data.action",
    connect: ["ACCEPT"],
    source: "data.srcip",
    session: "data.srcport",
  },
];
