/**
 * One round of notifying: each source whose login succeeded is reported once. A notification is claimed
 * before it is sent: after a kill in between nobody knows whether it arrived, and it is not sent again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Buffer } from "../buffer/buffer.ts";
import type { Lease } from "../buffer/leases.ts";
import type { Notification, NotificationKey } from "../buffer/notifications.ts";
import { MINUTE } from "../clock.ts";
import { faultPoint } from "../fault_point.ts";
import { backoffMs } from "../publish/backoff.ts";
import { PUBLISH_LEASE } from "../publish/publisher.ts";
import { type MessageFormat, messageOf } from "./message.ts";
import type { Receiver } from "./webhook.ts";

/** What notifying works with. */
export interface NotifyParts {
  readonly buffer: Pick<Buffer, "leases" | "notifications">;
  readonly receiver: Receiver;
  readonly format: MessageFormat;
  /** Whether user names may be sent. */
  readonly namesUsers: boolean;
  /** Where MISP shows an event. */
  readonly eventUrlOf: (eventUuid: string) => string | undefined;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
}

/** Notifications of one round: publishing must not wait long for it. */
const MOST = 20;
/** It outlasts one look whether the webhook can be reached, and one request. */
const LEASE_MS = MINUTE;

/**
 * Sends what waits. Where another publisher is at work, that is left to it.
 *
 * @param since logins before then are not reported, milliseconds UTC
 * @param everything also during a pause
 */
export async function notifyDue(
  parts: NotifyParts,
  owner: string,
  since: number,
  everything = false,
): Promise<void> {
  const { leases } = parts.buffer;
  const lease = await leases.take(PUBLISH_LEASE, owner, LEASE_MS, parts.now(), true);
  if (lease === undefined) return;
  try {
    await collect(parts, lease, since);
    for (let count = 0; count < MOST; count++) {
      if (!await sendNext(parts, lease, everything)) return;
      if (!await leases.renew(lease, LEASE_MS, parts.now())) return;
    }
  } finally {
    await leases.release(lease);
  }
}

async function collect({ buffer, now, log }: NotifyParts, lease: Lease, since: number) {
  const { unknown, expired } = await buffer.notifications.collect(lease, since, now());
  for (const { sourceIp } of unknown) log("error", notKnown(sourceIp, "a process died"));
  for (const { sourceIp } of expired) {
    log(
      "error",
      `the login of ${sourceIp} was not reported: the webhook accepted nothing for a day`,
    );
  }
}

/** @returns whether the next one can be sent */
async function sendNext(parts: NotifyParts, lease: Lease, everything: boolean): Promise<boolean> {
  const { buffer, receiver, now, log } = parts;
  const { notifications } = buffer;
  const next = await notifications.next(now(), everything);
  if (next === undefined) return false;
  const problem = await receiver.reach();
  if (problem !== undefined) {
    await postpone(parts, lease, next, problem);
    return false;
  }
  if (!await notifications.claim(lease, next)) return false;
  const message = messageOf({
    ...next,
    username: parts.namesUsers ? next.username : undefined,
    eventUrl: next.eventUuid === undefined ? undefined : parts.eventUrlOf(next.eventUuid),
  }, parts.format);
  const sent = await receiver.send(message, keyOf(next), now());
  faultPoint("response-before-mark");
  switch (sent.kind) {
    case "accepted":
      await notifications.conclude(lease, next, "sent");
      log("info", `the login of ${next.sourceIp} was reported`);
      return true;
    case "unknown":
      await notifications.conclude(lease, next, "unknown");
      log("error", notKnown(next.sourceIp, sent.reason));
      // The next one would be lost the same way.
      await pauseAfter(parts, lease, next, sent.reason);
      return false;
    case "not_accepted":
      await postpone(parts, lease, next, sent.reason, sent.afterMs);
      return false;
  }
}

async function postpone(
  parts: NotifyParts,
  lease: Lease,
  notification: Notification,
  reason: string,
  afterMs?: number,
): Promise<void> {
  await pauseAfter(parts, lease, notification, reason, afterMs);
  parts.log(
    "error",
    `the login of ${notification.sourceIp} cannot be reported now: ${reason}`,
  );
}

async function pauseAfter(
  { buffer, now, random }: NotifyParts,
  lease: Lease,
  notification: Notification,
  reason: string,
  afterMs?: number,
): Promise<void> {
  const pause = (failures: number) => afterMs ?? backoffMs(failures, random());
  await buffer.notifications.postpone(lease, notification, reason, pause, now());
}

const notKnown = (sourceIp: string, reason: string) =>
  `whether the report of the login of ${sourceIp} arrived is not known: ${reason}; it is not sent again`;

/** The same for the same login: a receiver that knows such keys drops a second request. */
const keyOf = ({ sourceIp, loginAt }: NotificationKey) =>
  createHash("sha256").update(`${sourceIp} ${loginAt}`).digest("hex").slice(0, 32);
