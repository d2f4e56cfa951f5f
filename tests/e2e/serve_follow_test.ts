import assert from "node:assert/strict";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const ENVIRONMENT = { WM_GUARD_PUBLISH_PRIVATE: "true", WM_BUFFER_PERIOD_MINUTES: "0" };

const alert = (id: string) => ({ ...sshdAlert(), id });
const line = (id: string) => `${JSON.stringify(alert(id))}\n`;

interface Counts {
  readonly alerts: { readonly accepted: number; readonly duplicate: number };
  readonly follow: { readonly lag_bytes: number | null; readonly lines: number } | null;
}

async function statusOf(program: Program): Promise<Counts> {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Counts;
}

async function untilAccepted(program: Program, wanted: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { alerts } = await statusOf(program);
    if (alerts.accepted === wanted) return;
    if (performance.now() > deadline) throw new Error(`accepted ${alerts.accepted} of ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for (const kind of KINDS) {
  Deno.test(`${kind}: serve --follow takes what is sent and what is written, and goes on where it was`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    site.open();
    site.append(line("1787465647.1"));
    {
      await using service = await Service.start(program, listen, ENVIRONMENT, [
        ...["--follow", "--from-start"],
      ]);
      assert.equal((await service.post(JSON.stringify(alert("1787465647.2"))))[0], 200);
      site.append(line("1787465647.3"));
      site.nextDay();
      // The one that was sent comes by the file, too.
      site.append(line("1787465647.2") + line("1787465647.4"));
      await untilAccepted(program, 4);
      assert.equal(await service.end(), 0);
    }
    site.append(line("1787465647.5"));
    await using service = await Service.start(program, listen, ENVIRONMENT, ["--follow"]);
    await untilAccepted(program, 5);
    assert.equal(await service.end(), 0);
    const { alerts, follow } = await statusOf(program);
    assert.deepEqual([alerts.duplicate, follow?.lines, follow?.lag_bytes], [1, 5, 0]);
    const feed = [...Deno.readDirSync(program.feed)].map(({ name }) => name);
    assert.equal(feed.length, 3, "one event, the manifest and the hashes");
  });

  Deno.test(`${kind}: serve without --follow does not touch alerts.json, and says where --since belongs`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    site.open();
    site.append(line("1787465647.1"));
    {
      await using service = await Service.start(program, listen, ENVIRONMENT);
      assert.equal((await service.post(JSON.stringify(alert("1787465647.2"))))[0], 200);
      assert.equal(await service.end(), 0);
    }
    const { alerts, follow } = await statusOf(program);
    assert.deepEqual([alerts.accepted, follow], [1, null]);
    const { code, stderr } = await program.run(["serve", "--since", "2026-11-23"]);
    assert.equal(code, 2);
    assert.match(stderr, /--from-start and --since say where --follow begins; add it/);
  });
}
