import assert from "node:assert/strict";
import { meaningOf } from "../../src/misp/answers.ts";
import { problemOf } from "../../src/misp/instance_answers.ts";
import { lookAtInstance } from "../../src/misp/instance.ts";
import { MispClient } from "../../src/misp/client.ts";

const KEY = "k".repeat(40);

const answer = (status: number, body: string, headers: Record<string, string> = {}) => {
  const json = body.startsWith("{") ? JSON.parse(body) as unknown : undefined;
  return { status, headers: new Headers(headers), json, text: body };
};

const PORTAL = "<html><head><title> Guest\n Wi-Fi &amp; more </title></head><body>Log in</body>";
const SQUID = { Server: "squid/5.7" };

/** What answers, what it is called, and what is said of it. */
const STRANGERS: readonly (readonly [ReturnType<typeof answer>, string, string])[] = [
  [
    answer(200, PORTAL),
    "not_misp",
    'what answered is not MISP: it said 200, not JSON, page "Guest Wi-Fi & more"',
  ],
  [
    answer(403, "<h1>Access Denied</h1><style>a{}</style><p>Policy 7", SQUID),
    "not_misp",
    'what answered is not MISP: it said 403, not JSON, server "squid/5.7", page "Access Denied Policy 7"',
  ],
  [
    answer(401, "<title>401 Authorization Required</title>", { Server: "nginx" }),
    "not_misp",
    'what answered is not MISP: it said 401, not JSON, server "nginx", page "401 Authorization Required"',
  ],
  [
    answer(403, '{"message":"No API key found in request"}', { Server: "kong/3.4" }),
    "not_misp",
    'what answered is not MISP: it said 403, server "kong/3.4", "No API key found in request"',
  ],
  [
    answer(404, "404 page not found\n"),
    "not_misp",
    'what answered is not MISP: it said 404, not JSON, page "404 page not found"',
  ],
  [answer(407, ""), "not_misp", "what answered is not MISP: it said 407, not JSON"],
  [
    answer(511, PORTAL),
    "not_misp",
    'what answered is not MISP: it said 511, not JSON, page "Guest Wi-Fi & more"',
  ],
  [
    answer(403, `<title>${"word ".repeat(40)}\u001b[31m"</title>`, {
      Server: "a\u00a0b".repeat(90),
    }),
    "not_misp",
    `what answered is not MISP: it said 403, not JSON, server "${"a b".repeat(15)}`,
  ],
  [
    answer(
      200,
      '<br />\n<b>Notice</b>:  Undefined variable $x in <b>/var/www/MISP/app/x.php</b> on line <b>9</b><br />\n{"version":"2.5.1"}',
    ),
    "php_notice",
    "PHP wrote in front of MISP's answer: \"Notice: Undefined variable $x in",
  ],
  [
    answer(200, 'PHP Deprecated:  Creation of dynamic property in /a.php on line 3\n{"Event":{}}'),
    "php_notice",
    "PHP wrote in front of MISP's answer: \"PHP Deprecated: Creation of dynamic property in",
  ],
];

for (const [stranger, kind, reason] of STRANGERS) {
  const name = `${stranger.status} ${JSON.stringify(stranger.text.slice(0, 40))}`;

  Deno.test(`problemOf() names what answers in MISP's place: ${name}`, () => {
    const problem = problemOf(stranger, 0);
    assert.equal(problem?.kind, kind);
    assert.equal(problem?.reason.slice(0, reason.length), reason);
    assert.doesNotMatch(problem.reason, /\p{Cc}/u);
    assert.ok(problem.reason.length < 250, problem.reason);
  });

  Deno.test(`meaningOf() pauses MISP and refuses no report for what answers in its place: ${name}`, () => {
    const meaning = meaningOf(stranger, 0);
    assert.equal(meaning.kind, "unavailable");
    assert.equal(meaning.reason.slice(0, reason.length), reason);
  });
}

Deno.test("meaningOf() takes a redirect that leads away from MISP for no wrong key", () => {
  const away = answer(302, "", { Location: "https://portal.example.org/login?token=secret" });
  assert.deepEqual(meaningOf(away, 0), {
    kind: "unavailable",
    reason: "MISP cannot be reached: it answered 302: moved to https://portal.example.org",
  });
});

Deno.test("meaningOf() takes an HTML page with 500 for the fault of one or the other", () => {
  assert.deepEqual(meaningOf(answer(500, "<title>Oops</title>"), 0), {
    kind: "failed",
    reason: 'what answered is not MISP: it said 500, not JSON, page "Oops"',
  });
});

Deno.test("lookAtInstance() shows no key that a page repeats", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(`<title>no access for ${KEY}</title>`, {
        status: 403,
        headers: { "Server": `proxy of ${btoa(KEY)}` },
      }),
  );
  using client = new MispClient({
    url: `http://127.0.0.1:${server.addr.port}/misp/`,
    apiKey: KEY,
    caCertificate: undefined,
    timeoutMs: 10_000,
  });
  const look = await lookAtInstance(client, [], Date.now);
  assert.match(JSON.stringify(look), /not_misp.*no access for \(key\)/);
  assert.doesNotMatch(JSON.stringify(look), new RegExp(`${KEY}|${btoa(KEY)}`));
});
