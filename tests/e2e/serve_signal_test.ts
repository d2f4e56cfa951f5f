import assert from "node:assert/strict";
import { freePort } from "../support/ports.ts";
import { createProgram, KIND } from "./program.ts";
import { Service } from "./service.ts";

/** How often: a process is seldom stopped between its first line and the next thing that it does. */
const STARTS = 5;

Deno.test(`${KIND}: serve ends in order by a signal that comes as soon as it listens`, async () => {
  const listen = `127.0.0.1:${freePort()}`;
  await using program = await createProgram(KIND, { listen });
  for (let start = 1; start <= STARTS; start++) {
    const service = await Service.start(program, listen);
    assert.equal(await service.end("SIGTERM"), 0, `start ${start}`);
  }
});
