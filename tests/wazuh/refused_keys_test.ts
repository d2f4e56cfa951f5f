import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decide, type IntakeRules } from "../../src/intake/decide.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 7, 23, 12);
const END = "authenticating user root 192.0.2.7 port 4711 [preauth]";

function rules(countsRefusedKeys: boolean): IntakeRules {
  return { ...defaultRules(), ruleIds: new Set(["5760", "100720"]), countsRefusedKeys };
}

function alertOf(message: string, pid = 1) {
  return sshdAlert({ rule: "100720", message, pid });
}

function summary(message: string, counts = true): string {
  const decision = decide(alertOf(message), rules(counts), NOW);
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map((one) =>
    `${one.evidence} ${one.count} ${one.sourceIp} ${one.username}`
  ).join();
}

Deno.test("decide() counts a connection that ended while a user authenticated, where it is to", () => {
  for (const end of ["Connection closed by", "Connection reset by", "Disconnected from"]) {
    assert.equal(summary(`${end} ${END}`), "refused 1 192.0.2.7 root");
    assert.equal(summary(`${end} ${END}`, false), "session-end 0 192.0.2.7 root");
  }
});

Deno.test("decide() counts no other end of a connection", () => {
  for (
    const message of [
      "Connection closed by invalid user admin 192.0.2.7 port 4711 [preauth]",
      "Disconnected from user root 192.0.2.7 port 4711",
      "Connection closed by authenticating user root 192.0.2.7 port 4711",
      "Connection closed by 192.0.2.7 port 4711 [preauth]",
      "Connection closed by user authenticating user 192.0.2.7 port 4711 [preauth]",
      "Disconnecting authenticating user root 192.0.2.7 port 4711: Too many authentication failures [preauth]",
    ]
  ) assert.match(summary(message), /^session-end 0 192\.0\.2\.7 |^not_an_attempt$/, message);
});

Deno.test("decide() takes no address of a connection's end but sshd's own", () => {
  const forged =
    "Connection closed by authenticating user x 8.8.8.8 port 1 [preauth] 192.0.2.7 port 2 [preauth]";
  assert.match(summary(forged), /^refused 1 192\.0\.2\.7 /);
});

/** Attempts of all alerts, as `status` and events have them. */
async function attempts(messages: readonly (readonly [string, number])[]): Promise<number> {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const decisions = messages.map(([message, pid]) =>
    decide(alertOf(message, pid), rules(true), NOW)
  );
  await buffer.intake.accept(decisions, { maxUsernames: 10 }, NOW);
  return (await buffer.views.source("192.0.2.7"))?.attempts.value ?? 0;
}

Deno.test("attempts of a connection win over its end, and each other end is one probe", async () => {
  const failed = "Failed password for root from 192.0.2.7 port 4711 ssh2";
  const closed = `Connection closed by ${END}`;
  assert.equal(await attempts([[closed, 1]]), 1);
  assert.equal(await attempts([[closed, 1], [closed, 2], [closed, 3]]), 3);
  assert.equal(await attempts([[failed, 1], [failed, 1], [closed, 1]]), 2);
  assert.equal(await attempts([[failed, 1], [failed, 1], [closed, 1], [closed, 2]]), 3);
});
