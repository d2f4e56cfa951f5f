/**
 * A fake MISP in a process of its own, so that its memory and its work do not count as ours: with how
 * many milliseconds an answer takes, and which of so many answers it loses (0: none). It says
 * its address and a key in one line of JSON; whatever it is sent, it answers with the number of
 * requests so far. It ends with whoever writes to it.
 *
 * @module
 */
import { DEFAULT_TAGS } from "../src/config/defaults.ts";
import { FakeMisp } from "../tests/fake_misp/server.ts";

const GUESSING = [
  ...["Brute Force - T1110", "Password Guessing - T1110.001", "Ingress Tool Transfer - T1105"],
];

await using misp = await FakeMisp.start({
  tags: [...DEFAULT_TAGS, ...GUESSING.map((name) => `misp-galaxy:mitre-attack-pattern="${name}"`)],
  latencyMs: Number(Deno.args[0] ?? 0),
  // On a kept connection the runtime itself sends a request again whose answer was lost.
  keepAlive: Deno.args[1] === undefined,
});
const lostOf = Number(Deno.args[1] ?? 0);
if (lostOf > 0) misp.failEvery(lostOf, { kind: "lost-answer" });
console.log(JSON.stringify({ url: misp.url, key: misp.keys.publisher }));
for await (const _ of Deno.stdin.readable) console.log(misp.requests.length);
