/**
 * `--test`: a sample alert through the whole path, without touching the buffer or MISP.
 *
 * @module
 */
import { SqliteBuffer } from "../buffer/sqlite.ts";
import { createGuard } from "../guard/guard.ts";
import { decide } from "../intake.ts";
import { intakeRules, loadStartConfig, type Start } from "./context.ts";
import { previewEvents } from "./events_preview.ts";
import { EXIT, Failure } from "./exit.ts";
import { createLog } from "./log.ts";

/** A failed login at a honeypot, from a private address as the original's sample has it. */
function sampleAlert(now: number) {
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
      "from 192.168.1.100 port 51234 ssh2",
    predecoder: { program_name: "sshd" },
    decoder: { parent: "sshd", name: "sshd" },
    data: { srcip: "192.168.1.100", srcuser: "admin" },
    location: "/var/log/auth.log",
  };
}

/** Runs `--test`. */
export async function testAlert(start: Start): Promise<number> {
  if (start.args.length > 0) {
    throw new Failure(EXIT.usage, `--test takes no ${JSON.stringify(start.args[0])}`);
  }
  const loaded = loadStartConfig(start);
  const { config } = loaded;
  const now = Date.now();
  const alert = sampleAlert(now);
  const agentPrefixes = [...config.honeypot.agentPrefixes, "honeypot-test"];
  const guard = createGuard({
    ...config.honeypot,
    ...config.guard,
    agentPrefixes,
    publishPrivate: true,
  });
  const rules = { ...intakeRules(loaded), ruleIds: new Set([...config.rules.ids, "5710"]), guard };
  const decision = decide(alert, rules, now);
  if (decision.kind === "ignored") {
    throw new Failure(EXIT.failed, `the sample alert was ignored: ${decision.reason}`);
  }
  using buffer = new SqliteBuffer(":memory:", now);
  await buffer.accept([decision], { maxUsernames: config.privacy.maxUsernames }, now);
  const shown = { ...config, guard: { ...config.guard, minAttempts: 1 } };
  const [event] = await previewEvents(buffer, shown, createLog(config.log, false));
  console.log(JSON.stringify(event, undefined, 2));
  console.error(
    "This event was not sent: its address is private, and a real alert from it would be ignored.",
  );
  return EXIT.ok;
}
