import assert from "node:assert/strict";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const line = (id: string, agent = "honeypot-fra1") =>
  `${JSON.stringify({ ...sshdAlert({ agent }), id })}\n`;

interface Shown {
  readonly alerts: { readonly accepted: number; readonly ignored: Record<string, number> };
  readonly follow: {
    readonly file: string;
    readonly offset: number;
    readonly lag_bytes: number | null;
    readonly lag_seconds: number;
    readonly lines: number;
    readonly rotations: number;
  } | null;
}

async function until(program: Program, isSo: (shown: Shown) => boolean): Promise<Shown> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { code, stdout, stderr } = await program.run(["status", "--json"]);
    assert.equal(code, 0, stderr);
    const shown = JSON.parse(stdout) as Shown;
    if (isSo(shown)) return shown;
    if (performance.now() > deadline) throw new Error(`half a minute later: ${stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function untilLogged(program: Program, said: RegExp): Promise<void> {
  const deadline = performance.now() + 30_000;
  const logged = () => Deno.readTextFileSync(program.log);
  for (;;) {
    try {
      if (said.test(logged())) return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (performance.now() > deadline) throw new Error(`not said in half a minute: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for (const kind of KINDS) {
  Deno.test(`${kind}: follow waits for the file, says where it is each second, and ends within one`, async () => {
    await using program = await createProgram(kind);
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    const child = program.command(["follow", "--from-start", "--json"]).spawn();
    const told: Record<string, number>[] = [];
    const read = (async () => {
      let rest = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const one of lines) told.push(JSON.parse(one) as Record<string, number>);
      }
    })();
    const errors = new Response(child.stderr).text();
    await untilLogged(program, /following /);
    site.open();
    site.append(line("1787465647.1") + line("1787465647.2", "web"));
    const { follow, alerts } = await until(program, ({ follow }) => follow?.lines === 2);
    assert.deepEqual(
      { ...follow, file: follow?.file },
      {
        ...{ file: "2026/Aug/ossec-alerts-23.json", offset: Deno.statSync(site.file).size },
        ...{ lag_bytes: 0, lag_seconds: 0, lines: 2, rotations: 0 },
        moved: (follow as unknown as { moved: string }).moved,
      },
    );
    assert.deepEqual([alerts.accepted, alerts.ignored.not_honeypot], [1, 1]);
    // Though nothing more comes.
    const before = told.length;
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    assert.ok(told.length >= before + 2, `${told.length} lines after ${before}`);
    assert.equal(told.at(-1)?.lines, 2);
    const asked = performance.now();
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0, await errors);
    const took = performance.now() - asked;
    console.log(`${kind}: ended ${took.toFixed(0)} ms after SIGTERM`);
    await read;
  });

  Deno.test(`${kind}: follow reads its configuration again at SIGHUP, and keeps one that was right`, async () => {
    await using program = await createProgram(kind);
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    site.open();
    const settings = `${program.root}/etc/custom-misp_ssh_bruteforce-publish.json`;
    const prefixes = (list: unknown) =>
      Deno.writeTextFileSync(settings, JSON.stringify({ honeypot: { agent_prefixes: list } }));
    prefixes(["honeypot-"]);
    const child = program.command(["follow", "--from-start"]).spawn();
    const errors = new Response(child.stderr).text();
    site.append(line("1787465647.1", "trap-1"));
    await until(program, ({ alerts }) => alerts.ignored.not_honeypot === 1);
    const again = async (said: RegExp) => {
      child.kill("SIGHUP");
      await untilLogged(program, said);
    };
    prefixes(["trap-"]);
    await again(/configuration was read again/);
    site.append(line("1787465647.2", "trap-1"));
    await until(program, ({ alerts }) => alerts.accepted === 1);
    prefixes(7);
    await again(/configuration was not read again; the former one remains in use/);
    // For the command that asks; the one that follows is not told.
    prefixes(["honeypot-"]);
    site.append(line("1787465647.3", "trap-1"));
    await until(program, ({ alerts }) => alerts.accepted === 2);
    child.kill("SIGTERM");
    const [status] = await Promise.all([child.status, child.stdout.cancel()]);
    assert.equal(status.code, 0, await errors);
  });
}

for (const kind of KINDS) {
  Deno.test(`${kind}: follow --format cowrie reads a Cowrie's own file, and replay counts none of it again`, async () => {
    await using program = await createProgram(kind, {
      environment: { WM_GUARD_PUBLISH_PRIVATE: "true" },
    });
    const scene = new URL("../../fixtures/cowrie/cowrie.json", import.meta.url);
    // Where the binary may read.
    const folder = `${program.root}/logs/alerts`;
    Deno.mkdirSync(folder, { recursive: true });
    const file = `${folder}/cowrie.json`;
    Deno.copyFileSync(scene, file);
    const child = program.command(["follow", "--format", "cowrie", "--from-start", file]).spawn();
    const errors = new Response(child.stderr).text();
    const output = child.stdout.cancel();
    const { alerts } = await until(program, ({ alerts }) => alerts.accepted >= 43);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0, await errors);
    await output;
    // Its source of Telnet stays out: honeypot.telnet is not set.
    assert.deepEqual(alerts.ignored, { not_ssh: 6, not_an_attempt: 1, session_harmless: 1 });
    const { code, stdout, stderr } = await program.run(["replay", "--json", file]);
    assert.equal(code, 0, stderr);
    const { accepted, duplicate } = JSON.parse(stdout) as Record<string, number>;
    assert.deepEqual([accepted, duplicate], [0, alerts.accepted]);
  });
}

Deno.test("follow --format takes wazuh and cowrie only, and cowrie with a file", async () => {
  await using program = await createProgram(KINDS[0]!);
  const of = async (...args: string[]) => {
    const { code, stderr } = await program.run(["follow", ...args]);
    return [code, stderr.trim()];
  };
  const [code, line] = await of("--format", "json");
  assert.equal(code, 2);
  assert.match(String(line), /--format "json" is not a valid format; use wazuh or cowrie/);
  const [, needs] = await of("--format", "cowrie");
  assert.match(String(needs), /follow --format cowrie needs the file/);
});

Deno.test("follow --format cowrie says how a binary gets to read a Cowrie's folder", async () => {
  await using program = await createProgram(KINDS[0]!);
  const { code, stderr } = await program.run(["follow", "--format", "cowrie", "/srv/cowrie.json"]);
  assert.equal(code, 6);
  assert.match(
    stderr,
    /\/srv\/cowrie\.json: this binary may not read there; compile it with --cowrie FOLDER\n$/,
  );
});
