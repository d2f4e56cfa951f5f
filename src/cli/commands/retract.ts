/**
 * `retract`: withdraws an address that was published wrongly.
 *
 * @module
 */
import { canonicalAddress } from "../../address.ts";
import { loadStartConfig, type Start } from "../wiring/context.ts";
import { listMaker } from "../wiring/engine.ts";
import { EXIT, Failure } from "../exit.ts";
import { createLog } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { lookIntoBuffer } from "../wiring/buffer/open.ts";
import { createPublisher } from "../wiring/publisher.ts";
import { publishInTurn, requireMispOfIntegratord, roundJson, roundText } from "../wiring/rounds.ts";

/** Runs `retract ADDRESS [--json]`: makes a report that withdraws the address, and sends it. */
export async function retract(start: Start): Promise<number> {
  const { values, positionals } = parse("retract", start.args);
  const address = addressOf(positionals);
  const { config } = loadStartConfig(start);
  const { buffer: opened, isThere } = await lookIntoBuffer(config);
  using buffer = opened;
  if (!isThere) throw unknown(address);
  // A publisher may decide whose events they are only in its turn: here it must be decided already.
  if ((await buffer.views.source(address))?.eventUuid === undefined) throw unknown(address);
  const log = createLog(config.log, false);
  await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  await publisher.prepare();
  const now = Date.now();
  const isKnown = await buffer.outbox.republish(address, now, (record) => {
    if (record.reports === 0) throw unknown(address);
    return publisher.retract(record, now);
  });
  if (!isKnown) throw unknown(address);
  const round = await publishInTurn(publisher, false);
  await listMaker(buffer, config, log)?.(true);
  if (values.json) console.log(JSON.stringify({ retracted: address, ...roundJson(round) }));
  else {
    console.log(`${address} is withdrawn: no event offers it for detection now`);
    console.log(roundText(round));
    console.log("to keep it out for good, add it to guard.allow_networks");
  }
  if (round.refused > 0) return EXIT.refused;
  return round.waiting > 0 ? EXIT.waiting : EXIT.ok;
}

function addressOf(positionals: readonly string[]): string {
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) {
    throw new Failure(EXIT.usage, "retract takes one address, such as `retract 192.0.2.1`");
  }
  const address = canonicalAddress(given);
  if (address !== undefined) return address;
  throw new Failure(
    EXIT.usage,
    `${JSON.stringify(given)} is not a valid address; use one such as 192.0.2.1`,
  );
}

function unknown(address: string): Failure {
  return new Failure(
    EXIT.usage,
    `no event of this buffer is about ${address}; to keep it out of events, add it to ` +
      "guard.allow_networks",
  );
}
