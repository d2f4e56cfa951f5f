import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const SOURCE = "212.64.151.233";
const UNKNOWN = "00000000-0000-5000-8000-000000000000";
const REASON = "no right to add events\x1b[31m\r\n\u202e";

/** One more attempt of the source. */
async function attempt(program: Program, source = SOURCE): Promise<void> {
  const file = `${program.alerts}/alert.json`;
  const message = `Failed password for root from ${source} port 51676 ssh2`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({ message })));
  assert.equal((await program.run(["replay", file])).code, 0);
}

/** A program that knows this MISP, with one report that MISP could not be given. */
async function withWaiting(kind: Program["kind"], misp: FakeMisp): Promise<Program> {
  const program = await createProgram(kind, {
    mispHost: new URL(misp.url).host,
    environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin },
  });
  await attempt(program);
  misp.down = true;
  assert.equal((await program.run(["flush", "--now"])).code, 3);
  misp.down = false;
  return program;
}

/** Why MISP refuses reports, as they are made. */
const REASONS: readonly string[] = [
  'MISP refused it: {"Event":{"orgc_id":["Organisation 7 does not exist"]}}',
  'MISP refused it: {"Event":{"orgc_id":["Organisation 8 does not exist"]}}',
  "the event was deleted in MISP and is on its blocklist",
];
const OWN_ADVICE =
  "Correct in MISP or in the configuration what its answer names, then send them " +
  "again. If nothing there is wrong, report it as an issue of this program.";
const BLOCKED = "The events were deleted in MISP and are on its blocklist.";
const BLOCKED_ADVICE =
  "Drop these reports if the deletion was meant. Otherwise remove the events " +
  "from Blocklists > Event in MISP, then send them again.";

/** A program with a report that MISP has refused for each of the reasons. */
async function withReasons(kind: Program["kind"], misp: FakeMisp): Promise<Program> {
  const program = await withWaiting(kind, misp);
  for (const source of ["212.64.151.234", "212.64.151.235"]) await attempt(program, source);
  misp.down = true;
  assert.equal((await program.run(["flush", "--now"])).code, 3);
  misp.down = false;
  await asPublisher(program, async (buffer, lease) => {
    const waiting = await buffer.outbox.reportsToTry(["misp"], 3, Infinity);
    const bySource = waiting.toSorted((one, other) => one.sourceIp < other.sourceIp ? -1 : 1);
    for (const [index, report] of bySource.entries()) {
      await buffer.outbox.markRefused(lease, report, REASONS[index]!, Date.now());
    }
  });
  return program;
}

/** The same, and MISP has refused it. */
async function withRefused(kind: Program["kind"], misp: FakeMisp) {
  const program = await withWaiting(kind, misp);
  const report = await asPublisher(program, async (buffer, lease) => {
    const [waiting] = await buffer.outbox.reportsToTry(["misp"], 1, Infinity);
    await buffer.outbox.markRefused(lease, waiting!, REASON, Date.now());
    return waiting!;
  });
  return { program, report };
}

/** Works in the buffer as the publisher. */
async function asPublisher<T>(
  program: Program,
  work: (buffer: SqliteBuffer, lease: { name: string; owner: string; fence: number }) => Promise<T>,
): Promise<T> {
  using buffer = new SqliteBuffer(program.buffer, Date.now());
  const lease = await buffer.leases.take(PUBLISH_LEASE, "test", 60_000, Date.now());
  assert.ok(lease);
  const result = await work(buffer, lease);
  await buffer.leases.release(lease);
  return result;
}

const titles = (misp: FakeMisp) => misp.events().map((event) => event.info);

