import assert from "node:assert/strict";
import { attempted, PageScene, type SceneAttempt } from "../support/page_scene.ts";
import { MINUTE, wordsOf } from "./pages_rig.ts";

const NAMES = ["root", "admin", "test", "pi"];
const COUNTRIES = [
  { countryCode: "NL", country: "Netherlands" },
  { countryCode: "BR", country: "Brazil" },
];

/** Two sources with many attempts, 251 with 25 each and 507 with 24 each: 20,000 of 760 sources. */
const attemptsOf = (source: number) =>
  source === 0 ? 1281 : source === 1 ? 276 : source < 253 ? 25 : 24;

const addressOf = (source: number) =>
  source < 254 ? `192.0.2.${source + 1}` : `2001:db8::${(source - 253).toString(16)}`;

/** A day of 20,000 attempts, in which the first 14 sources logged in, as it arrives by one replay. */
async function day(scene: PageScene): Promise<void> {
  const decisions = Array.from(
    { length: 760 },
    (_, source) =>
      Array.from({ length: attemptsOf(source) }, (_, index) => {
        const attempt: SceneAttempt = {
          source: addressOf(source),
          username: NAMES[index % 4]!,
          sensor: `honeypot-${index % 6}`,
          pid: index + 1,
          sourceLocation: COUNTRIES[source % 2]!,
          isCompromise: source < 14 && index === 3,
        };
        return attempted(attempt, scene.now - (index * 7 + source) % 1380 * MINUTE);
      }),
  ).flat();
  for (let start = 0; start < decisions.length; start += 2000) {
    const part = decisions.slice(start, start + 2000);
    await scene.buffer.intake.accept(part, { maxUsernames: 100 }, scene.now);
  }
}

Deno.test("a day of 20,000 attempts: overview, list, CSV and JSON agree with a count by hand", async () => {
  using scene = new PageScene();
  await day(scene);
  await scene.publish(true);
  const words = wordsOf(await scene.page("/"));
  for (
    const expected of [
      "14 sources logged in to a honeypot in the last 24 hours",
      "attempts in 24 h 20,000",
      "known sources 760",
      "24 hours 20,000 attempts",
      "192.0.2.1 logged in after failures NL Netherlands 1,281 1,281",
      "192.0.2.2 logged in after failures BR Brazil 276 276",
      "user name attempts root 5,189 admin 4,937 pi 4,937 test 4,937",
      "country attempts NL Netherlands 10,503 BR Brazil 9,497",
    ]
  ) assert.ok(words.includes(expected), `${expected}: ${words.slice(0, 3000)}`);
  assert.match(words, /Top sources last 24 hours .*192\.0\.2\.1.*192\.0\.2\.2 /);

  const rows = await (await scene.fetch("/sources.json")).json();
  assert.equal(rows.length, 760);
  assert.deepEqual(
    rows.slice(0, 2).map(({ address, attempts }: Row) => [address, attempts]),
    [["192.0.2.1", 1281], ["192.0.2.2", 276]],
  );
  assert.equal(rows.reduce((sum: number, { attempts }: Row) => sum + attempts, 0), 20_000);
  assert.equal(rows.filter(({ compromised }: Row) => compromised).length, 14);

  const lines = (await scene.page("/sources.csv?state=compromised")).trimEnd().split("\r\n");
  assert.equal(lines.length, 15);
  assert.equal(lines.slice(1).reduce((sum, line) => sum + Number(line.split(",")[1]), 0), 1857);
  const list = await scene.page("/sources?state=compromised&order=compromised");
  assert.match(wordsOf(list), /14 sources Save all/);
});

/** What is looked at of an exported source. */
interface Row {
  readonly address: string;
  readonly attempts: number;
  readonly compromised: boolean;
}
