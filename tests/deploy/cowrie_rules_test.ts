import assert from "node:assert/strict";
import { sceneLines } from "../cowrie/session_rig.ts";

const TEXT = Deno.readTextFileSync(
  new URL("../../deploy/wazuh4/cowrie_rules.xml", import.meta.url),
).replaceAll(/<!--(?:(?!--)[\s\S])*-->/g, "");

/** Throws at the first tag that does not end the one that is open. */
function assertWellFormed(text: string): void {
  assert.doesNotMatch(text, /<!--|&(?!(?:amp|lt|gt|quot|apos);)/);
  const open: string[] = [];
  for (const [, end, name = ""] of text.matchAll(/<(\/?)([a-z_]+)(?: [a-z]+="[^"<]*")*>/g)) {
    if (end === "") open.push(name);
    else assert.equal(open.pop(), name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(text.replaceAll(/<\/?[a-z_]+(?: [a-z]+="[^"<]*")*>/g, ""), /[<>]/);
}

const rules = [...TEXT.matchAll(/<rule id="(\d+)" level="(\d+)">([\s\S]*?)<\/rule>/g)].map(
  ([, id, level, body = ""]) => ({
    id: Number(id),
    level: Number(level),
    pattern: new RegExp(/<field name="eventid">(.*)<\/field>/.exec(body)?.[1] ?? "missing"),
    body,
  }),
);

Deno.test("cowrie_rules.xml is well formed, with numbers of users, and raises alerts", () => {
  assertWellFormed(TEXT);
  assert.throws(() => assertWellFormed("<a><b></a></b>"));
  assert.deepEqual(rules.map(({ id }) => id), rules.map((_, at) => 100_500 + at));
  for (const { id, level, body } of rules) {
    assert.ok(level >= 3 && level <= 15, `${id}`);
    assert.match(body, /<decoded_as>json<\/decoded_as>/);
    assert.match(body, /<description>Cowrie: [^<]+<\/description>/);
  }
});

Deno.test("cowrie_rules.xml has one rule for each event that is read", () => {
  const events = [
    ...["session.connect", "session.closed", "client.version", "client.kex", "client.fingerprint"],
    ...["login.failed", "login.success", "command.input", "command.failed"],
    ...["session.file_download", "session.file_download.failed", "session.file_upload"],
    ...["direct-tcpip.request", "direct-tcpip.data"],
  ];
  assert.equal(rules.length, events.length);
  const firing = (event: string) => rules.filter(({ pattern }) => pattern.test(event));
  for (const event of events) assert.equal(firing(`cowrie.${event}`).length, 1, event);
  assert.deepEqual(firing("cowrie.client.size"), []);
  // Whatever the scene has beside these events is not needed.
  const others = new Set(
    sceneLines.own.map((line) => String((JSON.parse(line) as { eventid: string }).eventid))
      .filter((event) => firing(event).length === 0),
  );
  assert.deepEqual([...others], ["cowrie.client.size"]);
});
