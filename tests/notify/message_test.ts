import assert from "node:assert/strict";
import { type Login, messageOf } from "../../src/notify/message.ts";

const LOGIN: Login = {
  sourceIp: "203.0.113.7",
  loginAt: Date.UTC(2026, 10, 23, 14, 7, 20),
  sensor: "honeypot-fra1",
  username: "root",
  eventUrl: "https://misp.example.org/events/view/1",
};

Deno.test("messageOf() writes fields, a chat's text, or plain text", () => {
  assert.deepEqual(messageOf(LOGIN, "text"), {
    contentType: "text/plain; charset=utf-8",
    body: '203.0.113.7 logged in as "root" on honeypot "honeypot-fra1" at ' +
      "2026-11-23T14:07:20.000Z. Treat this sensor as compromised. " +
      "https://misp.example.org/events/view/1",
  });
  const { contentType, body } = messageOf(LOGIN, "json");
  assert.equal(contentType, "application/json");
  const { text, ...fields } = JSON.parse(body);
  assert.equal(text, messageOf(LOGIN, "text").body);
  assert.deepEqual(fields, {
    event: "honeypot_login",
    address: "203.0.113.7",
    sensor: "honeypot-fra1",
    username: "root",
    time: "2026-11-23T14:07:20.000Z",
    event_url: "https://misp.example.org/events/view/1",
  });
  assert.deepEqual(JSON.parse(messageOf(LOGIN, "slack").body), {
    text: "203.0.113.7 logged in as `root` on honeypot `honeypot-fra1` at " +
      "2026-11-23T14:07:20.000Z. Treat this sensor as compromised. " +
      "https://misp.example.org/events/view/1",
  });
});

Deno.test("messageOf() leaves out what is not known", () => {
  const unknown = { ...LOGIN, sensor: undefined, username: undefined, eventUrl: undefined };
  assert.equal(
    messageOf(unknown, "text").body,
    "203.0.113.7 logged in on a honeypot at 2026-11-23T14:07:20.000Z. " +
      "Treat this sensor as compromised.",
  );
  const { sensor, username, event_url } = JSON.parse(messageOf(unknown, "json").body);
  assert.deepEqual([sensor, username, event_url], [null, null, null]);
});

Deno.test("messageOf() lets no user name mention people, end its span or fill a screen", () => {
  const hostile = { ...LOGIN, username: "`<!channel>` @all\n\x1b[2J&" + "x".repeat(10_000) };
  const { text } = JSON.parse(messageOf(hostile, "slack").body);
  assert.match(text, /as `'&lt;!channel&gt;' @all\\u000a\\u001b\[2J&amp;x+` on honeypot/);
  for (const format of ["json", "slack", "text"] as const) {
    assert.ok(messageOf(hostile, format).body.length < 1000, format);
  }
});
