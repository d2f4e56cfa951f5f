/**
 * One round of forwarding. The oldest alerts are sent, and deleted here once the receiver has said that
 * it stored them. After any failure in between they are sent again: the receiver knows them by their ids.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { Lease } from "../buffer/leases.ts";
import type { Forwarded, SpooledAlert } from "../buffer/spool.ts";
import { MINUTE } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { faultPoint } from "../fault_point.ts";
import { backoffMs } from "../publish/backoff.ts";
import { FORWARD_LEASE } from "../publish/names.ts";
import type { Receiver, Reply } from "./receiver.ts";

/** What a forwarder works with. */
export interface ForwardParts {
  readonly buffer: Buffer;
  readonly receiver: Receiver;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
}

/** The result of a round. */
export interface ForwardRound {
  /** Alerts that the receiver has stored, including those that it had before. */
  readonly forwarded: number;
  readonly waiting: number;
  /** Alerts that the receiver refused, in this round or earlier. They are kept. */
  readonly refused: number;
  /** Why nothing can be forwarded now; null: it can. */
  readonly problem: string | null;
}

/** One request has at most so many alerts, and so many bytes before they are compressed. */
const MOST = 1000;
const MOST_BYTES = 1024 * 1024;

/** Another process takes over so long after the holder stood still; at once when it died. A holder renews it while it works. */
const LEASE_MS = MINUTE;

/**
 * Forwards what waits; what is added meanwhile is for the next round.
 *
 * @param everything also what was refused, and also to a receiver that is paused
 * @returns undefined when another forwarder is at work
 */
export async function forwardWaiting(
  parts: ForwardParts,
  owner: string,
  everything = false,
): Promise<ForwardRound | undefined> {
  const { buffer, now, log } = parts;
  const lease = await buffer.leases.take(FORWARD_LEASE, owner, LEASE_MS, now(), true);
  if (lease === undefined) return undefined;
  const heartbeat = setInterval(() => {
    buffer.leases.renew(lease, LEASE_MS, now()).catch((error: unknown) => {
      log("warning", `the lease was not renewed: ${messageOf(error)}`);
    });
  }, LEASE_MS / 4);
  try {
    return await new Forwarding(parts, lease, everything).run();
  } finally {
    clearInterval(heartbeat);
    await buffer.leases.release(lease);
  }
}

type Unavailable = Extract<Reply, { kind: "unavailable" }>;

class Forwarding {
  readonly #parts: ForwardParts;
  readonly #lease: Lease;
  readonly #everything: boolean;
  #forwarded = 0;
  #problem: string | null = null;

  constructor(parts: ForwardParts, lease: Lease, everything: boolean) {
    this.#parts = parts;
    this.#lease = lease;
    this.#everything = everything;
  }

  async run(): Promise<ForwardRound> {
    const { buffer, now } = this.#parts;
    if (this.#everything) await buffer.spool.retryRefused(this.#lease);
    let { waiting: left } = await buffer.spool.status();
    while (left > 0 && await this.#mayGoOn()) {
      const alerts = await buffer.spool.oldest(MOST, MOST_BYTES);
      if (alerts.length === 0) break;
      const problem = await this.#send(alerts);
      if (problem !== undefined) {
        await this.#pause(problem);
        break;
      }
      left -= alerts.length;
      if (!await buffer.leases.renew(this.#lease, LEASE_MS, now())) throw leaseLost();
    }
    const { waiting, refused } = await buffer.spool.status();
    return { forwarded: this.#forwarded, waiting, refused, problem: this.#problem };
  }

  async #mayGoOn(): Promise<boolean> {
    const { buffer, now } = this.#parts;
    if (this.#everything) return true;
    const due = await buffer.spool.dueAt(now());
    return due !== undefined && due <= now();
  }

  /** A refused batch is sent in halves, so that one bad alert holds up no other. */
  async #send(alerts: readonly SpooledAlert[]): Promise<Unavailable | undefined> {
    const { receiver, now } = this.#parts;
    faultPoint("after-lease-before-http");
    const startedAt = now();
    const reply = await receiver.send(alerts.map(({ body }) => body), startedAt);
    faultPoint("response-before-mark");
    switch (reply.kind) {
      case "unavailable":
        return reply;
      case "accepted":
        await this.#mark(forwardedOf(alerts, reply), startedAt);
        this.#logIgnored(alerts.length, reply);
        return undefined;
      case "refused": {
        if (alerts.length === 1) return await this.#refuse(alerts[0]!, reply.reason, startedAt);
        const half = Math.ceil(alerts.length / 2);
        return await this.#send(alerts.slice(0, half)) ?? await this.#send(alerts.slice(half));
      }
    }
  }

  /** The alert is at fault only if the receiver accepts alerts at all. */
  async #refuse(
    { number }: SpooledAlert,
    reason: string,
    startedAt: number,
  ): Promise<Unavailable | undefined> {
    const problem = await this.#parts.receiver.probe(this.#parts.now());
    if (problem !== undefined) return { kind: "unavailable", reason: `${reason}; ${problem}` };
    const refused = [{ number, reason }];
    await this.#mark({ accepted: [], refused, duplicate: 0, ignored: 0 }, startedAt);
    return undefined;
  }

  async #mark(forwarded: Forwarded, startedAt: number): Promise<void> {
    const { buffer, log, now } = this.#parts;
    const isMarked = await buffer.spool.markForwarded(this.#lease, forwarded, now(), startedAt);
    if (!isMarked) throw leaseLost();
    this.#forwarded += forwarded.accepted.length;
    for (const { reason } of forwarded.refused) {
      log("error", `an alert was refused and is kept: ${reason}`);
    }
  }

  #logIgnored(sent: number, { ignored, bad }: Extract<Reply, { kind: "accepted" }>): void {
    const total = sumOf(ignored);
    // The end of a session whose beginning was elsewhere is normal.
    if (total - bad.length - (ignored.get("not_an_attempt") ?? 0) <= 0) return;
    const reasons = [...ignored].map(([reason, n]) => `${n} ${reason}`).join(", ");
    this.#parts.log("warning", `of ${sent} forwarded alerts, the receiver ignored: ${reasons}`);
  }

  async #pause({ reason, afterMs }: Unavailable): Promise<void> {
    const { buffer, log, now, random } = this.#parts;
    this.#problem = reason;
    const pause = (failures: number) => afterMs ?? backoffMs(failures, random());
    await buffer.spool.pause(this.#lease, reason, pause, now());
    log("error", `nothing can be forwarded now: ${reason}`);
  }
}

function leaseLost(): Error {
  return new Error("another forwarder took over; this one stops");
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0);
}

/** An entry that the receiver does not read as an alert is kept here, where it was one. */
function forwardedOf(
  alerts: readonly SpooledAlert[],
  { duplicate, ignored, bad }: Extract<Reply, { kind: "accepted" }>,
): Forwarded {
  const reasons = new Map(bad.map(({ index, reason }) => [index, reason]));
  return {
    accepted: alerts.filter((_, index) => !reasons.has(index)).map(({ number }) => number),
    refused: alerts.flatMap(({ number }, index) => {
      const reason = reasons.get(index);
      return reason === undefined
        ? []
        : [{ number, reason: `the receiver does not read it as an alert: ${reason}` }];
    }),
    duplicate,
    ignored: Math.max(0, sumOf(ignored) - reasons.size),
  };
}
