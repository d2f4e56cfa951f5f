import assert from "node:assert/strict";
import type { BufferStatus } from "../../src/buffer/views.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { attempted } from "../support/page_scene.ts";
import { parseExposition } from "./exposition.ts";
import { AUTHORIZED, createRig, MAX_BYTES, NOW, oneToken, type Rig, TOKEN } from "./rig.ts";

const post = (rig: Rig, alert: unknown, path = "/alerts") =>
  rig.ask(path, { method: "POST", body: JSON.stringify(alert) });

async function scrape(rig: Rig): Promise<ReadonlyMap<string, number>> {
  const response = await rig.ask("/metrics");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  return parseExposition(await response.text());
}

const WORST: BufferStatus = {
  pendingAttacks: 3,
  pendingAttempts: 40,
  oldestOpenedAt: NOW - 90_500,
  waiting: 4,
  delivered: 50,
  refused: 6,
  dropped: 7,
  knownSources: 1_000_000,
  expired: 9,
  expiredItems: 4,
  lastDeliveredAt: NOW - 1500,
  lastAcceptedAt: NOW - 250,
  paused: [{ sink: "misp", until: NOW, since: NOW, reason: "down" }],
  lastError: undefined,
  accepted: 123,
  duplicate: 45,
  spoofedSrcip: 6,
  ignored: new Map([["not_honeypot", 7], ["other_rule", 8]]),
  sessions: { sessions: 14, logins: 17, payloads: 15, hashes: 16 },
  bytes: 4096,
  evicted: { alertIds: 10, usernames: 11, passwords: 12, commands: 13 },
};

Deno.test("GET /metrics has all of the buffer's counters", async () => {
  using rig = await createRig({ status: () => Promise.resolve(WORST) });
  assert.deepEqual(
    Object.fromEntries(
      [...await scrape(rig)].filter(([name]) => /^custom_misp_(?!http_)/.test(name)),
    ),
    {
      'custom_misp_alerts_total{outcome="accepted"}': 123,
      'custom_misp_alerts_total{outcome="duplicate"}': 45,
      'custom_misp_alerts_ignored_total{reason="not_honeypot"}': 7,
      'custom_misp_alerts_ignored_total{reason="other_rule"}': 8,
      "custom_misp_spoofed_srcip_total": 6,
      "custom_misp_sessions_total": 14,
      "custom_misp_payloads_total": 15,
      "custom_misp_payload_hashes": 16,
      "custom_misp_attacks_pending": 3,
      "custom_misp_attempts_pending": 40,
      "custom_misp_oldest_attack_age_seconds": 90.5,
      'custom_misp_reports{state="waiting"}': 4,
      'custom_misp_reports{state="delivered"}': 50,
      'custom_misp_reports{state="refused"}': 6,
      'custom_misp_reports{state="dropped"}': 7,
      "custom_misp_sources_known": 1_000_000,
      'custom_misp_expired_total{what="addresses"}': 9,
      'custom_misp_expired_total{what="session_items"}': 4,
      "custom_misp_last_accepted_timestamp_seconds": (NOW - 250) / 1000,
      "custom_misp_last_delivered_timestamp_seconds": (NOW - 1500) / 1000,
      'custom_misp_sink_paused{sink="misp"}': 1,
      'custom_misp_sink_paused{sink="feed"}': 0,
      "custom_misp_buffer_bytes": 4096,
      "custom_misp_buffer_limit_bytes": MAX_BYTES,
      'custom_misp_given_up_total{what="alert_ids"}': 10,
      'custom_misp_given_up_total{what="usernames"}': 11,
      'custom_misp_given_up_total{what="passwords"}': 12,
      'custom_misp_given_up_total{what="commands"}': 13,
      'custom_misp_compromised_sources{window="day"}': 0,
      'custom_misp_compromised_sources{window="ever"}': 0,
      'custom_misp_build_info{version="1.2.3"}': 1,
    },
  );
});

