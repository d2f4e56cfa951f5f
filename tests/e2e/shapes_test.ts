import assert from "node:assert/strict";
import { createProgram } from "./program.ts";

const SHAPES = new URL("../../fixtures/shapes/", import.meta.url);

/** Slack's message has no manager, no technique and no fraction of a second. */
const LOSSY = "4x-slack.json";

Deno.test("deno run: replay --dry-run prints the same event for every shape of an attack", async () => {
  await using program = await createProgram("deno run", {
    environment: { WM_MISP_PUBLISHER: "soc" },
  });
  const eventOf = async (name: string) => {
    const { code, stdout } = await program.run([
      "replay",
      "--dry-run",
      `${SHAPES.pathname}${name}`,
    ]);
    assert.equal(code, 0, name);
    return JSON.parse(stdout) as { Event: { info: string; Object: unknown[] } }[];
  };
  const expected = await eventOf("4x-alert.json");
  assert.deepEqual(expected.map(({ Event }) => Event.info), [
    "SSH Brute Force Attack from 82.202.219.155 (1 attempt)",
  ]);
  const names = [...Deno.readDirSync(SHAPES)].map(({ name }) => name).sort();
  assert.equal(names.length, 19);
  for (const name of names.filter((name) => name !== LOSSY)) {
    const [found, ...others] = await eventOf(name);
    assert.deepEqual(others, [], name);
    const place = (object: unknown) => (object as { name: string }).name === "geolocation";
    const network = (object: unknown) => (object as { name: string }).name === "ip-port";
    const Object = found!.Event.Object.filter((object) => !place(object) && !network(object));
    assert.deepEqual({ Event: { ...found!.Event, Object } }, expected[0], name);
  }
  const [slack] = await eventOf(LOSSY);
  assert.equal(slack!.Event.info, expected[0]!.Event.info);
});
