import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Decision } from "../../src/model.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { seededRandom } from "../support/random.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 7, 23, 7);

/** Alerts of few sources, sensors, connections and names, so that each comes often; some come twice. */
function decisions(seed: number, count: number): readonly Decision[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (): Decision => {
    const number = random(count);
    const [source, user, sensor] = [random(4), random(6), random(3)];
    const peer = `82.202.219.${source} port 51676`;
    const messages = [
      `Failed password for user${user} from ${peer} ssh2`,
      `Failed password for invalid user user${user} from ${peer} ssh2`,
      `Invalid user user${user} from ${peer}`,
      `Connection closed by authenticating user user${user} ${peer} [preauth]`,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= ` +
      `rhost=82.202.219.${source}  user=user${user}`,
      `error: PAM: Authentication failure for user${user} from 82.202.219.${source}`,
      `Accepted password for user${user} from ${peer} ssh2`,
    ];
    const kind = random(messages.length);
    return decideDefault(sshdAlert({
      id: `1787465647.${number}`,
      time: `2026-08-23T06:${10 + random(50)}:07.412+0000`,
      rule: kind === 6 ? "40112" : "5760",
      agent: `honeypot-${random(2) === 0 ? "a" : "b"}${sensor}`,
      agentId: `00${sensor}`,
      location: random(2) === 0 ? "journald" : "/var/log/auth.log",
      pid: 1000 + random(5),
      message: messages[kind]!,
    }));
  });
}

/** All rows of all tables, but for the ids of alerts, whose order is that of their coming. */
function tablesOf(path: string): Readonly<Record<string, unknown>> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return Object.fromEntries(names.map(({ name }) => {
      const rows = db.prepare(`SELECT * FROM ${String(name)}`).all();
      return [String(name), rows.map((row) => JSON.stringify(row)).sort()];
    }));
  } finally {
    db.close();
  }
}

Deno.test("accept() of many alerts at once leaves the same as of one after the other", async () => {
  using folder = tempFolder();
  for (let seed = 1; seed <= 6; seed++) {
    const all = decisions(seed, 200);
    const results = await Promise.all([1, 7, 200].map(async (size) => {
      const path = folder.file(`${seed}-${size}.db`);
      using buffer = new SqliteBuffer(path, NOW);
      for (let start = 0; start < all.length; start += size) {
        await buffer.intake.accept(all.slice(start, start + size), { maxUsernames: 3 }, NOW);
      }
      return tablesOf(path);
    }));
    const [one, seven, whole] = results;
    assert.deepEqual(seven, one, `seed ${seed}`);
    assert.deepEqual(whole, one, `seed ${seed}`);
  }
});