Deno.test("GET /metrics has no limit of a buffer that a database holds", async () => {
  using rig = await createRig();
  const metrics = await createMetrics({
    ...{ status: () => Promise.resolve(WORST), maxBytes: undefined, version: "1", now: () => NOW },
    compromised: () => rig.buffer.views.compromised(NOW),
    sensors: () => Promise.resolve([]),
  });
  const lines = (await metrics.text()).split("\n").filter((line) =>
    line.startsWith("custom_misp_buffer")
  );
  assert.deepEqual(lines, ["custom_misp_buffer_bytes 4096"]);
});

Deno.test("GET /metrics counts what the buffer counts, however often it is asked", async () => {
  using rig = await createRig();
  const alert = sshdAlert();
  const accepted = 'custom_misp_alerts_total{outcome="accepted"}';
  const before = await scrape(rig);
  assert.equal(before.get(accepted), 0);
  assert.equal(before.get("custom_misp_oldest_attack_age_seconds"), 0);
  // 1970 would look like an outage.
  assert.equal(before.has("custom_misp_last_accepted_timestamp_seconds"), false);
  assert.equal(before.has("custom_misp_last_delivered_timestamp_seconds"), false);
  await post(rig, [alert, alert, sshdAlert({ agent: "web" }), sshdAlert()]);
  await scrape(rig);
  const after = await scrape(rig);
  assert.equal(after.get(accepted), 2);
  assert.equal(after.get('custom_misp_alerts_total{outcome="duplicate"}'), 1);
  assert.equal(after.get('custom_misp_alerts_ignored_total{reason="not_honeypot"}'), 1);
  assert.equal(after.get("custom_misp_last_accepted_timestamp_seconds"), NOW / 1000);
});

Deno.test("GET /metrics has the sources that logged in, and the last contact of each sensor", async () => {
  using rig = await createRig();
  const at = (hoursAgo: number) => NOW - hoursAgo * 3_600_000;
  await rig.buffer.intake.accept(
    [
      attempted({ source: "192.0.2.1", sensor: "honeypot-a", isCompromise: true }, at(1)),
      attempted({ source: "192.0.2.2", sensor: "honeypot-a", isCompromise: true }, at(30)),
      attempted({ source: "192.0.2.2", sensor: "honeypot-b\n" }, at(30)),
      attempted({ source: "192.0.2.3", sensor: "x".repeat(300) }, at(2)),
    ],
    { maxUsernames: 100 },
    NOW,
  );
  const found = await scrape(rig);
  assert.deepEqual(
    ["day", "ever"].map((window) =>
      found.get(`custom_misp_compromised_sources{window="${window}"}`)
    ),
    [1, 2],
  );
  assert.deepEqual(
    [...found].filter(([name]) => name.startsWith("custom_misp_sensor_")).map(([name, value]) => [
      /sensor="(.*)"/.exec(name)![1],
      value * 1000,
    ]),
    [["honeypot-a", at(1)], ["x".repeat(100), at(2)], ["honeypot-b\\\\u000a", at(30)]],
  );
});

Deno.test("GET /metrics names a hundred sensors at most, those with the latest contact", async () => {
  using rig = await createRig();
  const decisions = Array.from(
    { length: 130 },
    (_, index) =>
      attempted(
        { source: "192.0.2.1", sensor: `honeypot-${index}`, pid: index },
        NOW - index * 1000,
      ),
  );
  await rig.buffer.intake.accept(decisions, { maxUsernames: 100 }, NOW);
  const names = [...(await scrape(rig)).keys()].filter((name) => name.includes("sensor_last_seen"));
  assert.equal(names.length, 100);
  assert.ok(names[0]!.includes('"honeypot-0"') && names[99]!.includes('"honeypot-99"'));
});

Deno.test("GET /metrics lets a sink go that works again", async () => {
  let status = WORST;
  using rig = await createRig({ status: () => Promise.resolve(status) });
  assert.equal((await scrape(rig)).get('custom_misp_sink_paused{sink="misp"}'), 1);
  status = { ...WORST, paused: [] };
  assert.equal((await scrape(rig)).get('custom_misp_sink_paused{sink="misp"}'), 0);
});

