/**
 * One round of forwarding: the oldest alerts are sent, and gone here once it was said that they are
 * there. Whatever goes wrong in between, they are sent again: the other side knows them by their ids.
 *
 * @module
 */
import type { Buffer, Lease } from "../buffer/buffer.ts";
import type { Forwarded, SpooledAlert } from "../buffer/spool_desk.ts";
import { faultPoint } from "../fault_point.ts";
import { FORWARD_LEASE } from "../publish/names.ts";
import { backoffMs } from "../publish/publisher.ts";
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

/** What a round came to. */
export interface ForwardRound {
  /** Alerts that are there now, those that had come before among them. */
  readonly forwarded: number;
  readonly waiting: number;
  /** Set aside, in this round or earlier. */
  readonly refused: number;
  /** Why nothing can be forwarded now; null: nothing is in the way. */
  readonly problem: string | null;
}

/** One request has at most so many alerts, and so many bytes before they are packed. */
const MOST = 1000;
const MOST_BYTES = 1024 * 1024;

/** Renewed while the work goes on; another takes over so long after its holder died. */
const LEASE_MS = 60_000;

/**
 * Forwards what waits; what is added meanwhile is for the next round.
 *
 * @param everything what was set aside too, and a receiver that is being left alone
 * @returns undefined when another forwarder is at work
 */
export async function forwardWaiting(
  parts: ForwardParts,
  owner: string,
  everything = false,
): Promise<ForwardRound | undefined> {
  const { buffer, now, log } = parts;
  const lease = await buffer.takeLease(FORWARD_LEASE, owner, LEASE_MS, now());
  if (lease === undefined) return undefined;
  const heartbeat = setInterval(() => {
    buffer.renewLease(lease, LEASE_MS, now()).catch((error: unknown) => {
      log("warning", `the lease was not renewed: ${String(error)}`);
    });
  }, LEASE_MS / 4);
  try {
    return await new Forwarding(parts, lease, everything).run();
  } finally {
    clearInterval(heartbeat);
    await buffer.releaseLease(lease);
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
    if (this.#everything) await buffer.forwardRefusedAgain(this.#lease);
    let { waiting: left } = await buffer.spoolStatus();
    while (left > 0 && await this.#mayGoOn()) {
      const alerts = await buffer.alertsToForward(MOST, MOST_BYTES);
      if (alerts.length === 0) break;
      const trouble = await this.#send(alerts);
      if (trouble !== undefined) {
        await this.#pause(trouble);
        break;
      }
      left -= alerts.length;
      if (!await buffer.renewLease(this.#lease, LEASE_MS, now())) throw takenOver();
    }
    const { waiting, refused } = await buffer.spoolStatus();
    return { forwarded: this.#forwarded, waiting, refused, problem: this.#problem };
  }

  async #mayGoOn(): Promise<boolean> {
    const { buffer, now } = this.#parts;
    if (this.#everything) return true;
    const due = await buffer.forwardDueAt(now());
    return due !== undefined && due <= now();
  }

  /** Halves what is refused, so that the one that is the trouble holds up no other. */
  async #send(alerts: readonly SpooledAlert[]): Promise<Unavailable | undefined> {
    const { receiver, now } = this.#parts;
    faultPoint("after-lease-before-http");
    const reply = await receiver.send(alerts.map(({ body }) => body), now());
    faultPoint("response-before-mark");
    switch (reply.kind) {
      case "unavailable":
        return reply;
      case "taken":
        await this.#mark(forwardedOf(alerts, reply));
        this.#tellIgnored(alerts.length, reply);
        return undefined;
      case "refused": {
        if (alerts.length === 1) return await this.#setAside(alerts[0]!, reply.reason);
        const half = Math.ceil(alerts.length / 2);
        return await this.#send(alerts.slice(0, half)) ?? await this.#send(alerts.slice(half));
      }
    }
  }

  /** Only where the receiver takes alerts at all is it the alert's fault. */
  async #setAside({ number }: SpooledAlert, reason: string): Promise<Unavailable | undefined> {
    const trouble = await this.#parts.receiver.probe(this.#parts.now());
    if (trouble !== undefined) return { kind: "unavailable", reason: `${reason}; ${trouble}` };
    const refused = [{ number, reason }];
    await this.#mark({ taken: [], refused, duplicate: 0, ignored: 0 });
    return undefined;
  }

  async #mark(forwarded: Forwarded): Promise<void> {
    const { buffer, log, now } = this.#parts;
    if (!await buffer.markForwarded(this.#lease, forwarded, now())) throw takenOver();
    this.#forwarded += forwarded.taken.length;
    for (const { reason } of forwarded.refused) {
      log("error", `an alert cannot be forwarded and is set aside: ${reason}`);
    }
  }

  #tellIgnored(sent: number, { ignored, bad }: Extract<Reply, { kind: "taken" }>): void {
    const total = sumOf(ignored);
    // A session's end without a beginning is nothing to wonder about.
    if (total - bad.length - (ignored.get("not_an_attempt") ?? 0) <= 0) return;
    const reasons = [...ignored].map(([reason, n]) => `${n} ${reason}`).join(", ");
    this.#parts.log("warning", `of ${sent} alerts that were forwarded were ignored: ${reasons}`);
  }

  async #pause({ reason, afterMs }: Unavailable): Promise<void> {
    const { buffer, log, now, random } = this.#parts;
    this.#problem = reason;
    const pause = (failures: number) => afterMs ?? backoffMs(failures, random());
    await buffer.pauseForwarding(this.#lease, reason, pause, now());
    log("error", `nothing can be forwarded now: ${reason}`);
  }
}

function takenOver(): Error {
  return new Error("another forwarder has taken over; this one stops");
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0);
}

/** What is none there is kept here: it was one when it was put in. */
function forwardedOf(
  alerts: readonly SpooledAlert[],
  { duplicate, ignored, bad }: Extract<Reply, { kind: "taken" }>,
): Forwarded {
  const reasons = new Map(bad.map(({ index, reason }) => [index, reason]));
  return {
    taken: alerts.filter((_, index) => !reasons.has(index)).map(({ number }) => number),
    refused: alerts.flatMap(({ number }, index) => {
      const reason = reasons.get(index);
      return reason === undefined ? [] : [{ number, reason: `it is no alert there: ${reason}` }];
    }),
    duplicate,
    ignored: Math.max(0, sumOf(ignored) - reasons.size),
  };
}