for (const kind of KINDS) {
  Deno.test(`${kind}: report list, show, retry and flush bring a refused report to MISP`, async (t) => {
    await using misp = await FakeMisp.start();
    const { program, report } = await withRefused(kind, misp);
    await using _ = program;
    await t.step("status points to report list", async () => {
      const { stdout } = await program.run(["status"]);
      assert.match(stdout, /0 delivered, 0 waiting, 1 refused: `report list` says why$/m);
    });
    await t.step("report list says why, on one line", async () => {
      const { code, stdout } = await program.run(["report", "list"]);
      assert.equal(code, 0);
      const [, line = "", ...more] = stdout.trimEnd().split("\n");
      assert.match(line, /^212\.64\.151\.233 {2}misp {2}refused {2}1 {9}1 {6}20/);
      assert.match(line, /no right/);
      // Nothing is cut where there is no terminal.
      assert.ok(line.endsWith("\\u202e"), line);
      assert.deepEqual(more, []);
    });
    await t.step("report list --json is complete", async () => {
      const shown = JSON.parse((await program.run(["report", "list", "--json"])).stdout);
      assert.deepEqual([shown.refused, shown.waiting, shown.delivered], [1, 0, 0]);
      const { snapshot_at: at, frozen_at: former, last_tried_at: _tried, ...rest } =
        shown.reports[0];
      assert.equal(former, at, "the former name, for one release");
      assert.deepEqual(rest, {
        uuid: report.uuid,
        event_uuid: report.eventUuid,
        source: "212.64.151.233",
        sink: "misp",
        state: "refused",
        attempts: 1,
        tries: 1,
        next_try_at: null,
        reason: REASON,
      });
    });
    await t.step("report show prints the event that is sent", async () => {
      const { code, stdout } = await program.run(["report", "show", SOURCE]);
      assert.equal(code, 0);
      assert.match(stdout, /^reason {5}no right to add events\\u001b\[31m\\u000d\\u000a\\u202e$/m);
      const body = stdout.slice(stdout.indexOf("\n{\n"));
      assert.deepEqual(JSON.parse(body), JSON.parse(report.body));
      const byUuid = await program.run(["report", "show", report.uuid.toUpperCase(), "--json"]);
      const [shown] = JSON.parse(byUuid.stdout);
      assert.deepEqual(shown.body, JSON.parse(report.body));
    });
    await t.step("report retry says that only flush --now sends to a paused sink", async () => {
      const { code, stdout } = await program.run(["report", "retry", report.uuid]);
      assert.equal(code, 0);
      assert.equal(
        stdout,
        "1 report due now\n" +
          "`flush --now` sends now; a sink is paused after a failure (`status`)\n",
      );
    });
    await t.step("flush --now sends it, and report show says delivered", async () => {
      assert.equal((await program.run(["flush", "--now"])).code, 0);
      assert.deepEqual(titles(misp), ["SSH Brute Force Attack from 212.64.151.233 (1 attempt)"]);
      const { stdout } = await program.run(["report", "show", report.eventUuid]);
      assert.match(stdout, /^state {6}delivered$/m);
      assert.match(stdout, /its event was delivered, and is no longer kept here/);
    });
    await t.step("what was delivered is neither sent again nor dropped", async () => {
      const again = await program.run(["report", "retry", SOURCE]);
      assert.deepEqual([again.code, again.stdout], [
        1,
        "0 reports due now\n1 report not sent again: delivered already\n",
      ]);
      const drop = await program.run(["report", "drop", report.uuid]);
      assert.deepEqual([drop.code, drop.stdout], [
        1,
        "0 reports dropped\n1 report not dropped: delivered already\n",
      ]);
    });
  });

  Deno.test(`${kind}: report drop gives a report up, not what was seen`, async () => {
    await using misp = await FakeMisp.start();
    const { program, report } = await withRefused(kind, misp);
    await using _ = program;
    const { code, stdout } = await program.run(["report", "drop", SOURCE]);
    assert.deepEqual([code, stdout], [
      0,
      "1 report dropped\nthe source's counts are kept; its next report contains them\n",
    ]);
    assert.equal((await program.run(["report", "list"])).stdout, "no reports\n");
    const status = JSON.parse((await program.run(["status", "--json"])).stdout);
    assert.deepEqual(status.reports, { waiting: 0, delivered: 0, refused: 0, dropped: 1 });
    assert.equal((await program.run(["report", "drop", report.uuid])).code, 2);
    await attempt(program);
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    assert.deepEqual(titles(misp), ["SSH Brute Force Attack from 212.64.151.233 (2 attempts)"]);
  });

  Deno.test(`${kind}: report --reason changes all reports of one reason, and of no other`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await withReasons(kind, misp);
    const counts = async () => {
      const { reports } = JSON.parse((await program.run(["status", "--json"])).stdout);
      return [reports.waiting, reports.refused, reports.dropped];
    };
    await t.step("report reasons says how many each, and what to do", async () => {
      const { code, stdout } = await program.run(["report", "reasons"]);
      assert.equal(code, 0);
      assert.equal(
        stdout,
        `2 reports to misp: MISP refused it: orgc_id: Organisation … does not exist
     -> Correct in MISP or in the configuration what its answer names, then send them again. If
        nothing there is wrong, report it as an issue of this program.
1 report to misp: The events were deleted in MISP and are on its blocklist.
     -> Drop these reports if the deletion was meant. Otherwise remove the events from Blocklists >
        Event in MISP, then send them again.
`,
      );
      const { refused, reasons } = JSON.parse(
        (await program.run(["report", "reasons", "--json"])).stdout,
      );
      assert.equal(refused, 3);
      assert.deepEqual(
        reasons.map((
          { first_refused_at: _first, last_refused_at: _last, ...rest }: Record<string, unknown>,
        ) => rest),
        [{
          reason: "MISP refused it: orgc_id: Organisation … does not exist",
          sink: "misp",
          reports: 2,
          what_to_do: OWN_ADVICE,
        }, { reason: BLOCKED, sink: "misp", reports: 1, what_to_do: BLOCKED_ADVICE }],
      );
    });
    await t.step("a text that is part of several reasons changes nothing", async () => {
      const { code, stderr } = await program.run(["report", "drop", "--reason", "misp"]);
      assert.equal(code, 2);
      assert.equal(
        stderr.slice(stderr.indexOf(": ") + 2),
        '"misp" is part of 2 reasons; write more of the one you mean: "MISP refused it: orgc_id: ' +
          `Organisation … does not exist", "${BLOCKED}"\n`,
      );
      assert.deepEqual(await counts(), [0, 3, 0]);
    });
    await t.step("report drop --reason drops what has the reason", async () => {
      const { code, stdout } = await program.run(["report", "drop", "--reason", "BLOCKLIST"]);
      assert.deepEqual([code, stdout], [
        0,
        "1 report dropped\nthe source's counts are kept; its next report contains them\n",
      ]);
      assert.deepEqual(await counts(), [0, 2, 1]);
    });
    await t.step("report retry --reason takes an answer as report list prints it", async () => {
      const { code, stdout } = await program.run(["report", "retry", "--reason", REASONS[0]!]);
      assert.deepEqual([code, stdout], [
        0,
        "2 reports due now\n`flush --now` sends now; a sink is paused after a failure (`status`)\n",
      ]);
      assert.deepEqual(await counts(), [2, 0, 1]);
      const again = await program.run(["report", "retry", "--reason", REASONS[0]!, "--json"]);
      assert.equal(again.code, 2);
    });
  });

  Deno.test(`${kind}: report retry --all takes what waits, and waits for a publisher at work`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await withWaiting(kind, misp);
    await asPublisher(program, async (buffer, lease) => {
      const [report] = await buffer.outbox.reportsToTry(["misp"], 1, Infinity);
      await buffer.outbox.markRetry(lease, report!, "busy", Date.now() + 3_600_000, Date.now());
    });
    const freeAt = Date.now() + 2_000;
    {
      using buffer = new SqliteBuffer(program.buffer, Date.now());
      assert.ok(await buffer.leases.take(PUBLISH_LEASE, "killed", freeAt - Date.now(), Date.now()));
    }
    const { code, stdout } = await program.run(["report", "retry", "--all", "--json"]);
    assert.equal(Date.now() >= freeAt, true);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      retried: 1,
      superseded: 0,
      delivered: 0,
      gone: 0,
    });
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    const { stdout: none } = await program.run(["report", "retry", "--all"]);
    assert.equal(none, "0 reports due now\n");
  });

  Deno.test(`${kind}: report says in one line what it cannot do, and makes no buffer`, async () => {
    await using program = await createProgram(kind);
    const refusal = async (...args: string[]) => {
      const { code, stdout, stderr } = await program.run(["report", ...args]);
      assert.deepEqual([stdout, stderr.split("\n").length], ["", 2], stderr);
      return [code, stderr.slice(stderr.indexOf(": ") + 2).trimEnd()];
    };
    const listed = "`report list --all` shows them all";
    assert.deepEqual(await refusal("show", UNKNOWN), [2, `no report of "${UNKNOWN}"; ${listed}`]);
    assert.deepEqual(await refusal("retry", SOURCE), [2, `no report of "${SOURCE}"; ${listed}`]);
    assert.deepEqual(await refusal("drop", "::1"), [2, `no report of "::1"; ${listed}`]);
    assert.deepEqual(await refusal("show", "a\x1bb"), [
      2,
      '"a\\u001bb" is neither a uuid nor an address',
    ]);
    assert.deepEqual(await refusal("retry"), [
      2,
      "report retry needs a uuid or address, --reason or --all, and only one of them",
    ]);
    assert.deepEqual(await refusal("drop", "--all"), [
      2,
      "report drop takes one uuid or address, not --all",
    ]);
    assert.deepEqual(await refusal("drop"), [
      2,
      "report drop needs either the uuid of a report or an address, or --reason; " +
      "`report list` shows them",
    ]);
    assert.deepEqual(await refusal("drop", SOURCE, "--reason", "no right"), [
      2,
      "report drop needs either the uuid of a report or an address, or --reason; " +
      "`report list` shows them",
    ]);
    assert.deepEqual(await refusal("retry", "--reason", "a\x1bb"), [
      2,
      'no report was refused for "a\\u001bb"; `report reasons` lists the reasons',
    ]);
    assert.deepEqual(await refusal("retry", "--reason", " "), [
      2,
      "--reason is empty; `report reasons` lists the reasons",
    ]);
    assert.deepEqual(await refusal("list", "--reason", "no right"), [
      2,
      "--reason is for report retry and report drop, not for report list",
    ]);
    assert.deepEqual(await refusal("reasons", SOURCE), [
      2,
      "report reasons takes no uuid or address",
    ]);
    assert.deepEqual(await refusal("erase", SOURCE), [
      2,
      'unknown action "erase"; report takes list, reasons, show, retry, drop',
    ]);
    const { code, stdout } = await program.run(["report", "list"]);
    assert.deepEqual([code, stdout], [0, "no reports\n"]);
    assert.equal((await program.run(["report", "reasons"])).stdout, "no refused reports\n");
    await assert.rejects(Deno.stat(program.buffer), Deno.errors.NotFound);
  });
}