Deno.test("GET /metrics counts requests by the pattern of their route, never by a path", async () => {
  using rig = await createRig({ tokens: oneToken, openPages: true });
  await post(rig, sshdAlert(), `/alerts/${TOKEN}`);
  await post(rig, sshdAlert(), `/alerts/${TOKEN}x`);
  await post(rig, sshdAlert());
  await rig.ask("/alerts", { method: "POST", body: "{}", headers: AUTHORIZED });
  await rig.ask("/healthz", { method: "HEAD" });
  for (const path of ["/a", `/b/${TOKEN}`, "/alerts/x/y"]) await rig.ask(path);
  await rig.ask("/alerts", { method: "BREW" });
  const found = await scrape(rig);
  const requests = [...found].filter(([name]) => name.includes("requests_total"));
  assert.deepEqual(
    new Map(requests.map(([name, n]) => [/\{(.*)\}/.exec(name)![1], n])),
    new Map([
      ['route="/alerts/:token?",method="POST",status="200"', 1],
      ['route="/alerts/:token?",method="POST",status="401"', 2],
      ['route="/alerts/:token?",method="POST",status="400"', 1],
      ['route="/healthz",method="HEAD",status="200"', 1],
      ['route="none",method="GET",status="404"', 3],
      ['route="none",method="other",status="405"', 1],
    ]),
  );
  assert.equal(
    found.get(
      'custom_misp_http_request_duration_seconds_bucket{le="+Inf",route="none",method="GET"}',
    ),
    3,
  );
  assert.doesNotMatch(await (await rig.ask("/metrics")).text(), new RegExp(TOKEN));
});

Deno.test("GET /metrics measures the process, and nothing that the runtime cannot say", async () => {
  using rig = await createRig();
  // The library counts the time of the CPU from here on.
  for (const end = performance.now() + 50; performance.now() < end;);
  const found = [...await scrape(rig)].filter(([name]) => !name.startsWith("custom_misp_"));
  assert.deepEqual(found.map(([name]) => name), [
    "process_cpu_user_seconds_total",
    "process_cpu_system_seconds_total",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
    "nodejs_heap_size_total_bytes",
    "nodejs_heap_size_used_bytes",
    "nodejs_external_memory_bytes",
    "nodejs_eventloop_lag_seconds",
    "process_resident_memory_bytes",
  ]);
  // One that is always 0 measures nothing; a kernel may count the time of the system in steps.
  const zeros = found.filter(([, value]) => value <= 0).map(([name]) => name);
  assert.deepEqual(zeros.filter((name) => name !== "process_cpu_system_seconds_total"), []);
  const started = found.find(([name]) => name === "process_start_time_seconds")![1];
  const age = Date.now() / 1000 - started;
  assert.ok(age > -2 && age < 3600, `started ${age} s ago`);
});

Deno.test("GET /metrics is for those who may look", async () => {
  using closed = await createRig({ tokens: oneToken });
  assert.equal((await closed.ask("/metrics")).status, 401);
  assert.equal((await closed.ask("/metrics", { headers: AUTHORIZED })).status, 200);
  const basic = { Authorization: `Basic ${btoa(`prometheus:${TOKEN}`)}` };
  assert.equal((await closed.ask("/metrics", { headers: basic })).status, 200);
  using local = await createRig();
  assert.equal((await local.ask("/metrics", {}, "198.51.100.7")).status, 401);
  using open = await createRig({ tokens: oneToken, openPages: true });
  assert.equal((await open.ask("/metrics", {}, "198.51.100.7")).status, 200);
});

Deno.test("GET /metrics says 503 without a word of the inside when the buffer cannot be read", async () => {
  using rig = await createRig({ status: () => Promise.reject(new Error("/secret is locked")) });
  const response = await rig.ask("/metrics");
  assert.deepEqual([response.status, await response.json()], [
    503,
    { error: "the buffer cannot be read" },
  ]);
  assert.deepEqual(rig.logged, ["error: GET /metrics: /secret is locked"]);
});

Deno.test({
  name: "GET /metrics has nothing that promtool finds fault with",
  ...needs("promtool"),
  fn: async () => {
    using rig = await createRig({ status: () => Promise.resolve(WORST) });
    await rig.ask("/healthz");
    const text = await (await rig.ask("/metrics")).text();
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.deepEqual([code, said], [0, ""]);
  },
});
